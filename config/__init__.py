"""Settings, URLs and the two entry points (web, Celery) of the site."""

import os

# Before numpy is loaded: its matrices here are small and many, and workers already share the cores. With threads
# that wait for each other on a busy machine, learning to forecast took 20 s instead of 0.5 s.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
