"""The CUPS: the code of a metering point in Spain."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from stdnum.es import cups as rules
from stdnum.exceptions import InvalidChecksum, InvalidLength
from stdnum.exceptions import ValidationError as Invalid


def validate_cups(text: str) -> None:
    """Raise `ValidationError` with the cure for a code that no distributor can have issued.

    20 or 22 characters: ES, 16 digits, two check letters, and perhaps the point's number and letter.
    """
    try:
        rules.validate(text)
    except InvalidChecksum as error:
        letters = rules.calc_check_digits(text)
        raise ValidationError(
            _("The check letters of this CUPS should be %(letters)s: was a digit mistyped?") % {"letters": letters}
        ) from error
    except InvalidLength as error:
        raise ValidationError(_("A CUPS has 20 or 22 characters, this has %(n)d.") % {"n": len(text)}) from error
    except Invalid as error:
        raise ValidationError(
            _("A CUPS looks like ES0021000000000001RK0F: ES, 16 digits, two letters, and perhaps 0F.")
        ) from error
