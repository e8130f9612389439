"""Pages, styles and scripts go packed over the wire, whether or not a proxy in front does it."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

# What is packed already (PDF, XLSX, ZIP, PNG) would only cost time.
PACKED_HERE = ("text/", "application/json", "application/manifest+json", "application/javascript", "image/svg+xml")


class Compression(GZipMiddleware):
    """Django's own, which adds a random number of bytes to each answer so that its length tells nothing of what it
    holds (https://doi.org/10.1109/ACCESS.2022.3166449), for what is text.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """The answer, packed if the browser takes that."""
        if not str(response.headers.get("Content-Type", "")).startswith(PACKED_HERE):
            return response
        return super().process_response(request, response)
