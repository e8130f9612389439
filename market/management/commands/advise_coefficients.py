"""`manage.py advise_coefficients street.json`: which fixed coefficients would have suited a pilot's year best."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from market.models import Pilot
from market.pilot.curves import Year, year_of
from market.pilot.scenario import Scenario
from market.pilot.street import Tariffs
from market.settlement.coefficients.adviser import FAIREST, MOST, Advice, advise
from market.settlement.coefficients.curves import Curves


class Command(BaseCommand):
    help = "Finds the coefficients with which the homes of a pilot would share their roofs best in its year."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("pilot", help="A pilot's address (its UUID), or a file with a scenario in JSON.")
        parser.add_argument("--aim", choices=[MOST, FAIREST], default=MOST)

    def handle(self, *args: Any, **options: Any) -> None:
        scenario = Scenario.of(self._said(options["pilot"]))
        year = year_of(scenario)
        curves = curves_of(scenario, year)
        if not curves.production_wh.any():
            raise CommandError("No home of this street has panels: there is nothing to share.")
        advice = advise(curves, aim=options["aim"])
        assert advice is not None, "without a share today there is always an answer"
        self._tell(scenario, advice)

    def _said(self, name: str) -> Any:
        path = Path(name)
        if path.exists():
            return json.loads(path.read_text(encoding="utf-8"))
        try:
            return Pilot.objects.get(public_id=name).scenario
        except (Pilot.DoesNotExist, ValueError) as error:
            raise CommandError(f"There is no pilot and no file {name}.") from error

    def _tell(self, scenario: Scenario, advice: Advice) -> None:
        width = max(len(home.name) for home in scenario.homes)
        for home, beta, saved in zip(scenario.homes, advice.beta_ppm, advice.saving_neur, strict=True):
            self.stdout.write(f"{home.name:{width}}  {beta / 1e6:.6f}  {saved / 1e9:10.2f} €")
        self.stdout.write(f"{'all':{width}}  {1:.6f}  {sum(advice.saving_neur) / 1e9:10.2f} € a year")


def curves_of(scenario: Scenario, year: Year) -> Curves:
    """The year's common production of all roofs, and each home's need and prices, by the hour."""
    hours = slice(year.begin, year.hours)
    tariffs = Tariffs(scenario, year)
    count = year.hours - year.begin
    bought, paid = [], []
    for i in range(len(scenario.homes)):
        imports, feed_ins, _bands = tariffs.ahead(i, year.begin, count)
        bought.append(imports)
        paid.append(feed_ins)
    return Curves(
        year.sun_wh[:, hours].sum(axis=0),
        year.load_wh[:, hours].T,
        np.array(bought, dtype=np.int64).T,
        np.array(paid, dtype=np.int64).T,
    )
