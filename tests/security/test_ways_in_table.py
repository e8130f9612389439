"""Every way in stands in the threat model's table with its strength, and passwords are as it says."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.urls import URLPattern, get_resolver
from rest_framework.settings import api_settings

from community.models import User
from tests import factories as make

ROOT = Path(__file__).parents[2]
# The addresses at which somebody can show who they are, by the row of the table that tells what is asked there.
WAYS = {
    "login": "password",
    "account_login": "password",
    "account_reauthenticate": "password",
    "mfa_authenticate": "+ code of an app, or recovery code",
    "mfa_reauthenticate": "+ code of an app, or recovery code",
    "mfa_login_webauthn": "passkey",
    "mfa_reauthenticate_webauthn": "passkey",
    "accept-invitation": "invitation",
    "account_reset_password": "forgotten password",
    "account_reset_password_done": "forgotten password",
    "account_reset_password_from_key": "forgotten password",
    "account_reset_password_from_key_done": "forgotten password",
    "admin:login": "operator's pages",
    "api-hand-over": "code that a device types",
}
# allauth's other addresses: for who has come in, or closed.
NO_WAY = {
    "logout", "account_logout", "account_inactive", "account_signup", "account_confirm_login_code",
    "account_request_reauthentication_code", "account_confirm_reauthentication_code", "account_email", "account_confirm_email", "account_email_verification_sent",
    "account_change_password", "account_set_password", "mfa_index", "usersessions_list", "mfa_activate_totp",
    "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes", "mfa_list_webauthn", "mfa_add_webauthn", "mfa_remove_webauthn",
    "mfa_edit_webauthn",
}  # fmt: skip
# The API is asked with one of these, and with nothing else.
CALLED_WITH = {
    "metering.api.authentication.TokenAuthentication": ["token of a gateway", "key of a meter (did:key)"]
}


def ways_of_the_table():
    text = (ROOT / "docs/threat-model.md").read_text()
    part = text.split("\n## Ways in\n")[1].split("\n## ")[0]
    return [line.split("|")[1].strip() for line in part.splitlines() if line.startswith("| ")][1:]


def named(patterns, before=""):
    """Every route's name and the module of its view."""
    for one in patterns:
        if isinstance(one, URLPattern):
            yield before + (one.name or ""), one.callback.__module__
        else:
            inner = f"{one.namespace}:" if one.namespace else ""
            yield from named(one.url_patterns, before + inner)


def test_every_way_in_stands_in_the_table_with_what_it_asks_and_its_limits():
    routes = dict(named(get_resolver().url_patterns))
    allauths = {name for name, module in routes.items() if module.startswith("allauth.")}
    classes = [f"{one.__module__}.{one.__name__}" for one in api_settings.DEFAULT_AUTHENTICATION_CLASSES]

    assert allauths - NO_WAY - set(WAYS) == set(), "a new page of allauth's is a way in, or says that it is none"
    assert [name for name in WAYS if name not in routes] == []
    assert set(classes) == set(CALLED_WITH)
    told = {*WAYS.values(), *(way for ways in CALLED_WITH.values() for way in ways)}
    assert set(ways_of_the_table()) == told


def test_each_row_of_the_table_is_filled():
    text = (ROOT / "docs/threat-model.md").read_text()
    part = text.split("\n## Ways in\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("| ")]

    assert len(rows) > 8
    assert [row for row in rows if len(row) != 3 or not all(cell.strip() for cell in row)] == []


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["code/", "code/confirm/"])
def test_no_code_by_mail_shows_again_who_somebody_is(client, settings, mailoutbox, path):
    settings.EMAIL_HOST = "mail.example"
    user = make.member(make.community(), "Ana").user
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    client.force_login(user)

    looked = client.get(f"/account/reauthenticate/{path}")
    asked = client.post(f"/account/reauthenticate/{path}", {"recipient": user.email, "email": user.email})

    assert (looked.status_code, asked.status_code, mailoutbox) == (403, 403, [])


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/account/login/code/confirm/", "/account/signup/"])
def test_allauths_other_ways_stay_closed(client, path):
    client.get(path)
    client.post(path, {"code": "123456", "email": "new@example.org", "password1": make.PASSWORD})

    assert "_auth_user_id" not in client.session
    assert User.objects.count() == 0


@pytest.mark.django_db
def test_a_password_of_ten_years_ago_still_opens_and_nothing_asks_for_another(client):
    member = make.member(make.community(), "Ana")
    long_ago = make.NOON - timedelta(days=3_650)
    User.objects.filter(pk=member.user_id).update(joined_at=long_ago, last_login=long_ago)

    answer = client.post("/login/", {"username": "ana@example.org", "password": make.PASSWORD}, follow=True)

    assert answer.wsgi_request.user == member.user
    assert [place for place, _status in answer.redirect_chain if "password" in place] == []
    assert [f.name for f in User._meta.get_fields() if re.search(r"expire|changed|password_", f.name)] == []


@pytest.mark.parametrize("word", ["Ab1!x", "password12", "1234567890", "luciaromero1"])
def test_a_password_that_is_short_usual_or_ones_own_name_is_refused(word):
    with pytest.raises(ValidationError):
        validate_password(word, User(email="lucia.romero@example.org", name="Lucía Romero"))
    assert "Argon2" in settings.PASSWORD_HASHERS[0]
