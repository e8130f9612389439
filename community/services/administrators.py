"""What only a community's administrators may do."""

from community.models import Member


class NotAdministrator(PermissionError):
    """Somebody else than an administrator of the community asked for it, or one who has left."""


def only_admins(by: Member) -> None:
    """Raise `NotAdministrator` unless the member administers its community now."""
    if by.role != Member.Role.ADMIN or by.left_at is not None:
        raise NotAdministrator(by.pk)
