"""Requests are written in UTF-8, whatever they claim: pages and devices send nothing else."""

from django.core.handlers.wsgi import WSGIRequest


class Utf8Request(WSGIRequest):
    """A request whose Content-Type names no other letters than those in which the site writes.

    Python knows codecs that are none of text (`hex`, `zlib`), and Django would try whatever a request names before
    any middleware stands in between.
    """

    @property
    def encoding(self) -> None:
        """The site's own."""
        return None

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        """What is named does not matter."""
