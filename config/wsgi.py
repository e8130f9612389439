"""Entry point of the web processes."""

import gc
import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if not settings.DATABASE_URL:
    raise ImproperlyConfigured("DATABASE_URL is not set. For a first look without a database, run `make demo`.")
application = get_wsgi_application()
# What is loaded by now stays for good; going through it again would hold up a large upload by half its time.
gc.freeze()
