"""Several web processes add up how long their answers took."""

import os
import subprocess
import sys

ANSWERS = """
from config.middleware.durations import DURATIONS, registry
from prometheus_client import generate_latest
for _ in range(3):
    DURATIONS.labels("home", "GET", "2xx").observe(0.2)
print(generate_latest(registry()).decode())
"""


def test_processes_that_share_a_folder_tell_the_sum(tmp_path):
    told = [
        subprocess.run(
            [sys.executable, "-c", ANSWERS],
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
            capture_output=True, text=True, check=True,
        ).stdout
        for _process in range(2)
    ]  # fmt: skip
    count = 'azotea_http_request_duration_seconds_count{method="GET",route="home",status="2xx"}'
    assert f"{count} 3.0" in told[0]
    assert f"{count} 6.0" in told[1]
