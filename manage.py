#!/usr/bin/env python
"""Azotea's command line. Without `DATABASE_URL` it brings its own PostgreSQL and Valkey."""

import os
import sys


def main() -> None:
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Azotea's dependencies are missing. Run `make install`, then `.venv/bin/python manage.py …`")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config import tenancy
    from config.programs import embedded

    embedded.provide_environment(sys.argv[1:2])
    # Whoever may run commands here runs the whole site; pages and tasks that a command serves say whose they are.
    tenancy.outside_of_requests(tenancy.ALL)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
