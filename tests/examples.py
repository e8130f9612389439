"""How many generated examples a property is asked for: a third of all, until somebody goes looking for more."""

import os

SEARCHES = "AZOTEA_SEARCH" in os.environ
FEWEST = 5


def examples(count: int) -> int:
    """How many of `count` this run takes."""
    return count if SEARCHES else max(count // 3, FEWEST)
