"""Writing the file of coefficients as distributors take it: UTF-8, a comma, six decimals, sums of exactly one."""

from collections.abc import Iterable, Mapping, Sequence

from market.settlement.apportion import apportion
from market.settlement.coefficients.codes import is_cau, is_cups

MILLION = 1_000_000
CRLF, LF = "\r\n", "\n"  # two habits: CRLF without one at the end, and LF
YEAR_HOURS = (8_760, 8_784)
Beta = int | Sequence[int]


def file_name(cau: str, year: int) -> str:
    """The name that distributors expect. Raises ValueError for a CAU that cannot be.

    >>> file_name("ES9999000000000001DS0FA000", 2026)
    'ES9999000000000001DS0FA000_2026.txt'
    """
    if not is_cau(cau):
        raise ValueError(f"{cau} is no CAU: the supply's CUPS, A and three digits.")
    return f"{cau}_{year:04}.txt"


def shares_ppm(shares: Sequence[int]) -> list[int]:
    """Shares as typed (in any unit) to millionths that add up to one million: largest remainders.

    Raises ValueError if all are zero or one is negative.

    >>> shares_ppm([1, 1, 1])
    [333334, 333333, 333333]
    """
    if min(shares, default=-1) < 0 or not any(shares):
        raise ValueError("Shares must not be negative, and not all zero.")
    return apportion(MILLION, shares)


def write(beta_ppm: Mapping[str, Beta], line_end: str = CRLF) -> bytes:
    """The file of one plant: each supply's β, one for the year or one for each of its hours (millionths).

    Raises ValueError for codes or sums that the distributor would refuse.
    """
    if line_end not in {CRLF, LF}:
        raise ValueError("Lines end with CRLF or LF.")
    if wrong := [cups for cups in beta_ppm if not is_cups(cups)]:
        raise ValueError(f"Not a CUPS: {', '.join(wrong)}.")
    hours = {0 if isinstance(beta, int) else len(beta) for beta in beta_ppm.values()}
    if hours == {0}:
        _adds_up([[beta for beta in beta_ppm.values() if isinstance(beta, int)]])
        lines = [f"{cups};{_decimal(beta)}" for cups, beta in beta_ppm.items() if isinstance(beta, int)]
    elif len(hours) == 1 and hours <= set(YEAR_HOURS):
        by_supply = {cups: list(beta) for cups, beta in beta_ppm.items() if not isinstance(beta, int)}
        _adds_up(zip(*by_supply.values(), strict=True))
        lines = [
            f"{cups};{hour:04};{_decimal(beta)}"
            for cups, own in by_supply.items()
            for hour, beta in enumerate(own, start=1)
        ]
    else:
        raise ValueError("Either every supply has one coefficient, or each has one for every hour of the year.")
    return (line_end.join(lines) + (LF if line_end == LF else "")).encode()


def _adds_up(rows: Iterable[Sequence[int]]) -> None:
    for number, row in enumerate(rows, start=1):
        if min(row) < 0 or sum(row) != MILLION:
            said = _decimal(sum(row))
            raise ValueError(f"The coefficients of hour {number} must add up to 1,000000, not {said}.")


def _decimal(ppm: int) -> str:
    return f"{ppm // MILLION},{ppm % MILLION:06}"
