"""What holds for every test."""

import os

# Browser tests run Django in a thread with an event loop beside it; the ORM there is used as everywhere.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
