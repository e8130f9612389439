"""The API's description in the reader's language: what docstrings and help texts of the API say in English."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

PARTS = ("description", "summary")


def in_readers_language(result: dict[str, Any], **_given: Any) -> dict[str, Any]:
    """The OpenAPI document with its words in the language that is set; names, codes and examples stay."""
    _translate(result)
    return result


def _translate(part: Any) -> None:
    for key, value in list(part.items() if isinstance(part, dict) else enumerate(part)):
        if isinstance(value, (dict, list)):
            _translate(value)
        elif key in PARTS and isinstance(value, str):
            part[key] = "\n\n".join(map(_told, value.split("\n\n")))


def _told(paragraph: str) -> str:
    words = " ".join(paragraph.split())
    return gettext(words) if words in SAID else paragraph


SAID = frozenset(
    {
        _("Upload meter readings to, and read results from, a local energy market."),
        _("Redeem a code; it is worth nothing afterwards."),
        _("Take a file in at once and store it soon: all that your token may write, or nothing."),
        _("`Location` names the page that tells how far it is. The same file again is the same one."),
        _("what its hours mean"),
        _("of files that name no supply"),
        _("as the sender named it; curve files need theirs"),
        _("What became of a file that this token handed in."),
        _("The metering points that your token reaches."),
        _("Answer suggestions, all or none; the same again changes nothing, another answer replaces it."),
        _("The battery does half"),
        _("What a local month has and lacks; of the running month, what is over."),
        _("such as 2026-10"),
        _("The month's log: limits, what they held back, and how evenly; of the running month, so far."),
        _("Upload device reports; one that is already known changes nothing."),
        _("`model` and `firmware` of the newest one go to the home's list of equipment."),
        _("No response body"),
        _("The envelope of the home behind a metering point; 404 where the street's cables are not known."),
        _("The keys of a metering point, the newest first; those that have ended hold for what they signed."),
        _("Register a key; from then on readings for this metering point have to be signed with it."),
        _("Set-points of every cleared slot that starts in `[start, end)`, and what is meant for later."),
        _("Answer each with `acknowledgements`. Without an answer from here, `fallback` says what to do."),
        _("exclusive"),
        _("The newest version of every reading that starts in `[start, end)`, 400 days at most; JSON or CSV."),
        _(
            "A long answer comes in pages: the `Link` header names the next one. With `resolution`, sums "
            "by hour, local day or local month. With `as_of`, what was known then. With the `ETag` of an "
            "answer in `If-None-Match`, 304 says that it still holds. What was measured before the "
            "present resident came is left out."
        ),
        _("what was known then"),
        _("from the Link header of the page before"),
        _("rows a page, 5,000 unless told, 10,000 at most"),
        _("sums instead of readings"),
        _("Upload readings: all or nothing, or with `mode=partial` the good rows. Sent again, nothing changes."),
        _("JSON, JSON lines or CSV with a header; packed with gzip if you like."),
        _("where the meter has a key"),
        _("the same call twice is done once"),
        _("worse may replace better; needs readings:force"),
        _("of rows that come as CSV or JSON lines"),
        _("A quarter of an hour"),
        _("How many answers were new, replaced an older one, or said the same as before."),
        _("The answer to one device's set-point in one slot, whose `start` and `version` the plan told."),
        _("shown to the home's owner"),
        _("what the device does instead: needed with changed"),
        _("A span of which only the sum is known, by a dial."),
        _("Counts of the meter's intervals; `estimated` of the present ones are not measured."),
        _("of the month, or of what is over of it"),
        _("null where fewer than five homes trade"),
        _("null where the month began before the present resident came"),
        _("AC energy of a device in the slot: + take, − give; panels: Wh to hold back."),
        _("One limit; `phase` is empty where it is about all three together."),
        _("import, export, transformer, line, voltage_high or voltage_low"),
        _("of one more kWh through it, µ€"),
        _("W that the home may take and give at any time, whatever its neighbours do inside their envelopes."),
        _("Each from 0 to 1; null where there is nothing to compare, or fewer than five homes would be."),
        _("null where fewer than five homes stand behind it, as rent_neur is"),
        _("null where fewer than five homes bought or sold for it"),
        _("What to do in a slot without an answer from here."),
        _("of each battery, never to be discharged"),
        _("Energy that the cables held back, of what was asked for in the month; Wh."),
        _("The home behind the metering point; mean prices are null where it traded nothing."),
        _("Energy that a car will not have when it leaves, told as soon as it is known."),
        _("grid_full: the street's limits leave no more; no_time"),
        _("when it would be ready if it stayed"),
        _("What became of a file: `waiting`, `reading` or `storing` (`done` of `of`), `stored`, or `refused`."),
        _("A key by its name; a new one is signed by itself and, in the place of another, by that one, too."),
        _("did:key of Ed25519"),
        _("the present key's, base64"),
        _("What a device is meant to do in hours that are not cleared yet: + take, − give; it may still change."),
        _("charge, discharge, hold or ev_charge"),
        _("when to begin, so that a street does not in one second"),
        _("why, as a stable code"),
        _("changes with anything below"),
        _("RFC 9457; `code` is stable, the words follow Accept-Language."),
        _("The newest version of one interval."),
        _("One interval; its length is the metering point's resolution."),
        _("with offset, on the meter's grid"),
        _("of a register, with offset"),
        _("`average_power` takes `power_w` in the place of `energy_wh`; `register` takes `at` and `register_wh`."),
        _(
            "What all agents of the street were told before they ordered: the same for everybody, of no "
            "home alone."
        ),
        _("of one more stored kWh, from empty to full"),
        _("mean import price of the week"),
        _("share of what batteries can give that the limit on import needs"),
        _("share of what batteries can take that the limit on export needs"),
        _("digests of the policies followed"),
        _("One cleared slot; `scheduled_net_wh` is what the home should draw in sum (+ import, − export)."),
        _("to name in the acknowledgement"),
        _("What a device said at one instant; `energy_wh` since the report before, + taken, − given."),
        _(
            "All homes together. Figures of power flow are null where it did not look, sums where few homes make "
            "them."
        ),
        _("null where fewer than five homes make it, as the next two are"),
        _("with at least one limit full"),
        _("gain that what was held back would have brought, n€"),
        _("Energy of an hour, a local day or a local month; `present` of the `expected` intervals are known."),
        _("The token's text is told this once."),
        _("What became of an upload; `errors` names up to 100 rejected rows."),
        _("the first of them"),
    }
)
