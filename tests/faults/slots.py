"""A street whose slots the market itself clears while a cable is full: clearing them again comes to the same."""

from community.models import Community, Feeder, Line, Node
from market.models import Slot
from market.services.clear import clear_slot
from tests import factories as make
from tests.market.test_settling import order

# Less than Carla wishes for: what she pays beyond what Ana gets is the cable's rent.
LIMIT_A = 3.5


def homes_of(street, ana=None):
    """Ana, Bruno, and Carla behind the cable; prices go by the place in the street."""
    Community.objects.filter(pk=street.pk).update(price_rule=Community.PriceRule.LOCATIONAL)
    feeder = Feeder.objects.create(community=street, name="Calle")
    busbar, behind = (Node.objects.create(feeder=feeder, code=code) for code in ("busbar", "behind"))
    Line.objects.create(
        feeder=feeder, code="cable", parent=busbar, child=behind, r_ohm=0.1, x_ohm=0.05, limit_a=LIMIT_A
    )
    offer = make.tariff()
    owners, nodes = {"Ana": ana, "Bruno": None, "Carla": None}, (busbar, busbar, behind)
    homes = [make.home(street, name, offer, owner) for name, owner in owners.items()]
    for home, node in zip(homes, nodes, strict=True):
        home.node = node
        home.save(update_fields=["node"])
    street.refresh_from_db()
    return homes


def cleared(street, homes, start=make.NOON):
    """A slot in which Ana offers 2,000 Wh, Bruno buys 400 Wh, and Carla the 600 Wh and a little that she can get."""
    slot = make.slot(street, start)
    ana, bruno, carla = homes
    order(slot, ana, "sell", 2_000, 60_000)
    order(slot, bruno, "buy", 400, 150_000)
    order(slot, carla, "buy", 900, 150_000, kind="flexible")
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    return Slot.objects.get(pk=slot.pk)
