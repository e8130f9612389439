"""The portal's API as it is documented: a login that gives a token, supplies, and the curve of a month.

Source: Datadis, "API privada" (`nikola-auth/tokens/login`, `get-supplies-v2`, `get-consumption-data-v2`).
NIF, password and curves go by https to the host that the operator named (`config/outbound.py`).
"""

import json
import logging
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from config.outbound import Answer, NoAnswer, Outbound, Refused, TooMuch, TooSlow

logger = logging.getLogger(__name__)

# The portal is slow; a query that takes longer than this is asked again the next day.
PATIENCE_SECONDS = 60.0
MOST_BYTES = 20 * 1024 * 1024
QUARTER_HOURLY, HOURLY = "1", "0"
GOOD = 200
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


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
    """One session with the portal; `local` names the hosts that may be in the own network, separated by commas."""

    def __init__(
        self,
        base_url: str,
        nif: str,
        password: str,
        *,
        local: str = "",
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.way = Outbound.to([base_url], local, patience_s=patience_seconds, most_bytes=MOST_BYTES)
        self.login = {"username": nif, "password": password}
        self.token = ""

    def supplies(self, holder_nif: str) -> list[PortalSupply]:
        """The supplies of a holder. Raises `PortalSaysNo`."""
        answer = self._get("get-supplies-v2", {"authorizedNif": holder_nif})
        try:
            rows = json.loads(answer.content)["supplies"]
            return [
                PortalSupply(str(row["cups"]), str(row["distributorCode"]), int(row["pointType"])) for row in rows
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise Incomprehensible(_text(answer)[:200]) from error

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

    def _get(self, name: str, query: dict[str, str]) -> Answer:
        if not self.token:
            self.token = self._log_in()
        bearer = {"Authorization": f"Bearer {self.token}"}
        answer = self._ask(f"api-private/api/{name}", headers=bearer, query=query)
        _judge(answer)
        return answer

    def _log_in(self) -> str:
        answer = self._ask("nikola-auth/tokens/login", urlencode(self.login).encode(), headers=FORM)
        if answer.status in {400, 401, 403}:
            raise LoginRefused
        _judge(answer)
        token = _text(answer).strip()
        if not (token.isascii() and token.isprintable()):
            raise Incomprehensible("The login's answer is no token.")
        return token

    def _ask(self, path: str, content: bytes | None = None, **told: dict[str, str]) -> Answer:
        try:
            return self.way.ask(f"{self.base_url}/{path}", content, **told)
        except Refused as error:
            logger.warning("Datadis is not asked: %s", error)
            raise PortalSaysNo(str(error)) from error
        except TooSlow as error:
            raise TimedOut(str(error)) from error
        except TooMuch as error:
            raise Incomprehensible(str(error)) from error
        except NoAnswer as error:
            raise PortalSaysNo(str(error)) from error


def _text(answer: Answer) -> str:
    return answer.content.decode(errors="replace")


def _judge(answer: Answer) -> None:
    if answer.status != GOOD:
        raise REFUSALS.get(answer.status, PortalSaysNo)(f"{answer.status}: {_text(answer)[:200]}")


def is_empty(content: bytes) -> bool:
    """Whether a curve holds nothing: the portal answers so for months that it does not have yet."""
    plain: Any = content.strip()
    return plain in {b"", b"[]", b"{}"} or (b'"timeCurve":[]' in plain.replace(b" ", b"") and len(plain) < 500)
