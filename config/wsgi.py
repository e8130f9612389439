"""Entry point of the web processes."""

import gc
import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if not settings.DATABASE_URL:
    raise ImproperlyConfigured("DATABASE_URL is not set. For a first look without a database, run `make demo`.")
application = get_wsgi_application()
# Everything that a request may need is loaded now and stays for good: going through it again at each collection
# of garbage would hold up a large upload by half its time.
get_resolver().url_patterns  # noqa: B018 loads every view
gc.freeze()
# A page makes tens of thousands of objects and hardly a cycle; looking for one at every 700th, as Python does,
# made every twentieth visit wait half as long again.
gc.set_threshold(20_000, 10, 10)
