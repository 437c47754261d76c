"""The rows of the table of URLs (test_urls.py) that are about signing in: what django-allauth adds."""

import uuid

from tests.url_rows import everybody, row

SIGN_IN = [
    row("account_login",    "200 200", "302 302", "302 302", "302 302", "302 302"),
    row("account_logout",   "302 302", "200 302", "200 302", "200 302", "200 302"),
    everybody("account_inactive", "200 405"),
    row("account_signup",   "200 200", "302 302", "302 302", "302 302", "302 302"),
    row("account_reauthenticate", "302 302", "200 200", "200 200", "200 200", "200 200", password="wrong"),
    row("account_email",    "302 302", "200 302", "200 302", "200 302", "200 302"),
    everybody("account_email_verification_sent", "200 405"),
    row("account_change_password", "302 302", "200 200", "200 200", "200 200", "200 200", oldpassword="wrong"),
    row("account_set_password", "302 302", "302 302", "302 302", "302 302", "302 302"),
    everybody("account_reset_password", "200 302", email=lambda house: f"{uuid.uuid4()}@nightbus.example"),
    row("account_confirm_login_code", "302 302", "302 302", "302 302", "302 302", "302 302"),
    everybody("account_confirm_email", "200 404", lambda house: ("no-such-key",)),
    everybody("account_reset_password_from_key_done", "200 405"),
    everybody("account_reset_password_from_key", "200 200", lambda house: ("1", "no-such-key")),
    everybody("account_reset_password_done", "200 405"),
    # Nobody vouches for people at this site.
    everybody("openid_connect_login", "404 404", lambda house: ("sso",)),
    everybody("openid_connect_callback", "404 404", lambda house: ("sso",)),
    everybody("socialaccount_login_cancelled", "302 405"),
    everybody("socialaccount_signup", "302 405"),
    row("socialaccount_connections", "302 302", "302 405", "302 405", "302 405", "302 405"),
    row("mfa_index",        "302 302", "302 405", "302 405", "302 405", "302 405"),
    row("mfa_list_webauthn", "302 302", "302 405", "302 405", "302 405", "302 405"),
    everybody("mfa_authenticate", "302 302"),  # nobody is in the middle of signing in
    row("mfa_login_webauthn", "302 302", "302 302", "302 302", "302 302", "302 302"),
    # Who has a password is asked for that first; none of them has two-step sign-in.
    everybody("mfa_reauthenticate", "302 302"),
    everybody("mfa_reauthenticate_webauthn", "302 302"),
    everybody("mfa_activate_totp", "302 302"),
    everybody("mfa_add_webauthn", "302 302"),
    row("mfa_deactivate_totp", "302 302", "404 404", "404 404", "404 404", "404 404"),
    row("mfa_view_recovery_codes", "302 302", "404 405", "404 405", "404 405", "404 405"),
    row("mfa_download_recovery_codes", "302 302", "404 404", "404 404", "404 404", "404 404"),
    everybody("mfa_generate_recovery_codes", "302 302"),
    everybody("mfa_edit_webauthn", "302 302", lambda house: (1,), name="Mine"),
    everybody("mfa_remove_webauthn", "302 302", lambda house: (1,)),
]  # fmt: skip
