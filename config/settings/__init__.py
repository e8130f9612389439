"""Django settings; whatever differs between sites comes from the environment. What is long has a module beside.

Without `DATABASE_URL` the values come from `config.programs.embedded`, which generates its own secrets in the
data folder. With `DATABASE_URL`, a missing secret stops the start and is named.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config.settings.accounts import *  # noqa: F403
from config.settings.anchors import *  # noqa: F403
from config.settings.api import *  # noqa: F403
from config.settings.logs import logging_settings
from config.settings.middleware import *  # noqa: F403
from config.settings.notices import *  # noqa: F403
from config.settings.tasks import *  # noqa: F403

BASE_DIR = Path(__file__).resolve().parents[2]
DATABASE_URL = os.environ.get("DATABASE_URL", "")
# Nobody waits for a lock for longer, or holds one and says nothing for longer (config/patience.py). What
# `DATABASE_URL` says itself of either comes later and counts.
PATIENCE = "-c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"


def required(name: str) -> str:
    """A setting that a site must have; tools that touch no database (linters) get a harmless one."""
    value = os.environ.get(name, "")
    if DATABASE_URL and not value:
        raise ImproperlyConfigured(f"{name} is not set. With DATABASE_URL set, Azotea needs {name} too.")
    return value or f"{name.lower()}-outside-a-site"


def database(url: str) -> dict[str, Any]:
    """Django's database settings from `postgresql://user:password@host:port/name?option=value`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(f"DATABASE_URL must start with postgresql://, not {parts.scheme}://")
    options = dict(parse_qsl(parts.query))
    options["options"] = f"{PATIENCE} {options.get('options', '')}".strip()
    return {
        "ENGINE": "config.walled",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


EMBEDDED = os.environ.get("AZOTEA_EMBEDDED") == "1"
DEBUG = os.environ.get("AZOTEA_DEBUG") == "1"
SECRET_KEY = required("SECRET_KEY")
TOKEN_PEPPER = required("TOKEN_PEPPER")
# Keys that seal other people's secrets; the first seals, all unseal, so that a key can be replaced.
SEALING_KEYS = required("SEALING_KEYS")
REDIS_URL = required("REDIS_URL")
ALLOWED_HOSTS = required("ALLOWED_HOSTS").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if origin]
# Whom to tell of a weakness, as an address of RFC 9116: mailto:… or https://…
SECURITY_CONTACT = os.environ.get("AZOTEA_SECURITY_CONTACT", "")

# The neighbourhood's clock: 1 in production; a demo may run it faster (config/clock.py).
CLOCK_SPEED = float(os.environ.get("AZOTEA_CLOCK_SPEED", "1"))
CLOCK_ORIGIN = os.environ.get("AZOTEA_CLOCK_ORIGIN", "")

# Which solver clears congested slots: "highs" directly, or "cvxpy" as the readable specification states it.
CLEARING_SOLVER = os.environ.get("CLEARING_SOLVER", "highs")
if CLEARING_SOLVER not in {"highs", "cvxpy"}:
    raise ImproperlyConfigured(f"CLEARING_SOLVER is highs or cvxpy, not {CLEARING_SOLVER}.")
# Where Datadis is asked; empty turns it off.
DATADIS_URL = os.environ.get("DATADIS_URL", "")
# Where published prices are asked for, and the operator's key; without a URL none are, without a key only PVPC.
ESIOS_URL = os.environ.get("ESIOS_URL", "")
ESIOS_KEY = os.environ.get("ESIOS_KEY", "")
# Under which name heads of the communities' logs are signed, and where the signer keeps its keys and last heads.
LEDGER_HOST = os.environ.get("LEDGER_HOST", "localhost")
SIGNER_DIR = Path(
    os.environ.get("SIGNER_DIR") or Path(os.environ.get("AZOTEA_DATA") or BASE_DIR / ".azotea") / "signer"
)
# Who asks for /metrics has to bring this; without it only this machine may.
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")
# Where `manage.py backup` is told to write, so that the metrics say how old the newest backup is.
BACKUP_DIR = os.environ.get("BACKUP_DIR", "")
# Where meters publish live; empty turns it off.
MQTT_URL = os.environ.get("MQTT_URL", "")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "community",
    "metering",
    "market",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "community.context.membership",
            ],
        },
    },
]

# Without a site (linting, collecting static files) there is no database, rather than one that happens to be there.
DATABASES = {"default": database(DATABASE_URL) if DATABASE_URL else {}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"serializer": "config.sealed_cache.Sealed"},
        "KEY_FUNCTION": "config.sealed_cache.key_named_after_the_secret",
    }
}

AUTH_USER_MODEL = "community.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
# What was stored before is stored anew at the next login.
_OLDER = [f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("Argon2", "PBKDF2")]
PASSWORD_HASHERS = ["community.passwords.SealedArgon2", *_OLDER]

MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = EMBEDDED
# Whoever sees others' data or money must have a second factor; a demo on one's own machine only recommends it.
SECOND_FACTOR_REQUIRED = os.environ.get("SECOND_FACTOR_REQUIRED", "0" if EMBEDDED else "1") == "1"

