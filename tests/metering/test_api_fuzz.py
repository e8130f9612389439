"""The API's own description, turned into calls that nobody would think of: never a server error."""

import json
import os

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from config.wsgi import application
from metering.models import ApiToken
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)

# 6 operations: 5,000 calls and more over the run, another number for a longer hunt.
CALLS = int(os.environ.get("FUZZ_CALLS", "840"))


@pytest.fixture
def place():
    home = make.home(make.community(), "Ana", make.tariff())
    make.battery(home)
    token = make.token(home)
    ApiToken.objects.update(scopes=ApiToken.Scope.values)
    return {"public_id": str(make.meter(home).public_id)}, {"Authorization": f"Bearer {token}"}


@schemathesis.serializer("application/x-ndjson")
def json_lines(_context, value):
    """A body's rows, one a line."""
    rows = value.get("readings") if isinstance(value, dict) else None
    return "\n".join(json.dumps(row) for row in (rows if isinstance(rows, list) else [value])).encode()


schema = schemathesis.openapi.from_wsgi("/api/v1/schema", application)


@schema.parametrize()
@settings(max_examples=CALLS, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_no_call_breaks_the_site(case, place, live_server):
    parts, headers = place
    case.path_parameters = {**(case.path_parameters or {}), **parts}

    response = case.call(base_url=live_server.url, headers=headers)

    assert response.status_code != 404, "the call was not heard"
    assert response.status_code < 500, response.text
