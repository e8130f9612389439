"""Rows of figures as HTML: what stands in them is text, whatever it says."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from community.table_rows import Cell, TableRow, written
from tests import factories as make

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)
CELLS = st.builds(Cell, text=TEXTS, look=st.sampled_from(["", "num", "num sold"]), note=TEXTS)


class Read(HTMLParser):
    """The tags, the texts and the attributes' values of what was written."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.texts, self.values = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.values += [value for _name, value in attrs]
        self.texts.append("")

    def handle_endtag(self, tag):
        self.texts.append("")

    def handle_data(self, data):
        self.texts[-1] += data


@given(TEXTS, TEXTS, TEXTS, st.lists(CELLS, max_size=4))
def test_every_text_stays_a_text(head, address, badge, cells):
    found = Read(written([TableRow(head, cells, address=address, badge=badge)]))

    assert found.tags == ["tr", "th", "a", "span", *(tag for _cell in cells for tag in ("td", "abbr"))]
    assert {head, badge, address} <= {*found.texts, *found.values}
    for cell in cells:
        assert f"{cell.text} " in found.texts
        assert cell.note in found.values


def test_a_row_says_where_it_stands_in_the_day():
    row = TableRow("12:00", [Cell("—")], look="mine", start=make.NOON)

    assert written([row]) == (
        '<tr class="mine" data-start="2026-11-23T11:00:00+00:00"><th scope="row">12:00</th>'
        '<td class="num">—</td></tr>'
    )
