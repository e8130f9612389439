"""Every address of the site."""

from allauth.account.decorators import reauthentication_required, secure_admin_login
from allauth.account.views import login, logout
from allauth.usersessions.views import list_usersessions
from django.contrib import admin
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path
from django.utils.translation import pgettext_lazy
from django.views.generic import RedirectView

from community.access import operator_may
from community.views.second_factor import NewCodes, NewKey
from config.disclosure import security_txt

# The operator comes in by the same door as everybody, with the same limits and second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.has_permission = operator_may  # type: ignore[method-assign]

admin.site.site_header = admin.site.site_title = "Azotea"
admin.site.index_title = pgettext_lazy("navigation", "Tables")

handler500 = "config.middleware.busy.broken"
# Django's own reads the form that came, which may be none.
handler404 = "community.pages.not_found"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("market.urls")),
    path("", include("community.urls")),
    path("", include("metering.urls")),
    path("login/", login, name="login"),
    path("logout/", logout, name="logout"),
    path("account/", include("allauth.account.urls")),
    path("account/second-factor/totp/activate/", NewCodes.as_view(), name="mfa_activate_totp"),
    path("account/second-factor/webauthn/add/", NewKey.as_view(), name="mfa_add_webauthn"),
    path("account/second-factor/", include("allauth.mfa.urls")),
    path(
        "account/sessions/", reauthentication_required(list_usersessions, allow_get=True), name="usersessions_list"
    ),
    path("language/", include("django.conf.urls.i18n")),
    path("api/v1/", include("config.api.urls")),
    path("operator/", admin.site.urls),
    path(".well-known/security.txt", security_txt, name="security_txt"),
    path("favicon.ico", RedirectView.as_view(url=static("img/azotea.svg"))),
]
