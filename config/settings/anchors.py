"""Who is asked outside about heads of logs: nobody, unless the operator says so (docs/ledger.md)."""

import os
from collections.abc import Mapping
from typing import NamedTuple


class AnchorSettings(NamedTuple):
    """Each is off while empty."""

    tsa_url: str = ""
    # A file with the root certificates, in PEM, that the authority's stamps are checked against.
    tsa_roots: str = ""
    # OpenTimestamps calendars, separated by commas.
    calendars: str = ""
    # A GraphQL service of IOTA, and the seed (64 hex digits) of an account that pays; never tried against mainnet.
    iota_url: str = ""
    iota_seed: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of anchors that are turned on."""
        told = {"rfc3161": self.tsa_url, "opentimestamps": self.calendars, "iota": self.iota_url}
        return tuple(kind for kind, address in told.items() if address)

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "AnchorSettings":
        """As the environment has them: `ANCHOR_TSA_URL` and so on."""
        return cls(**{name: environ.get(f"ANCHOR_{name.upper()}", "") for name in cls._fields})


ANCHORS = AnchorSettings.of(os.environ)
# Witnesses that are asked to cosign heads: "KEY URL" each, separated by commas.
WITNESSES = os.environ.get("WITNESSES", "")
# Hosts among those that are asked which may stand in the own network and need no https, separated by commas.
OUTBOUND_LOCAL = os.environ.get("OUTBOUND_LOCAL", "")
