"""The portal's API as it is documented: a login that gives a token, supplies, and the curve of a month.

Source: Datadis, "API privada" (`nikola-auth/tokens/login`, `get-supplies-v2`, `get-consumption-data-v2`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx

# The portal is slow; a query that takes longer than this is asked again the next day.
PATIENCE_SECONDS = 60.0
MOST_BYTES = 20 * 1024 * 1024
QUARTER_HOURLY, HOURLY = "1", "0"


class PortalSaysNo(Exception):
    """The portal did not give what was asked for; `outcome` is a stable word for the query's record."""

    outcome = "unavailable"


class TooOften(PortalSaysNo):
    """The same query was made within 24 hours."""

    outcome = "too-often"


class LoginRefused(PortalSaysNo):
    """The account's NIF or password is wrong."""

    outcome = "login-refused"


class NotAllowed(PortalSaysNo):
    """The holder has not authorised the account on the portal."""

    outcome = "not-allowed"


class TimedOut(PortalSaysNo):
    """No answer came in time."""

    outcome = "timed-out"


class Incomprehensible(PortalSaysNo):
    """The answer is not of the documented shape."""

    outcome = "incomprehensible"


REFUSALS: dict[int, type[PortalSaysNo]] = {
    401: NotAllowed,
    403: NotAllowed,
    408: TimedOut,
    429: TooOften,
    504: TimedOut,
}


@dataclass(frozen=True, slots=True)
class PortalSupply:
    """What has to be known of a supply to ask for its curve."""

    cups: str
    distributor_code: str
    point_type: int


class Portal:
    """One session with the portal."""

    def __init__(self, base_url: str, nif: str, password: str, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.http = httpx.Client(base_url=base_url, timeout=patience_seconds, follow_redirects=False)
        self.login = {"username": nif, "password": password}
        self.token = ""

    def close(self) -> None:
        """Give up the connection."""
        self.http.close()

    def supplies(self, holder_nif: str) -> list[PortalSupply]:
        """The supplies of a holder. Raises `PortalSaysNo`."""
        answer = self._get("get-supplies-v2", {"authorizedNif": holder_nif})
        try:
            rows = answer.json()["supplies"]
            return [
                PortalSupply(str(row["cups"]), str(row["distributorCode"]), int(row["pointType"])) for row in rows
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise Incomprehensible(answer.text[:200]) from error

    def curve(self, supply: PortalSupply, holder_nif: str, month: date, kind: str) -> bytes:
        """A month of a supply as the portal sends it, `HOURLY` or `QUARTER_HOURLY`. Raises `PortalSaysNo`."""
        query = {
            "cups": supply.cups,
            "distributorCode": supply.distributor_code,
            "startDate": f"{month:%Y/%m}",
            "endDate": f"{month:%Y/%m}",
            "measurementType": kind,
            "pointType": str(supply.point_type),
            "authorizedNif": holder_nif,
        }
        return self._get("get-consumption-data-v2", query).content

    def _get(self, name: str, query: dict[str, str]) -> httpx.Response:
        if not self.token:
            self.token = self._log_in()
        with _explained():
            answer = self.http.get(
                f"api-private/api/{name}", params=query, headers={"Authorization": f"Bearer {self.token}"}
            )
        _judge(answer)
        return answer

    def _log_in(self) -> str:
        with _explained():
            answer = self.http.post("nikola-auth/tokens/login", data=self.login)
        if answer.status_code in {400, 401, 403}:
            raise LoginRefused
        _judge(answer)
        return answer.text.strip()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise TimedOut(str(error)) from error
    except httpx.HTTPError as error:
        raise PortalSaysNo(str(error)) from error


def _judge(answer: httpx.Response) -> None:
    if answer.status_code != httpx.codes.OK:
        raise REFUSALS.get(answer.status_code, PortalSaysNo)(f"{answer.status_code}: {answer.text[:200]}")
    if len(answer.content) > MOST_BYTES:
        raise Incomprehensible(f"{len(answer.content)} bytes")


def is_empty(content: bytes) -> bool:
    """Whether a curve holds nothing: the portal answers so for months that it does not have yet."""
    plain: Any = content.strip()
    return plain in {b"", b"[]", b"{}"} or (b'"timeCurve":[]' in plain.replace(b" ", b"") and len(plain) < 500)
