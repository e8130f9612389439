"""What every answer tells the browser: what it may load and run, who may frame it, and that it keeps no copy."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Text becomes elements in one way only: by the policy of static/js/trusted-types.js. An address becomes a worker
# in one way only: by that of static/js/azotea.js, which lets our own through.
TRUSTED_TYPES = "; require-trusted-types-for 'script'; trusted-types default azotea"
POLICY = (
    "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "font-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "object-src 'none'",
        ]
    )
    + TRUSTED_TYPES
)
# Django's own pages for the operator bring a jQuery that writes text into elements while it starts.
OPERATOR_POLICY = POLICY.removesuffix(TRUSTED_TYPES)

# What pages may ask a device for: nothing but passkeys.
DEVICES = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer", "microphone",
    "midi", "payment", "serial", "usb",
)  # fmt: skip
PASSKEYS = ("publickey-credentials-create", "publickey-credentials-get")
# Some of these Django sets, too; but not on files, nor on what it refuses before it looks at the address.
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join([f"{one}=()" for one in DEVICES] + [f"{one}=(self)" for one in PASSKEYS]),
}
LEAVING = {"logout", "account_logout"}


class SecurityHeaders:
    """The first of all middleware, so that no answer goes out without: no error, no redirection, no file.

    What a view says itself counts. An answer that says nothing about copies may not be copied.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        place = request.resolver_match
        operator = place is not None and place.app_names[:1] == ["admin"]
        response.headers.setdefault("Content-Security-Policy", OPERATOR_POLICY if operator else POLICY)
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        if request.method == "POST" and place is not None and place.url_name in LEAVING:
            # Not "storage": there the browser remembers heads of the log, which must outlive a log-out. Nothing
            # else is kept there, and the service worker keeps no page of anybody.
            response.headers["Clear-Site-Data"] = '"cache"'
        return response
