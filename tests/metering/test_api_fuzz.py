"""The API's own description, turned into calls that nobody would think of: never a server error."""

import json
import os

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from config.wsgi import application
from metering.api import rate_limits
from metering.models import ApiToken
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)

# Of each operation; a longer hunt takes another number.
CALLS = int(os.environ.get("FUZZ_CALLS", "160"))


@pytest.fixture
def place(monkeypatch):
    monkeypatch.setattr(rate_limits, "NAMELESS_PER_MINUTE", 10**6)
    home = make.home(make.community(uploads_per_minute=10**6, reads_per_minute=10**6), "Ana", make.tariff())
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


@pytest.mark.timeout(3_600)
@schema.parametrize()
@settings(max_examples=CALLS, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_no_call_breaks_the_site(case, place, live_server):
    parts, headers = place
    case.path_parameters = {**(case.path_parameters or {}), **parts}
    if case.query:
        case.query.pop("metering_point", None)  # one that is not the caller's is no error of the site

    response = case.call(base_url=live_server.url, headers=headers)

    # No file has the metering point's address, and the home has no street; every other call is heard.
    unknown = "meter-files/{" in case.path or case.path.endswith("/envelope")
    assert response.status_code != 404 or unknown, "the call was not heard"
    assert response.status_code < 500, response.text