LANGUAGE_CODE = "es"
LANGUAGES = [("es", _("Spanish")), ("ca", _("Catalan")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Madrid"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = ["config.formats"]

STATIC_URL = "static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT") or BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"}}  # packs each file once
WHITENOISE_USE_FINDERS, WHITENOISE_ALLOW_ALL_ORIGINS = EMBEDDED, False
# A library bears its version in its name, so that a browser asks for it once.
WHITENOISE_IMMUTABLE_FILE_TEST = r"/vendor/[a-z]+-[0-9.]+\.min\.js$"

# A browser keeps a cookie with this prefix for this very host and path only, and only over TLS.
SESSION_COOKIE_NAME = "session" if EMBEDDED else "__Host-session"
CSRF_COOKIE_NAME = "csrftoken" if EMBEDDED else "__Host-csrftoken"
LANGUAGE_COOKIE_NAME = "django_language" if EMBEDDED else "__Host-language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
# What is said once after a change stays with the session, and never travels in a cookie of its own.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_AGE = 14 * 86_400
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = not EMBEDDED
SECURE_SSL_REDIRECT = not EMBEDDED
BEHIND_PROXY = os.environ.get("BEHIND_PROXY") == "1"
FORCE_SCRIPT_NAME = ""  # a header of this name would move the site, and past what looks at addresses
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
# Asked by machines on the same network, which follow no redirection; no secret is told there.
SECURE_REDIRECT_EXEMPT = ["^health/(live|ready)$", "^metrics$"]
SECURE_HSTS_SECONDS = 0 if EMBEDDED else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not EMBEDDED
# Whether a domain enters the browsers' preload list is for its owner to decide.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = os.environ.get("EMAIL_HOST", "")
# A letter is sent inside a transaction: a mail server that says nothing must not hold it.
EMAIL_TIMEOUT = 20

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "default"
# One at a time: a worker that is busy with a hard slot keeps no easy ones waiting.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A process that grew beyond this (KiB; a large file, many networks) is replaced after its task.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 600_000
# A connection to PostgreSQL ends by its age (CONN_MAX_AGE) or its silence, not with every task (config/celery.py).
CELERY_DB_REUSE_MAX = 1_000
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 300
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Longer than any task may take, so that no task is handed out twice while it runs.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600}
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": 600}
CELERY_VISIBILITY_TIMEOUT = 600
# A worker that is told to end has so long for what is in hand; what is not done then is rolled back and done by
# another. With `REMAP_SIGTERM=SIGQUIT` in its environment that holds for SIGTERM.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 15
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Seconds between two looks at what is due; what one of them rings for is worth nothing once the next has come.
TICK_S = max(2.0, 20.0 / CLOCK_SPEED)
BOOKS_S = max(5.0, 60.0 / CLOCK_SPEED)
SWEEP_S = max(60.0, 3600.0 / CLOCK_SPEED)
NOTICES_S = max(10.0, 120.0 / CLOCK_SPEED)
# The demo's own street is looked at soon: a visitor waits for it.
TRAINING_S = max(30.0, (60.0 if EMBEDDED else 300.0) / CLOCK_SPEED)
# How long a training goes on at a time: well below the time limit of a task. Its checkpoint carries it on.
TRAINING_LEG_S = 120.0
CELERY_BEAT_SCHEDULE = {
    # A tick that waited until the next one came has been overtaken by it.
    "tick": {"task": "market.tasks.tick", "schedule": TICK_S, "options": {"expires": TICK_S}},
    "tick_books": {"task": "market.tasks.tick_books", "schedule": BOOKS_S, "options": {"expires": BOOKS_S}},
    "sweep_books": {"task": "market.tasks.sweep_books", "schedule": SWEEP_S, "options": {"expires": SWEEP_S}},
    "tick_training": {
        "task": "market.tasks.tick_training",
        "schedule": TRAINING_S,
        "options": {"expires": TRAINING_S},
    },
    "tick_studio": {"task": "market.tasks.tick_studio", "schedule": BOOKS_S, "options": {"expires": BOOKS_S}},
    "pull_datadis": {"task": "metering.tasks.pull_datadis", "schedule": 3600.0, "options": {"expires": 600}},
    "tick_notices": {
        "task": "market.tasks.tick_notices",
        "schedule": NOTICES_S,
        "options": {"expires": NOTICES_S},
    },
    "ask_witnesses": {"task": "market.tasks.ask_witnesses", "schedule": 300.0, "options": {"expires": 200}},
    "anchor_heads": {"task": "market.tasks.anchor_heads", "schedule": 300.0, "options": {"expires": 200}},
    "send_letters": {
        "task": "community.tasks.send_letters",
        "schedule": BOOKS_S,
        "options": {"expires": BOOKS_S},
    },
    "pull_prices": {"task": "community.tasks.pull_prices", "schedule": 3600.0, "options": {"expires": 600}},
    "remove_what_is_over": {
        "task": "market.tasks.remove_what_is_over",
        "schedule": 86_400.0,
        "options": {"expires": 3_600},
    },
    "sweep_files": {"task": "metering.tasks.sweep_files", "schedule": 120.0, "options": {"expires": 60}},
}

LOG_FORMAT = os.environ.get("LOG_FORMAT", "line")
if LOG_FORMAT not in {"line", "json"}:
    raise ImproperlyConfigured(f"LOG_FORMAT is line or json, not {LOG_FORMAT}.")
LOGGING = logging_settings(LOG_FORMAT, os.environ.get("LOG_LEVEL", "INFO"))
