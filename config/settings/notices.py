"""How members are told what happens: where links lead, and what push services are told of the site."""

import os

# Where members reach the site, such as https://azotea.example: links in letters begin with it.
SITE_URL = os.environ.get("SITE_URL", "").rstrip("/")
# The site's key for web push (`manage.py make_push_keys`); without it nothing is pushed.
PUSH_KEY = os.environ.get("PUSH_KEY", "")
# Whom a push service may write to about this site: mailto:… or https://…
PUSH_CONTACT = os.environ.get("PUSH_CONTACT", "") or os.environ.get("AZOTEA_SECURITY_CONTACT", "")
# The push services of the browsers in use; no other host is sent anything, whatever a browser says.
PUSH_SERVICES = tuple(
    os.environ.get(
        "PUSH_SERVICES",
        "fcm.googleapis.com,updates.push.services.mozilla.com,*.push.apple.com,*.notify.windows.com",
    ).split(",")
)
