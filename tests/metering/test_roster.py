"""A list of neighbours taken over: looked at first, whole or not at all, and once more without doing anything twice."""

import io

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile

from community.demo.neighbourhood import cups
from community.models import AuditEvent, Household, Invitation, Member, SupplyContract, What
from community.services.feeders import store_feeder, usual_feeder
from community.services.members import invite
from metering.models import MeteringPoint
from metering.roster import RosterFault, read_roster
from metering.services.roster import RosterHasFaults, take_over
from tests import factories as make

NOW = make.NOON
HEADER = "name,email,home,cups,tariff,priority,node\n"
LIST = HEADER + (
    f"Ana Ferrer,ana@example.org,Azahar 1,{cups(1)},Luz Tres,0,\n"
    f"Ana Ferrer,otra.ana@example.org,Azahar 3,{cups(2)},Tres,7,\n"
    f",,Azahar 5,{cups(3)},Tres,,\n"
)


@pytest.fixture
def street(db):
    made = make.community()
    make.tariff()
    return made


@pytest.fixture
def admin(street):
    return make.member(street, "Marta", Member.Role.ADMIN)


@pytest.fixture
def office(client, admin):
    client.force_login(admin.user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def lines(text):
    return read_roster(text.encode())


def hand_in(office, content, name="vecinos.csv"):
    content = content.encode() if isinstance(content, str) else content
    return office.post("/neighbours/import/", {"file": SimpleUploadedFile(name, content)}, follow=True)


def commit(office, answer, **more):
    return office.post("/neighbours/import/check/", {"digest": answer.context["digest"], **more}, follow=True)


def workbook(rows):
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet("Vecinos")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return target.getvalue()


def test_one_new_home_is_said_in_the_singular(office, street):
    one, office.defaults["HTTP_ACCEPT_LANGUAGE"] = LIST.splitlines()[:2], "es"

    answer = hand_in(office, "\n".join(one))

    assert "1 nuevo, 0 con cambios, 0 sin cambios." in answer.content.decode()


def test_looking_stores_nothing_and_taking_over_brings_homes_meters_contracts_and_invitations(office, street):
    answer = hand_in(office, LIST)

    assert "3 new, 0 changed, 0 unchanged." in answer.content.decode()
    assert not Household.objects.exists()
    done = commit(office, answer)
    assert "2 neighbours are invited." in done.content.decode()
    assert list(Household.objects.order_by("name").values_list("name", "priority")) == [
        ("Azahar 1", 0), ("Azahar 3", 7), ("Azahar 5", 0),
    ]  # fmt: skip
    assert MeteringPoint.objects.count() == SupplyContract.objects.count() == 3
    assert AuditEvent.objects.filter(what=What.NEIGHBOURS_IMPORTED).count() == 1


def test_two_people_of_one_name_stay_two(street, admin):
    take_over(by=admin, lines=lines(LIST), at=NOW)

    invited = Invitation.objects.filter(name="Ana Ferrer")
    assert {(one.email, one.household.name) for one in invited} == {
        ("ana@example.org", "Azahar 1"), ("otra.ana@example.org", "Azahar 3"),
    }  # fmt: skip


def test_the_same_list_once_more_changes_nothing(office, street, admin):
    take_over(by=admin, lines=lines(LIST), at=NOW)
    before = AuditEvent.objects.count(), Invitation.objects.count(), SupplyContract.objects.count()

    again = hand_in(office, LIST)

    assert "0 new, 0 changed, 3 unchanged." in again.content.decode()
    done = commit(office, again)
    assert "nothing was changed" in done.content.decode()
    assert (AuditEvent.objects.count(), Invitation.objects.count(), SupplyContract.objects.count()) == before


def test_a_list_that_changed_says_what_and_updates_it(street, admin, office):
    take_over(by=admin, lines=lines(LIST), at=NOW)
    make.tariff("Plana")

    answer = hand_in(office, HEADER + f"Ana F.,ana@example.org,Azahar 1 ático,{cups(1)},Luz Plana,9,\n")

    said = answer.content.decode()
    for words in ("Azahar 1 → Azahar 1 ático", "contract: Luz Plana", "priority: 0 → 9", "addressed to Ana F."):
        assert words in said
    commit(office, answer)
    home = Household.objects.get(name="Azahar 1 ático")
    assert home.priority == 9
    assert home.contracts.order_by("valid_from").last().tariff.name == "Plana"
    assert Household.objects.count() == 3
    assert Invitation.objects.get(email="ana@example.org").name == "Ana F."


def test_another_e_mail_for_a_home_ends_the_invitation_before(street, admin):
    take_over(by=admin, lines=lines(LIST), at=NOW)

    take_over(by=admin, lines=lines(HEADER + f"Bea,bea@example.org,,{cups(1)},,,\n"), at=NOW)

    open_ones = Invitation.objects.filter(household__name="Azahar 1", revoked_at=None)
    assert [one.email for one in open_ones] == ["bea@example.org"]


def test_a_member_gets_a_further_home_at_once(street, admin):
    lola = make.member(street, "Lola")

    take_over(by=admin, lines=lines(HEADER + "Lola,LOLA@example.org,Garaje,,,,\n"), at=NOW)

    assert Household.objects.get(name="Garaje").member == lola
    assert not Invitation.objects.exists()


FAULTY = {
    "no address": ("Ana,ana,Azahar 1,,,,", "e-mail", "no e-mail address"),
    "mistyped code": (f"Ana,,Azahar 1,{cups(6)[:-4]}XX0F,Tres,,", "CUPS", "check letters"),
    "no contract": (f"Ana,,Azahar 1,{cups(6)},,,", "tariff", "needs its contract"),
    "no such offer": (f"Ana,,Azahar 1,{cups(6)},Nada,,", "tariff", "Luz Tres"),
    "priority": ("Ana,,Azahar 1,,,10,", "priority", "0 (none) to 9"),
    "no cables": ("Ana,,Azahar 1,,,,b1", "connection", "no cables yet"),
    "no name": ("Ana,ana@example.org,,,,,", "home", "needs a name"),
    "home twice": ("Ana,,Azahar 1,,,,\nBea,,azahar 1,,,,", "home", "more than one row"),
    "code twice": (f"A,,Uno,{cups(6)},Tres,,\nB,,Dos,{cups(6).lower()},Tres,,", "CUPS", "more than one row"),
    "person twice": ("A,a@example.org,Uno,,,,\nA,A@example.org,Dos,,,,", "e-mail", "Row 3 invites this person"),
    "looked after": ("Eva,eva@example.org,Berta 1,,,,", "e-mail", "Berta looks after"),
    "other meter": (f"Berta,,Berta 1,{cups(9)},Tres,,", "CUPS", "another meter already"),
    "from elsewhere": (f"Ana,,Azahar 1,{cups(5)},Tres,,", "CUPS", "another community"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTY)
def test_a_fault_names_row_column_and_cure_and_nothing_is_taken_over(office, street, admin, name):
    rows, column, cure = FAULTY[name]
    offer = SupplyContract._meta.get_field("tariff").related_model.objects.get()
    make.home(street, "Berta 1", offer, make.member(street, "Berta"))
    other = make.home(make.community(slug="otra"), "Fuera", offer)
    MeteringPoint.objects.filter(household=other).delete()
    MeteringPoint.objects.create(household=other, cups=cups(5))

    answer = hand_in(office, HEADER + "Bien,bien@example.org,Bien,,,,\n" + rows + "\n")

    said = answer.content.decode()
    assert column in said
    assert cure in said
    refused = commit(office, answer)
    assert "nothing was taken over" in refused.content.decode()
    assert not Household.objects.filter(name="Bien").exists()
    assert not Invitation.objects.exists()


def test_homes_are_connected_and_keep_their_phase(street, admin):
    home = Household.objects.create(community=street, name="Azahar 1", phase="b")
    store_feeder(community=street, described=usual_feeder(community=street, kind="street"))
    before = street.feeder.revision

    take_over(by=admin, lines=lines(HEADER + f",,Azahar 7,,,,home-{home.pk}\n"), at=NOW)

    street.feeder.refresh_from_db()
    assert street.feeder.revision == before + 1
    home.refresh_from_db()
    assert home.phase == "b"
    assert Household.objects.get(name="Azahar 7").node.code == f"home-{home.pk}"


def test_what_changed_since_the_look_is_judged_anew(street, admin):
    looked = lines(HEADER + "Lola,lola@example.org,Azahar 1,,,,\n")
    taken = Household.objects.create(community=street, name="Azahar 1", member=make.member(street, "Rita"))

    with pytest.raises(RosterHasFaults):
        take_over(by=admin, lines=looked, at=NOW)
    taken.refresh_from_db()
    assert taken.member.user.name == "Rita"


def test_a_workbook_says_the_same_as_a_text():
    rows = [["Nombre", "Correo", "Vivienda", "CUPS", "Tarifa", "Prioridad"], ["Ana & Bea", "a@b.es", "Sol 1", cups(1), "Tres", 3]]  # fmt: skip

    from_book = read_roster(workbook(rows))
    text = "\n".join(";".join(map(str, row)) for row in rows)
    from_text = read_roster(text.encode("cp1252"))

    assert from_book == from_text
    assert from_book[0].priority == "3"
    assert from_book[0].row == 2


def test_columns_may_come_in_any_order_and_empty_rows_are_passed_over():
    found = lines("\ufeffPRIORIDAD;;hogar\n\n2;x; Sol   1 \n;;\n")

    assert [(one.row, one.home, one.priority) for one in found] == [(3, "Sol 1", "2")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a,b\n1,2\n", "no-header"), ("home\n", "no-homes"), ("", "no-header"), ("home,hogar\na,b\n", "twice"),
        ("home\n" + "x" * 201 + "\n", "long-cell"), ("home\n" + "a\n" * 501, "too-many"), ("home\n\x00\n", "not-text"),
        ("home" + ",x" * 50 + "\n", "many-columns"), ("home\n\u202eabc\n", "not-text"),
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused_by_its_cause(text, code):
    with pytest.raises(RosterFault) as refused:
        lines(text)

    assert refused.value.code == code


@pytest.mark.parametrize("language", ["es", "ca", "en"])
def test_the_template_can_be_handed_in_again(office, street, admin, language):
    take_over(by=admin, lines=lines(LIST + f"=1+1,x@example.org,=1+1,{cups(4)},Tres,,\n"), at=NOW)

    template = office.get("/neighbours/import/template.csv", headers={"accept-language": language}).content

    assert b"'=1+1" in template
    assert cups(1).encode() not in template
    assert "0 new, 0 changed, 4 unchanged." in hand_in(office, template).content.decode()


def test_letters_of_a_list_wait_to_be_sent_from_this_site(office, street, settings):
    settings.EMAIL_HOST = "mail.example.org"

    commit(office, hand_in(office, LIST), mail="1")

    assert set(Invitation.objects.values_list("mail", "site")) == {("waiting", "http://testserver")}


def test_the_waiting_list_lies_sealed(office, street):
    hand_in(office, LIST)

    assert cups(1) not in str(office.session["roster"])
    assert "ana@example.org" not in str(office.session["roster"])


@pytest.mark.parametrize("path", ["", "check/", "template.csv"])
def test_residents_and_readers_hand_in_no_list(client, street, path):
    for name, role in (("Ana", Member.Role.RESIDENT), ("Rosa", Member.Role.READER)):
        client.force_login(make.member(street, name, role).user)
        assert client.get(f"/neighbours/import/{path}").status_code == 403


def test_an_invitation_that_is_open_moves_with_its_home(street, admin):
    invite(invited_by=admin, email="ana@example.org", household=None, at=NOW)

    done = take_over(by=admin, lines=lines(HEADER + "Ana,ana@example.org,Azahar 1,,,,\n"), at=NOW)

    assert done.invited == []
    assert Invitation.objects.get().household.name == "Azahar 1"
