"""Which browser on which device a session's user agent tells of, in a few words."""

from django.utils.translation import gettext as _

# The first that is found counts: a browser names its ancestors, too.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"), ("Chrome/", "Chrome"), ("CriOS", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_DEVICES = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "Mac"),
    ("CrOS", "Chromebook"), ("Linux", "Linux"),
)  # fmt: skip


def browser(user_agent: str) -> str:
    """`Mozilla/5.0 (iPhone; …) … Safari/604.1` is "Safari, iPhone"; what is not known is "Another program"."""
    found = [next((name for mark, name in names if mark in user_agent), "") for names in (_BROWSERS, _DEVICES)]
    return ", ".join(name for name in found if name) or _("Another program")
