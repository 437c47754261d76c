"""Signing in: django-allauth, passwords, limits. A part of the settings, with nothing from the environment in it."""

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
# The first one hashes; what the others have hashed is hashed anew at the next sign-in.
PASSWORD_HASHERS = [
    "apps.accounts.hashers.Argon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "apps.accounts.adapter.ClosedSignup"
ACCOUNT_FORMS = {
    "login": "apps.accounts.sign_in_forms.SignInForm",
    "add_email": "apps.accounts.sign_in_forms.AddAddressForm",
    "reset_password": "apps.accounts.sign_in_forms.ForgottenPasswordForm",
    "signup": "apps.accounts.sign_in_forms.ClosedSignupForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# Beside allauth's own: wrong passwords for one address from everywhere (apps/accounts/sign_in_limits.py), and how many
# of them become lines of the audit trail.
ACCOUNT_RATE_LIMITS = {"login_failed_anywhere": "30/h/key", "failures_noted": "10/h/key"}
# Whoever is changed is told, also at the address that was theirs.
ACCOUNT_EMAIL_NOTIFICATIONS = True
# Addresses, tokens, accounts and what is deleted for good: the password is asked for again, once in ten minutes.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 60 * 10
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False

# Passkeys sign in by themselves; an authenticator app is asked beside the password. Addresses count as the person's
# also unconfirmed, for nobody signs up here by themselves.
MFA_ADAPTER = "apps.accounts.two_step.TwoStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_TOLERANCE = 1  # a code of the half minute before or after: clocks of phones go wrong
MFA_FORMS = {
    "authenticate": "apps.accounts.sign_in_forms.CodeForm",
    "reauthenticate": "apps.accounts.sign_in_forms.CodeAgainForm",
    "activate_totp": "apps.accounts.sign_in_forms.NewAppForm",
    "add_webauthn": "apps.accounts.sign_in_forms.NewPasskeyForm",
    "edit_webauthn": "apps.accounts.sign_in_forms.PasskeyNameForm",
}

# By OpenID Connect (flowweb/openid.py) nobody signs up either: a confirmed address finds who has it here.
SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX = ""
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_ADAPTER = "apps.accounts.adapter.OpenIdAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
