"""Versions are compared as numbers, floors name their source, and every card names cause and cure."""

from datetime import UTC, datetime, timedelta

import pytest

from metering.firmware import AMBER, GREEN, RATED, RED, STALE_AFTER, Floor, Told, floors, is_below, judge, version

AT = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


def told(maker="Victron", model="Cerbo GX", firmware="3.42", reached="gateway", **more):
    facts = {"reports": True, "seen_at": AT - timedelta(hours=1), "checked_at": AT - timedelta(days=400), **more}
    return Told(maker, model, firmware, reached, **facts)


def codes(told_):
    verdict = judge(told_, AT)
    return verdict.level, [one.code for one in verdict.findings]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8.2.4225", (8, 2, 4225)),
        ("D8.2.4225 (release)", (8, 2, 4225)),
        ("v8.10.0", (8, 10)),
        ("8.10 / 8.10.0", (8, 10)),
        ("", None),
        ("8", None),
        ("latest", None),
        ("8.2 and 8.3", None),
        ("1." + "9" * 4_000, None),
        ("1.2.3.4.5.6.7.8", None),
        ("\u0661.\u0662", (1, 2)),
    ],
)
def test_a_version_is_read_only_where_it_is_plain(text, expected):
    assert version(text) == expected


def test_versions_are_compared_as_numbers_not_as_text():
    assert is_below((8, 9), "8.10")
    assert not is_below((8, 10), "8.10")
    assert is_below((8, 2, 4225), ">8.2.4225")
    assert not is_below((8, 2, 4226), ">8.2.4225")
    assert not is_below((8, 3), ">8.2.4225")


@pytest.mark.parametrize(
    ("equipment", "expected"),
    [
        (told(), (GREEN, ["known-and-recent"])),
        (told("Enphase", "IQ Gateway", "8.2.4225"), (RED, ["below-floor"])),
        (told("ENPHASE Energy", "Envoy-S Metered", "D7.6.175"), (RED, ["below-floor"])),
        (told("Enphase", "IQ Gateway", "8.3.5167"), (GREEN, ["known-and-recent"])),
        (told("Enphase", "IQ Gateway", ""), (AMBER, ["unknown-version"])),
        (told("Enphase", "IQ Gateway", "new"), (AMBER, ["unreadable-version"])),
        (told("Enphase", "IQ8 microinverter", "new"), (GREEN, ["known-and-recent"])),
        (told("KACO new energy", "blueplanet 5.0 TL3", "9.9"), (RED, ["unfixable"])),
        (told("Siemens", "Blue-Planet 105", ""), (RED, ["unfixable"])),
        (told("EG4", "", ""), (RED, ["unfixable"])),
        (told("Contec", "SolarView Compact", "8.00"), (RED, ["below-floor"])),
        (told("", "", "1.2"), (AMBER, ["unknown-model"])),
        (told(reached="open_port"), (RED, ["open-port"])),
        (told(seen_at=AT - timedelta(days=8)), (AMBER, ["silent"])),
        (told(seen_at=None), (AMBER, ["never-heard"])),
        (told(reports=False, seen_at=None), (AMBER, ["stale"])),
        (told(reports=False, seen_at=None, checked_at=AT - STALE_AFTER), (GREEN, ["known-and-recent"])),
        (told(reached="offline", checked_at=AT, seen_at=AT - timedelta(days=60)), (GREEN, ["known-and-recent"])),
        (
            told("Enphase", "Envoy", "7.0.1", reached="open_port", seen_at=None),
            (RED, ["below-floor", "open-port", "never-heard"]),
        ),
    ],
)
def test_verdicts(equipment, expected):
    assert codes(equipment) == expected


def test_a_makers_name_inside_another_is_not_that_maker():
    assert judge(told("Smappee", "Infinity"), AT).notes == ()
    assert [one.cause for one in judge(told("SMA Solar Technology", "Tripower"), AT).notes] == ["cloud-accounts"]
    assert [one.cause for one in judge(told("Sol-Ark", "12K"), AT).notes] == ["switched-off-from-afar"]


def test_notes_do_not_turn_a_card_amber():
    verdict = judge(told("Growatt", "ShineWiFi-X", "3.1.0"), AT)

    assert verdict.level == GREEN
    assert {one.cure for one in verdict.notes} == {"own-wifi", "own-password"}


def test_every_line_of_the_table_is_dated_has_a_source_and_fits_its_remedy():
    for floor in floors():
        assert floor.source
        assert floor.date[:4].isdigit()
        assert floor.remedy in {"update", "isolate", "note"}
        assert (version(floor.minimum.removeprefix(">")) is not None) == (floor.remedy == "update")
        assert all(one.startswith("CVE-") for one in floor.cves)


def test_a_line_without_source_is_not_taken():
    from metering.firmware import _floor

    row = {"maker": "a", "models": "", "minimum": "", "remedy": "isolate", "cause": "", "cure": "", "cves": ""}
    with pytest.raises(ValueError, match="source"):
        _floor({**row, "date": "2026", "source": ""})
    with pytest.raises(ValueError, match="minimum"):
        _floor({**row, "date": "2026", "source": "x", "remedy": "update"})


def test_other_floors_can_be_asked_for():
    floor = Floor(("acme",), (), "2.0", "update", "command-injection", "update-in-app", (), "2026", "test")

    assert judge(told("Acme", "X", "1.9"), AT, [floor]).level == RED
    assert set(RATED.values()) == {RED, AMBER, GREEN}
