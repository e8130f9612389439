"""The visual language at one glance, for those who build pages."""

from types import SimpleNamespace

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from community.datebar import DateBar, View
from community.pages import page

COLOURS = (
    ("paper", "the page"), ("card", "what lies on it"), ("ink", "text, price"), ("soft", "quieter text"),
    ("line", "hairlines"), ("edge", "borders of controls"), ("sun", "you sell, your roof"),
    ("sea", "you buy"), ("battery", "stored"), ("attention", "links, now, warnings"),
    ("band", "between feed-in and retail price"),
)  # fmt: skip
SIZES = (30, 25, 20, 16, 14, 13)


class SampleForm(forms.Form):
    """One field of each kind; the first has an error."""

    price = forms.DecimalField(label="Sell at no less than", help_text="What you receive for each kWh.")
    objective = forms.ChoiceField(
        label="What matters most",
        choices=[("savings", "Savings"), ("revenue", "Revenue")],
        widget=forms.RadioSelect,
        initial="savings",
    )
    paused = forms.BooleanField(label="Pause", required=False, help_text="Your retailer supplies you as before.")


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Colours, type and pieces as the CSS draws them. `Http404` on a site that is not being built."""
    if not settings.DEBUG:
        raise Http404("The style page is for development.")
    form = SampleForm({"price": "twelve", "objective": "savings"})
    bar = DateBar(
        title="Sunday, 22 November", previous="?d=1", previous_label="The day before", next=None,
        next_label="The day after", today="?", today_label="Today",
        views=(View("Day", "?v=day", True), View("Month", "?v=month", False)),
    )  # fmt: skip
    context = {"section": "", "form": form, "bar": bar, "colours": COLOURS, "sizes": SIZES}
    return page(
        request, "styleguide.html", context | {"empty": SimpleNamespace(address="#", action="Hand in a file")}
    )
