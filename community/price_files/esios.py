"""Red Eléctrica's ESIOS as it is documented: indicators for the operator's key, the day file of PVPC for all.

Source: ESIOS API (`/indicators/{id}` with the header `x-api-key`, `/archives/70/download_json`).
"""

from datetime import date, timedelta

from community.price_files.reading import PublishedHour, read_prices
from community.tariffs import local_day
from config.outbound import NoAnswer, Outbound, Refused

PATIENCE_SECONDS = 30.0
MOST_BYTES = 5 * 1024 * 1024
INDICATORS = (1001, 1739)
GOOD = 200


class NoPrices(Exception):
    """ESIOS did not give prices; the message says what it answered."""


class Esios:
    """The site that publishes the prices; without a key only PVPC can be had.

    It is asked by https (`config/outbound.py`); `local` names hosts that may be in the own network.
    """

    def __init__(
        self, base_url: str, key: str = "", *, local: str = "", patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self.base_url = base_url.rstrip("/") + "/"
        self.way = Outbound.to([base_url], local, patience_s=patience_seconds, most_bytes=MOST_BYTES)
        self.headers = {"Accept": "application/json", **({"x-api-key": key} if key else {})}
        self.has_key = bool(key)

    def prices(self, day: date) -> list[PublishedHour]:
        """What is published of a day. Raises `NoPrices`, and `PriceFileFault` for an answer of another shape."""
        if not self.has_key:
            query = {"locale": "es", "date": day.isoformat()}
            return read_prices(self._get("archives/70/download_json", query))
        first, end = local_day(day)
        query = {
            "start_date": first.isoformat(),
            "end_date": (end - timedelta(hours=1)).isoformat(),
            "time_trunc": "hour",
        }
        return [hour for one in INDICATORS for hour in read_prices(self._get(f"indicators/{one}", query))]

    def _get(self, path: str, query: dict[str, str]) -> bytes:
        try:
            answer = self.way.ask(f"{self.base_url}{path}", headers=self.headers, query=query)
        except (Refused, NoAnswer) as error:
            raise NoPrices(f"{path}: {error}") from error
        if answer.status != GOOD:
            raise NoPrices(f"{path}: {answer.status}")
        return answer.content
