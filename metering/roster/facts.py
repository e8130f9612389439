"""What a list of neighbours is made of."""

from typing import NamedTuple

# The columns in the template's order, and what they may be called as well.
COLUMNS = {
    "name": {"name", "nombre", "neighbour", "vecino", "vecina", "titular", "nom", "veí", "veïna"},
    "email": {"email", "e-mail", "mail", "correo", "correo electrónico", "correu", "correu electrònic"},
    "home": {"home", "hogar", "vivienda", "piso", "casa", "llar", "habitatge", "pis"},
    "cups": {"cups"},
    "tariff": {"tariff", "tarifa", "contract tariff", "contrato", "contracte"},
    "priority": {"priority", "prioridad", "prioritat"},
    "node": {"node", "nudo", "nodo", "connection", "conexión", "connexió"},
}
MOST_MIB = 2
MOST_ROWS = 500
MOST_COLUMNS = 40
MOST_LETTERS = 200  # of a cell
MOST_TOLD = 60  # letters of a cell that are told back


class RosterLine(NamedTuple):
    """One home as the list has it, plain texts, empty ones say nothing; `row` counts from one."""

    row: int
    name: str = ""
    email: str = ""
    home: str = ""
    cups: str = ""
    tariff: str = ""
    priority: str = ""
    node: str = ""


class RosterFault(ValueError):
    """The file cannot be read as a list: `code` says why, `row` where (0: nowhere), `told` what stands there."""

    def __init__(self, code: str, row: int = 0, told: str = "") -> None:
        shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in told[:MOST_TOLD])
        super().__init__(f"{code} {row} {shown}")
        self.code, self.row, self.told = code, row, shown
