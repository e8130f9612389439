"""The home's net demand curve, climbed by hand where a generated home seldom comes."""

from market.agents.ladder import Step, Terms, climb

CAR, BATTERY = 1, 2


def test_own_surplus_goes_first_to_the_car_that_the_retailer_would_have_to_serve():
    terms = Terms(200_000, 50_000, 1_000_000, 0, may_buy=False, may_sell=False)
    base_wh = {CAR: 0, BATTERY: 0}
    car, battery = Step(210_000, 500, CAR, True, True), Step(230_000, 500, BATTERY, True, False)

    orders = climb(-500, [car, battery], terms, base_wh)

    assert orders == []
    assert base_wh == {CAR: 500, BATTERY: 0}
