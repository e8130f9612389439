"""Names that were stored before forms took one line only become what a form would take."""

from importlib import import_module

import pytest
from django.apps import apps
from hypothesis import given
from hypothesis import strategies as st

from community.lines import LineField, one_line
from community.models import Community, Household, Tariff, User
from market.forms.founding import HomesForm
from metering.models import ColumnMapping, Equipment
from tests import factories as make

pytestmark = pytest.mark.django_db
BEFORE = "Ana\u202egro.elpmaxe\r\nBcc:\teve@example.org\u200b\x1b"
NOW = "Anagro.elpmaxe Bcc: eve@example.org"
MENDED = ("community.migrations.0020", "metering.migrations.0017", "market.migrations.0041")


def migrated():
    for name in MENDED:
        import_module(f"{name}_names_are_one_line").mend(apps, None)


@pytest.fixture
def home():
    street = make.community(name=BEFORE)
    home = make.home(street, BEFORE, make.tariff(), make.member(street, "Ana"))
    User.objects.update(name=BEFORE)
    Equipment.objects.create(household=home, kind="gateway", model=BEFORE, checked_at=make.NOON)
    return home


@pytest.mark.usefixtures("home")
def test_names_become_one_line_of_letters_that_show():
    migrated()

    found = (Community.objects.get(), Household.objects.get(), User.objects.get())
    assert [one.name for one in found] == [NOW] * 3
    assert (Equipment.objects.get().model, Equipment.objects.get().maker) == (NOW, "")
    assert LineField().clean(NOW) == NOW


def test_of_two_homes_of_one_street_that_then_have_one_name_the_later_gets_a_number(home):
    for name in (f"{NOW}\u200b", f"{NOW}\u200b\u200b"):
        make.home(home.community, name, Tariff.objects.get())
    make.home(make.community(slug="otra", name="Otra"), f"{NOW}\u200b", Tariff.objects.get())

    migrated()

    names = list(Household.objects.order_by("pk").values_list("name", flat=True))
    assert names == [NOW, f"{NOW} (2)", f"{NOW} (3)", NOW]


def test_a_name_of_which_nothing_shows_is_a_dash_and_the_longest_keeps_its_length(home):
    columns = {"community": home.community, "columns": {}, "created_at": make.NOON}
    for name in ("a" * 80, "a" * 79 + "\u200b", "a" * 79, "\u200b", "\u200b\u200b"):
        ColumnMapping.objects.create(name=name, **columns)

    migrated()

    names = list(ColumnMapping.objects.order_by("pk").values_list("name", flat=True))
    assert names == ["a" * 80, "a" * 74 + " (2)", "a" * 79, "—", "— (2)"]


@given(st.text())
def test_what_is_mended_is_what_a_form_takes_and_mending_again_changes_nothing(text):
    mended = one_line(text)

    assert mended.isprintable()
    assert one_line(mended) == mended == LineField(required=False).clean(mended)


def test_homes_of_a_new_community_are_lines_of_letters_that_show():
    form = HomesForm({"homes": "Azahar 1\nAzahar 2\u202e"})

    assert not form.is_valid()
    assert HomesForm({"homes": "Azahar\u00a01\nAzahar  2"}).is_valid()
