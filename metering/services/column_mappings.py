"""What the columns of a community's own tables mean."""

from datetime import datetime

from django.db import IntegrityError, transaction

from community.models import Community
from metering.formats import Mapping, UnreadableFile, read_file
from metering.models import ColumnMapping

# Stands in while a sample is tried that names no supply.
ANY_CUPS = "ES9999000000000001DS0F"


class NameTaken(ValueError):
    """The community has a table of this name."""


class SampleUnreadable(ValueError):
    """With these columns the sample itself cannot be read; `cause` says why."""

    def __init__(self, cause: UnreadableFile) -> None:
        super().__init__(str(cause))
        self.cause = cause


def keep_mapping(
    *,
    community: Community,
    name: str,
    columns: dict[str, str],
    unit: str,
    labels: str,
    sample: str,
    at: datetime,
) -> ColumnMapping:
    """Keep what the columns of a table mean, once its sample can be read so.

    Raises `NameTaken` and `SampleUnreadable`.
    """
    try:
        reading = read_file(sample.encode(), community.zone, cups=ANY_CUPS, mapping=Mapping(columns, unit, labels))
        if not reading.intervals:
            raise UnreadableFile("no-lines")
    except UnreadableFile as error:
        raise SampleUnreadable(error) from error
    try:
        with transaction.atomic():
            return ColumnMapping.objects.create(
                community=community, name=name, columns=columns, unit=unit, labels=labels, created_at=at
            )
    except IntegrityError as error:
        raise NameTaken(name) from error
