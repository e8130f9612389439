"""The keys of homes' leaves: one for each time that a home is looked after by somebody else."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from community.models import Household
from config.sealing import seal, unseal
from market.ledger.leaves import KEY_BYTES
from market.models import HomeKey, LogLeaf


class HomeKeys:
    """The keys that the next leaves of some homes are made with."""

    def __init__(self, homes: Sequence[int]) -> None:
        self._rows: dict[int, list[HomeKey]] = {home: [] for home in homes}
        for row in HomeKey.objects.filter(household__in=homes):
            self._rows[row.household_id].append(row)
        self._opened: dict[str, bytes] = {}
        self._since = dict(Household.objects.filter(pk__in=homes).values_list("pk", "records_from"))

    def making(self, home: int, about: datetime, number: int) -> bytes:
        """The key of a home's leaf with this number that is about this time.

        A time of its own that has no key gets one. What an erased member's time is corrected by is made with a
        key that nobody keeps: it cannot be read again.
        """
        rows, since = self._rows[home], self._since[home]
        row = max((one for one in rows if not _is_later(one, about)), key=_order, default=None)
        if since is not None and about < since:
            if row is not None:
                return self._unsealed(row) if row.sealed_key else secrets.token_bytes(KEY_BYTES)
            since = None
        if row is None or _is_later_than(since, row):
            row = HomeKey(household_id=home, since=since)
            rows.append(row)
        if not row.sealed_key:
            row.sealed_key, row.destroyed_at = seal(secrets.token_bytes(KEY_BYTES).hex()), None
            row.since_number = number
            row.save()
        return self._unsealed(row)

    def _unsealed(self, row: HomeKey) -> bytes:
        """Each once: a batch asks for a home's key in every slot."""
        if row.sealed_key not in self._opened:
            self._opened[row.sealed_key] = bytes.fromhex(unseal(row.sealed_key))
        return self._opened[row.sealed_key]


def destroy_key(
    *, household: Household, at: datetime, since: datetime | None = None, until: datetime | None = None
) -> None:
    """Make a home's leaves about `[since, until)` meaningless for ever; the log and all receipts stay valid.

    A key from before each time had its own is kept if leaves of who came after are made with it.
    """
    rows = sorted(HomeKey.objects.filter(household=household), key=_order)
    covering = False
    for row, following in zip(rows, [*rows[1:], None], strict=False):  # of a home never settled there is none
        ends_before = following is not None and since is not None and not _is_later(following, since)
        begins_after = until is not None and row.since is not None and row.since >= until
        if ends_before or begins_after:
            continue
        covering = True
        if not _is_shared(row, following, until):
            HomeKey.objects.filter(pk=row.pk).update(sealed_key="", destroyed_at=at)
    if not covering:  # so that what is settled later of that time gets none
        HomeKey.objects.create(household=household, since=since, destroyed_at=at)


def _is_shared(row: HomeKey, following: HomeKey | None, until: datetime | None) -> bool:
    """Whether the key opens leaves of somebody who looks after the home since `until`."""
    if until is None or row.household.member_id is None:
        return False
    made = LogLeaf.objects.filter(household=row.household_id, number__gte=row.since_number)
    if following is not None:
        made = made.filter(number__lt=following.since_number)
    return made.filter(settled__start__gte=until).exists()


def _order(row: HomeKey) -> tuple[bool, float]:
    return row.since is not None, row.since.timestamp() if row.since else 0.0


def _is_later(row: HomeKey, than: datetime) -> bool:
    return row.since is not None and row.since > than


def _is_later_than(since: datetime | None, row: HomeKey) -> bool:
    return since is not None and (row.since is None or row.since < since)
