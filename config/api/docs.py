"""The API's try-it page, served from this site without any inline script."""

from typing import Any

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from config.middleware.headers import OPERATOR_POLICY


@extend_schema(exclude=True)
class TryItView(SpectacularSwaggerSplitView):  # type: ignore[misc]
    """Swagger UI. It sets style attributes and makes elements of text, so this one page allows both."""

    url_name = "api-schema"
    url_self = None

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)
        response.headers["Content-Security-Policy"] = OPERATOR_POLICY.replace(
            "style-src 'self'", "style-src 'self' 'unsafe-inline'"
        )
        return response
