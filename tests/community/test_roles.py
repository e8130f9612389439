"""Roles: what each may do, who gives them, and that pages follow the table."""

import pytest
from django.utils import translation

from community.models import Member
from community.roles import MAY, Can, NotAllowed, may
from community.services.roles import give_role
from community.wording.running import running
from tests import factories as make

pytestmark = pytest.mark.django_db

PAGES = {
    "/neighbours/": Can.INVITE,
    "/closing/": Can.SEE_MONTHS,
    "/payments/": Can.PAY,
    "/completeness/": Can.SEE_METERS,
    "/gateways/": Can.GIVE_TOKENS,
    "/meter-files/": Can.BRING_METERS,
    "/tariffs/": Can.SET_TARIFFS,
    "/sharing/": Can.SET_SHARING,
    "/agents/": Can.RUN_AGENTS,
    "/pilots/": Can.RUN_PILOTS,
    "/street/forecasts/": Can.SEE_STREET,
    "/street/cables/new/": Can.SET_CABLES,
}


@pytest.fixture
def street():
    return make.community()


@pytest.mark.parametrize("role", Member.Role.values)
def test_each_page_opens_to_the_roles_of_the_table_and_to_no_other(client, street, role):
    client.force_login(make.member(street, "Marta", role).user)

    for path, can in PAGES.items():
        assert client.get(path).status_code == (200 if can in MAY[role] else 403), path


@pytest.mark.parametrize("role", Member.Role.values)
def test_the_list_of_pages_names_what_opens_and_nothing_else(client, street, role):
    client.force_login(make.member(street, "Marta", role).user)
    more = client.get("/more/").content.decode()

    for path, can in PAGES.items():
        assert (f'href="{path}"' in more) == (can in MAY[role]), path


@pytest.mark.parametrize("role", Member.Role.values)
def test_pages_stand_under_what_they_are_about_and_no_title_stands_over_nothing(role):
    with translation.override("en"):
        groups = running(MAY[role])

    assert all(ways for _title, ways in groups)
    assert [title for title, _ways in groups] == {
        "resident": [],
        "reader": ["Money", "Meters", "Cables and agents"],
        "billing": ["Money", "Meters", "Cables and agents"],
    }.get(role, ["People", "Money", "Meters", "Cables and agents"])


@pytest.mark.parametrize(
    ("by", "whom", "to", "done"),
    [
        ("admin", "resident", "billing", True),
        ("admin", "billing", "resident", True),
        ("admin", "admin", "reader", True),
        ("admin", "owner", "resident", False),
        ("admin", "resident", "owner", False),
        ("owner", "admin", "owner", True),
        ("billing", "resident", "reader", False),
        ("resident", "resident", "admin", False),
    ],
)
def test_nobody_gives_more_than_their_own(street, by, whom, to, done):
    make.member(street, "Rosa", "owner")
    giver, taker = make.member(street, "Marta", by), make.member(street, "Ana", whom)

    if done:
        assert give_role(by=giver, member_id=taker.pk, role=to, at=make.NOON).role == to
    else:
        with pytest.raises(NotAllowed):
            give_role(by=giver, member_id=taker.pk, role=to, at=make.NOON)
        taker.refresh_from_db()
        assert taker.role == whom


def test_a_street_without_an_owner_may_name_one(street):
    marta, ana = make.member(street, "Marta", "admin"), make.member(street, "Ana")

    give_role(by=marta, member_id=ana.pk, role="owner", at=make.NOON)

    with pytest.raises(NotAllowed):
        give_role(by=marta, member_id=ana.pk, role="resident", at=make.NOON)


def test_nobody_changes_their_own_role_nor_anothers_community(street):
    marta = make.member(street, "Marta", "owner")
    zoe = make.member(make.community(slug="otra"), "Zoe")

    with pytest.raises(NotAllowed):
        give_role(by=marta, member_id=marta.pk, role="resident", at=make.NOON)
    with pytest.raises(Member.DoesNotExist):
        give_role(by=marta, member_id=zoe.pk, role="reader", at=make.NOON)


def test_who_has_left_may_nothing(street):
    marta = make.member(street, "Marta", "owner")
    marta.left_at = make.NOON

    assert not any(may(marta, can) for can in Can)


def test_roles_are_given_on_the_page(client, street):
    ana = make.member(street, "Ana")
    client.force_login(make.member(street, "Marta", "owner").user)

    answer = client.post("/roles/", {"member": ana.pk, "role": "billing"}, follow=True)

    ana.refresh_from_db()
    assert ana.role == "billing"
    assert "Ana" in answer.content.decode()


def test_another_role_is_asked_for_once_more_with_what_it_changes(client, street):
    ana = make.member(street, "Ana")
    client.force_login(make.member(street, "Marta", "owner").user)

    asked = client.get("/roles/", {"member": ana.pk, "role": "billing"}, headers={"accept-language": "en"})

    ana.refresh_from_db()
    assert ana.role == "resident"
    page = asked.content.decode()
    assert "Make payment files for the bank" in page
    assert f'name="member" value="{ana.pk}"' in page
    assert 'method="post"' not in client.get("/roles/").content.decode().split("members-title")[-1]


@pytest.mark.parametrize(("role", "status"), [("owner", 404), ("resident", 403)])
def test_nobody_is_asked_about_members_of_another_street(client, street, role, status):
    zoe = make.member(make.community(slug="otra"), "Zoe")
    client.force_login(make.member(street, "Marta", role).user)

    assert client.get("/roles/", {"member": zoe.pk, "role": "reader"}).status_code == status
    assert client.get("/roles/", {"member": "x", "role": "reader"}).status_code == status


@pytest.mark.parametrize("given", [{"member": "x"}, {"member": "9" * 30}, {}])
def test_a_member_that_is_none_is_not_found(client, street, given):
    client.force_login(make.member(street, "Marta", "owner").user)

    assert client.post("/roles/", {"role": "reader", **given}).status_code == 404


def test_a_resident_reads_the_table_and_gives_nothing(client, street):
    bea = make.member(street, "Bea")
    client.force_login(make.member(street, "Ana").user)

    page = client.get("/roles/").content.decode()
    assert "Bea" not in page
    assert client.post("/roles/", {"member": bea.pk, "role": "reader"}).status_code == 403
