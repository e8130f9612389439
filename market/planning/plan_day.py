"""The cheapest day of a community inside the limits of its street."""

from market.grid.feeder import Feeder
from market.planning.day import Day
from market.planning.plan import DayPlan, read_plan
from market.planning.programme import programme
from market.planning.solver import Solver
from market.planning.street import Street
from market.planning.wanted import Wanted


def plan_day(day: Day, feeder: Feeder | None = None) -> DayPlan:
    """The plan of least cost for the whole community; without a feeder only the community's own limits count.

    Rows on demand: solve without the street, look at all slots with one sweep of the tree, add what is broken and
    go on from the same basis until nothing is. The answer is that of the programme with every limit of every slot.
    What no plan can do is in the answer, dear but not refused: a car's missing energy, a limit that firm load
    breaks. Raises FeederError, and ArithmeticError if the solver fails.
    """
    given, street = programme(day), Street(day, feeder)
    solver, wanted = Solver(given), Wanted(given, street)
    solver.run()
    while rows := wanted.rows(solver.x, solver.added):
        solver.add(rows)
        solver.run()
    return read_plan(given, street, solver)
