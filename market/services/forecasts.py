"""Renewing what is expected of each home, and learning to foretell it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction

from community.models import Community
from community.queries import active_households
from community.tariffs import is_off_peak_day
from market.agents import forecast_net_load
from market.agents.forecasting import History, RidgeModel, ShortHistory, Weather, fit
from market.agents.forecasting.calendar import Calendar
from market.agents.forecasting.split import parts
from market.models import Forecast, Forecaster
from market.queries import history as queries
from market.queries.due import LEARN_EVERY, RENEW_FORECASTS_EVERY

# What is read to foretell, and what is read to learn: running figures forget within weeks, weights do not.
HISTORY = timedelta(days=28)
LESSON = timedelta(days=91)
# Two days, so that agents still see a whole day ahead just before the next renewal.
AHEAD = timedelta(days=2)
# A model that old foretells better than a profile still; an older one may know another season only.
FORGOTTEN_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Past:
    """The metered past of a community's homes that ends with the slot before `first + slots`."""

    homes: list[int]
    first: datetime
    net_wh: queries.Floats
    history: History

    @property
    def end(self) -> datetime:
        """Where the past ends and the forecast begins."""
        return self.first + timedelta(minutes=self.history.slot_minutes) * self.history.slots


@transaction.atomic
def renew_forecasts(*, community: Community, at: datetime) -> None:
    """Issue a forecast for every trading home if the last one is too old; else change nothing.

    The community's own model foretells if it has learned one lately, else the profile of recent days.
    """
    Community.objects.select_for_update(no_key=True).get(pk=community.pk)
    issued = queries.last_issue(community.pk, at)
    if issued is not None and at - issued < RENEW_FORECASTS_EVERY:
        return
    past = _past(community, HISTORY, at)
    model = _model(community, at)
    rows = _by_profile(past, community) if model is None else _by_model(past, model)
    step = timedelta(minutes=community.slot_minutes)
    for row, known in zip(rows, _known_slots(past.net_wh), strict=True):
        row.issued_at = at
        row.first_start = past.end
        row.slot_minutes = community.slot_minutes
        row.known_until = past.first + step * known if known else None
    Forecast.objects.bulk_create(rows)


def learn(*, community: Community, at: datetime) -> None:
    """Fit the community's model anew if it is a day old and there is enough past; else change nothing.

    Nothing is locked while it learns, which takes seconds: of two that learn at once the later one is kept.
    """
    kept = Forecaster.objects.filter(community=community, fitted_at__lte=at).first()
    if kept is not None and at - kept.fitted_at < LEARN_EVERY:
        return
    past = _past(community, LESSON, at)
    try:
        model = fit(past.history, AHEAD // timedelta(minutes=community.slot_minutes))
    except ShortHistory:
        return
    Forecaster.objects.update_or_create(
        community=community,
        defaults={
            "fitted_at": at,
            "learned_from": past.first,
            "learned_until": past.end,
            "homes": len(past.homes),
            "model": model.to_json(),
        },
    )


def _past(community: Community, span: timedelta, at: datetime) -> Past:
    """What is known at `at` of the last `span`, from the first slot that anything is known of."""
    minutes = community.slot_minutes
    step = timedelta(minutes=minutes)
    homes = [home.pk for home in active_households(community.pk)]
    end = at - (at - datetime.fromtimestamp(0, at.tzinfo)) % step
    slots, first = span // step, end - span
    net_wh = queries.net_load(homes, first, slots, minutes, at)
    skipped = _first_known(net_wh)
    first, slots = first + step * skipped, slots - skipped
    net_wh = net_wh[:, skipped:]
    metered_wh = queries.generation(homes, first, slots, minutes, at)
    calendar = Calendar.of(first, slots, minutes, community.zone, is_off_peak_day)
    load_wh, pv_wh = parts(net_wh, metered_wh, queries.peak_power(homes), calendar)
    told = queries.weather(community.pk, first, slots + AHEAD // step, minutes)
    weather = None if told is None else Weather(*told)
    history = History(load_wh, pv_wh, first, minutes, community.zone, is_off_peak_day, weather)
    return Past(homes, first, net_wh, history)


def _first_known(net_wh: queries.Floats) -> int:
    """The first slot of which any home's net load is known; the number of slots if there is none."""
    known = (~np.isnan(net_wh)).any(axis=0)
    return int(known.argmax()) if known.any() else net_wh.shape[1]


def _known_slots(net_wh: queries.Floats) -> list[int]:
    """How many slots of each home lie before the end of its newest known one."""
    slots = net_wh.shape[1]
    return [int(np.flatnonzero(row)[-1]) + 1 if slots and row.any() else 0 for row in ~np.isnan(net_wh)]


def _model(community: Community, at: datetime) -> RidgeModel | None:
    """The model that the community has learned by `at`, if it still fits its slots and its season."""
    kept = Forecaster.objects.filter(community=community, fitted_at__lte=at).first()
    if kept is None or at - kept.fitted_at > FORGOTTEN_AFTER:
        return None
    model = RidgeModel.from_json(kept.model)
    steps = AHEAD // timedelta(minutes=community.slot_minutes)
    return model if (model.slot_minutes, model.horizon) == (community.slot_minutes, steps) else None


def _by_profile(past: Past, community: Community) -> list[Forecast]:
    answer = forecast_net_load(
        past.net_wh,
        past.end,
        AHEAD // timedelta(minutes=community.slot_minutes),
        slot_minutes=community.slot_minutes,
        zone=community.zone,
        is_rest_day=is_off_peak_day,
    )
    return [
        Forecast(household_id=home, net_load_wh=net_wh.tolist(), days_seen=int(days))
        for home, net_wh, days in zip(past.homes, answer.net_wh, answer.days_seen, strict=True)
    ]


def _by_model(past: Past, model: RidgeModel) -> list[Forecast]:
    made = model.predict(past.history)
    days = _days_seen(past)
    quantiles = made.net_quantiles_wh
    assert quantiles is not None
    return [
        Forecast(
            household_id=home,
            net_load_wh=_whole(made.net_wh[i, 0]),
            load_wh=_whole(made.load_wh[i, 0]),
            pv_wh=_whole(made.pv_wh[i, 0]),
            low_wh=_whole(quantiles[0, i, 0]),
            median_wh=_whole(quantiles[1, i, 0]),
            high_wh=_whole(quantiles[2, i, 0]),
            model="ridge",
            days_seen=days[i],
        )
        for i, home in enumerate(past.homes)
    ]


def _days_seen(past: Past) -> list[int]:
    day = past.history.calendar(0).day
    return [len(np.unique(day[~np.isnan(row)])) for row in past.net_wh]


def _whole(values: np.ndarray) -> list[int]:
    answer: list[int] = np.rint(values).astype(int).tolist()
    return answer
