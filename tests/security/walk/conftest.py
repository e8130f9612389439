"""A world for each module of walks: it takes seconds to build, every walk leaves it as it was, and whatever tests
come after it find it gone.
"""

import pytest

from tests.security.walk.world import built


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with built(django_db_blocker) as found:
        yield found
