"""Entry point of the web processes."""

import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from config.garbage import look_seldom
from config.letters import Utf8Request

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if not settings.DATABASE_URL:
    raise ImproperlyConfigured("DATABASE_URL is not set. For a first look without a database, run `make demo`.")
application = get_wsgi_application()
application.request_class = Utf8Request
get_resolver().url_patterns  # noqa: B018 loads every view
look_seldom()
