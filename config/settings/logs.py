"""Who logs what in which words; a module of its own, as the settings cannot import what needs settings."""

from typing import Any


def logging_settings(words: str, level: str) -> dict[str, Any]:
    """Django's `LOGGING`: everything to standard error as `line` or `json`, from `level` on, without secrets."""
    ours: dict[str, Any] = {"handlers": ["console"], "propagate": False}
    to_root: dict[str, Any] = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"redacting": {"()": "config.logs.Redacting"}},
        "formatters": {
            "line": {"()": "config.logs.Line"},
            "json": {"()": "config.logs.JsonLine"},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": words, "filters": ["redacting"]},
        },
        # These bring handlers of their own, which redact nothing (Celery gives its tasks one if they have none).
        "loggers": {
            "django": to_root,
            "django.server": to_root,
            "gunicorn.access": ours,
            "celery.task": ours,
            # It writes down every address that is asked, and Datadis wants CUPS and NIF in them.
            "httpx": {"level": "WARNING"},
        },
        "root": {"handlers": ["console"], "level": level},
    }
