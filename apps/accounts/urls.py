from django.urls import path, re_path, register_converter

from apps.accounts import health
from apps.accounts.account_lookup import EmailConverter
from apps.accounts.views import (
    acceptance,
    account_connection,
    audit,
    flow_accounts,
    invitations,
    lending,
    members,
    own_changes,
    profile,
    sign_in,
    team,
    tokens,
)

register_converter(EmailConverter, "flow-email")

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("auth/link/<str:secret>/", sign_in.use_link, name="sign-in-link"),
    # allauth's own lists: they stand on the page of the profile.
    path("auth/two-step/", profile.to_profile, name="mfa_index"),
    path("auth/two-step/webauthn/", profile.to_profile, name="mfa_list_webauthn"),
    # Its own, each in one transaction.
    path("auth/email/", own_changes.change_addresses, name="account_email"),
    re_path(
        r"^auth/confirm-email/(?P<key>[-:\w]+)/$", own_changes.confirm_address, name="account_confirm_email"
    ),
    path("auth/password/change/", own_changes.change_password, name="account_change_password"),
    path("auth/password/set/", own_changes.set_password, name="account_set_password"),
    re_path(
        r"^auth/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        own_changes.reset_password,
        name="account_reset_password_from_key",
    ),
    path("auth/two-step/totp/activate/", own_changes.add_app, name="mfa_activate_totp"),
    path("auth/two-step/totp/deactivate/", own_changes.remove_app, name="mfa_deactivate_totp"),
    path(
        "auth/two-step/recovery-codes/generate/",
        own_changes.renew_codes,
        name="mfa_generate_recovery_codes",
    ),
    path("auth/two-step/webauthn/add/", own_changes.add_passkey, name="mfa_add_webauthn"),
    path(
        "auth/two-step/webauthn/keys/<int:pk>/remove/",
        own_changes.remove_passkey,
        name="mfa_remove_webauthn",
    ),
    # Where signing in by OpenID Connect leads when it doesn't lead in.
    path("auth/openid/cancelled/", sign_in.openid_cancelled, name="socialaccount_login_cancelled"),
    path("auth/openid/signup/", sign_in.openid_cancelled, name="socialaccount_signup"),
    path("auth/openid/", profile.to_profile, name="socialaccount_connections"),
    path("auth/invitation/", acceptance.after_sign_in, name="invitation-opened"),
    path("auth/invitation/<str:secret>/", acceptance.open_link, name="invitation"),
    path("teams/switch/", team.switch, name="team-switch"),
    path("team/", team.team, name="team"),
    path("team/audit/", audit.audit, name="audit"),
    path("team/cap/", team.cap, name="team-cap"),
    path("team/rename/", team.rename, name="team-rename"),
    path("team/two-step/", team.require_two_step, name="team-two-step"),
    path("team/new/", team.new, name="team-new"),
    path("team/leave/", team.leave, name="team-leave"),
    path("team/members/<int:pk>/role/", members.role, name="member-role"),
    path("team/members/<int:pk>/cap/", members.cap, name="member-cap"),
    path("team/members/<int:pk>/remove/", members.remove, name="member-remove"),
    path("team/members/<int:pk>/handover/", members.hand_over, name="handover"),
    path("team/handover/accept/", members.accept_handover, name="handover-accept"),
    path("team/handover/end/", members.end_handover, name="handover-end"),
    path("team/invitations/", invitations.invite, name="invitations"),
    path("team/invitations/<uuid:pk>/resend/", invitations.send_again, name="invitation-resend"),
    path("team/invitations/<uuid:pk>/revoke/", invitations.revoke, name="invitation-revoke"),
    path("settings/account/", profile.profile, name="profile"),
    path("settings/account/delete/", profile.delete, name="profile-delete"),
    path("settings/account/sessions/end/", profile.end_sessions, name="sessions-end"),
    path("settings/tokens/", tokens.token_list, name="tokens"),
    path("settings/tokens/sandbox/", tokens.try_sandbox, name="token-sandbox"),
    path("settings/tokens/<uuid:pk>/check/", tokens.check, name="token-check"),
    path("settings/tokens/<uuid:pk>/remove/", tokens.remove, name="token-remove"),
    path("settings/tokens/<uuid:pk>/lend/", lending.lend, name="token-lend"),
    path("settings/tokens/<uuid:pk>/lend/stop/", lending.stop, name="token-lend-stop"),
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
