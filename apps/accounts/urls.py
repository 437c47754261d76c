from django.urls import path, register_converter

from apps.accounts import health
from apps.accounts.account_lookup import EmailConverter
from apps.accounts.views import account_connection, audit, flow_accounts, profile, sign_in, teams, tokens

register_converter(EmailConverter, "flow-email")

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("auth/link/<str:secret>/", sign_in.use_link, name="sign-in-link"),
    # allauth's own lists: they stand on the page of the profile.
    path("auth/two-step/", profile.to_profile, name="mfa_index"),
    path("auth/two-step/webauthn/", profile.to_profile, name="mfa_list_webauthn"),
    path("teams/switch/", teams.switch, name="team-switch"),
    path("team/audit/", audit.audit, name="audit"),
    path("settings/account/", profile.profile, name="profile"),
    path("settings/account/sessions/end/", profile.end_sessions, name="sessions-end"),
    path("settings/tokens/", tokens.token_list, name="tokens"),
    path("settings/tokens/sandbox/", tokens.try_sandbox, name="token-sandbox"),
    path("settings/tokens/<uuid:pk>/check/", tokens.check, name="token-check"),
    path("settings/tokens/<uuid:pk>/remove/", tokens.remove, name="token-remove"),
    path("flow-accounts/", flow_accounts.account_list, name="flow-accounts"),
    path("flow-accounts/check/", flow_accounts.check_all, name="flow-accounts-check"),
    path("flow-accounts/add/", account_connection.add, name="flow-account-add"),
    path("flow-accounts/<flow-email:email>/", account_connection.account, name="flow-account"),
    path("flow-accounts/<flow-email:email>/check/", flow_accounts.check, name="flow-account-check"),
    path(
        "flow-accounts/<flow-email:email>/connect/",
        account_connection.connect_again,
        name="flow-account-connect",
    ),
]
