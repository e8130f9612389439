"""Settings, URLs and the two entry points (web, Celery) of the site."""
