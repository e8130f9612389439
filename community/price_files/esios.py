"""Red Eléctrica's ESIOS as it is documented: indicators for the operator's key, the day file of PVPC for all.

Source: ESIOS API (`/indicators/{id}` with the header `x-api-key`, `/archives/70/download_json`).
"""

from datetime import date, timedelta

import httpx

from community.price_files.reading import PublishedHour, read_prices
from community.tariffs import local_day

PATIENCE_SECONDS = 30.0
MOST_BYTES = 5 * 1024 * 1024
INDICATORS = (1001, 1739)


class NoPrices(Exception):
    """ESIOS did not give prices; the message says what it answered."""


class Esios:
    """A session with the site that publishes the prices; without a key only PVPC can be had."""

    def __init__(self, base_url: str, key: str = "", patience_seconds: float = PATIENCE_SECONDS) -> None:
        headers = {"Accept": "application/json", **({"x-api-key": key} if key else {})}
        self.http = httpx.Client(
            base_url=base_url, timeout=patience_seconds, follow_redirects=False, headers=headers
        )
        self.has_key = bool(key)

    def close(self) -> None:
        """Give up the connection."""
        self.http.close()

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
            answer = self.http.get(path, params=query)
        except httpx.HTTPError as error:
            raise NoPrices(f"{path}: {type(error).__name__}") from error
        if answer.status_code != httpx.codes.OK:
            raise NoPrices(f"{path}: {answer.status_code}")
        if len(answer.content) > MOST_BYTES:
            raise NoPrices(f"{path}: more than {MOST_BYTES} bytes")
        return answer.content
