"""Celery only rings the bell: what is due is decided by PostgreSQL (`market/tasks.py`, `metering/tasks.py`)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("azotea")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["market", "metering"])
