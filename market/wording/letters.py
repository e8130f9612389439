"""The letter that brings a member a statement."""

from django.core.mail import EmailMessage
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from community import figures
from community.queries import language_of
from market.documents import as_pdf
from market.models import Delivery, Event
from market.wording.documents import file_name, newest
from market.wording.notices import ending, ways_out


def statement_letter(delivery: Delivery) -> EmailMessage:
    """The newest statement of the month as a letter with its PDF, in the member's language."""
    statement = delivery.statement
    home = statement.household
    with translation.override(language_of(home.member)), timezone.override(home.community.zone):
        made = newest(home, statement.month)
        assert made is not None
        given = {"month": figures.month(statement.month), "home": home.name, "community": home.community.name}
        subject = (
            _("%(home)s: statement of %(month)s") if made.version == 1 else _("%(home)s: %(month)s, corrected")
        )
        words = _(
            "Here is the statement of %(home)s for %(month)s, as PDF.\n\n%(sentence)s\n%(legal)s\n\n%(community)s"
        )
        text = words % (given | {"sentence": made.sentence, "legal": made.legal_text})
        ends = ways_out(ending(home.member_id, Event.STATEMENT)) if home.member_id else {}
        mail = EmailMessage(subject % given, text, to=[delivery.address], headers=ends)
        mail.attach(file_name(home, made, "pdf"), as_pdf(made), "application/pdf")
    return mail
