"""How people come in: what django-allauth is told."""

import os

# Nobody signs up without an invitation; a password, an app's code or a passkey lets people in.
ACCOUNT_ADAPTER = "community.accounts.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "community.accounts.LoginForm",
    "change_password": "community.accounts.ChangePasswordForm",
    "set_password": "community.accounts.SetPasswordForm",
    "reset_password_from_key": "community.accounts.ResetPasswordKeyForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# Whoever holds an invitation's link has shown the address; a changed address is confirmed by mail.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Azotea: "
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
# No code by mail: whoever reads somebody's letters is not that person.
ACCOUNT_REAUTHENTICATION_METHODS = ("password", "mfa")
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "login"
# Django's sessions and allauth's log-in, behind the wall around people.
SESSION_ENGINE = "config.walled.sessions"
AUTHENTICATION_BACKENDS = ["community.known.KnownBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {
        "NAME": "community.passwords.LongEnough",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "community.passwords.NotOfThePlace"},
]
MFA_ADAPTER = "community.accounts.SecondFactorAdapter"
MFA_FORMS = {
    "add_webauthn": "community.accounts.NewPasskeyForm",
    "login_webauthn": "community.accounts.PasskeyLoginForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Azotea"
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True

# Pages that an account, or an address without one, may open in a minute, and a fifth as many forms; 0: any number.
PAGES_PER_MINUTE = int(os.environ.get("PAGES_PER_MINUTE", "300"))
