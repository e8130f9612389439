"""Coming in: password, code of an app, passkey, recovery code; limits; sessions; fresh proof before what matters."""

import json
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal import auth as recovery_codes
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher, check_password
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client, override_settings

from community.models import Member, User
from community.services import members as membership
from config import clock
from config.sealing import CannotUnseal, unseal
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def street():
    return make.community()


@pytest.fixture
def ana(street):
    return make.member(street, "Ana")


def log_in(client, password=make.PASSWORD, email="ana@example.org", **more):
    return client.post("/login/", {"username": email, "password": password, **more})


def inside(client):
    return "_auth_user_id" in client.session


def with_app(user):
    """The user with an app for codes; its secret."""
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(user, secret)
    return secret


def code_of(secret):
    counter = int(time.time()) // 30
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


def test_the_password_lets_in_and_is_kept_by_argon2(client, ana):
    assert log_in(client).status_code == 302
    assert inside(client)
    kept = ana.user.password
    assert "argon2" not in kept
    assert unseal(kept.removeprefix("sealed$")).startswith("argon2$argon2id$")


def test_who_reads_the_database_without_the_sites_key_cannot_try_a_word_on_a_password(ana):
    with override_settings(SEALING_KEYS="another"), pytest.raises(CannotUnseal):
        check_password(make.PASSWORD, ana.user.password)


@pytest.mark.parametrize("older", [Argon2PasswordHasher, PBKDF2PasswordHasher])
def test_a_hash_from_before_opens_and_is_sealed_at_the_next_login(client, ana, older):
    User.objects.filter(pk=ana.user_id).update(password=older().encode(make.PASSWORD, "abcdefghijklmnop" * 2))

    assert log_in(client).status_code == 302
    assert inside(client)
    assert User.objects.get(pk=ana.user_id).password.startswith("sealed$")


def test_the_sites_key_is_changed_without_anybodys_password(ana):
    old, plain = settings.SEALING_KEYS, Argon2PasswordHasher().encode(make.PASSWORD, "abcdefghijklmnop" * 2)
    elder = make.member(ana.community, "Berta")
    User.objects.filter(pk=elder.user_id).update(password=plain)
    nobody = User.objects.create_user("carla@example.org", name="Carla")

    with override_settings(SEALING_KEYS=f"new,{old}"):
        call_command("reseal")

    with override_settings(SEALING_KEYS="new"):
        for email in ("ana@example.org", "berta@example.org"):
            assert check_password(make.PASSWORD, User.objects.get(email=email).password)
        assert not User.objects.get(pk=nobody.pk).has_usable_password()


def test_the_sites_key_is_changed_and_code_apps_and_recovery_codes_go_on_working(ana):
    old, secret = settings.SEALING_KEYS, with_app(ana.user)
    codes = recovery_codes.RecoveryCodes.activate(ana.user).get_unused_codes()
    passkey = {"name": "Phone", "credential": {}, "secret_of_theirs": ""}
    Authenticator.objects.create(user=ana.user, type="webauthn", data=passkey)

    with override_settings(SEALING_KEYS=f"new,{old}"):
        call_command("reseal")

    with override_settings(SEALING_KEYS="new"):
        own = {factor.type: factor for factor in Authenticator.objects.filter(user=ana.user)}
        assert own["totp"].wrap().validate_code(code_of(secret))
        assert own["recovery_codes"].wrap().get_unused_codes() == codes
        assert own["webauthn"].data == passkey


def test_known_and_unknown_people_get_the_same_answer(client, ana):
    answers = [log_in(client, "not the password", email) for email in ("ana@example.org", "nobody@example.org")]

    assert not inside(client)
    assert [answer.status_code for answer in answers] == [200, 200]
    known, unknown = (answer.context["form"].errors.as_json() for answer in answers)
    assert known == unknown != "{}"


def test_guessing_ends_after_five_attempts_even_with_the_right_password(client, ana):
    for _ in range(5):
        log_in(client, "not the password")

    log_in(client)

    assert not inside(client)


def test_an_address_in_front_of_the_proxy_does_not_reset_the_limit(client, ana, settings):
    settings.BEHIND_PROXY = True
    for n in range(31):
        answer = client.post(
            "/login/",
            {"username": f"n{n}@example.org", "password": "wrong"},
            headers={"x-forwarded-for": f"10.0.0.{n}, 192.0.2.1"},
        )
    assert answer.status_code == 429


def test_after_the_password_the_app_is_asked_and_a_code_works_once(client, ana):
    secret = with_app(ana.user)

    answer = log_in(client)

    assert answer["location"] == "/account/second-factor/authenticate/"
    assert not inside(client)
    code = code_of(secret)
    assert client.post(answer["location"], {"code": "000000" if code != "000000" else "111111"}).status_code == 200
    assert not inside(client)
    client.post(answer["location"], {"code": code})
    assert inside(client)
    client.post("/logout/")
    log_in(client)
    client.post("/account/second-factor/authenticate/", {"code": code})
    assert not inside(client), "a code that was seen over a shoulder works no second time"


def test_a_recovery_code_works_once(client, ana):
    with_app(ana.user)
    RecoveryCodes.activate(ana.user)
    code = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()[0]

    log_in(client)
    client.post("/account/second-factor/authenticate/", {"code": code})
    assert inside(client)
    client.post("/logout/")
    log_in(client)
    client.post("/account/second-factor/authenticate/", {"code": code})
    assert not inside(client)


def test_the_apps_secret_lies_sealed(ana):
    secret = with_app(ana.user)

    stored = Authenticator.objects.get(type="totp").data["secret"]

    assert secret not in json.dumps(stored)
    assert unseal(stored) == secret


def test_an_invitation_is_no_way_around_the_second_factor(client, street, ana):
    with_app(ana.user)
    other = make.community(slug="otra")
    zoe = make.member(other, "Zoe", Member.Role.ADMIN)
    _, secret = membership.invite(invited_by=zoe, email="ana@example.org", household=None, at=make.NOON)

    answer = client.post(f"/join/{secret}/", {"password": make.PASSWORD})

    assert answer["location"] == "/account/second-factor/authenticate/"
    assert not inside(client)


@pytest.fixture
def link(ana):
    """Where Ana, who has a login, is invited to another street."""
    zoe = make.member(make.community(slug="otra"), "Zoe", Member.Role.ADMIN)
    invited = {"email": "ana@example.org", "household": None, "role": Member.Role.ADMIN}
    _, secret = membership.invite(invited_by=zoe, at=clock.now(), **invited)
    return f"/join/{secret}/"


def joined(user):
    return Member.objects.filter(user=user, community__slug="otra").exists()


def test_nobody_joins_before_the_second_factor_and_after_it_one_click_is_enough(client, ana, link):
    secret = with_app(ana.user)
    asks = client.post(link, {"password": make.PASSWORD})["location"]
    assert not joined(ana.user)

    back = client.post(asks, {"code": code_of(secret)})

    assert back["location"] == link
    assert not joined(ana.user)
    assert "password" not in client.get(link).context["form"].fields
    assert client.post(link)["location"] == "/neighbours/"
    assert joined(ana.user)


def test_somebody_elses_session_accepts_no_invitation(client, street, ana, link):
    client.force_login(make.member(street, "Eva").user)

    assert client.post(link).status_code == 422
    assert not Member.objects.filter(community__slug="otra").exclude(user__email="zoe@example.org").exists()


def test_guesses_at_an_invitation_and_at_the_door_are_counted_together(client, ana, link):
    for n in range(5):
        guess = {"password": "not the password"}
        client.post(link, guess) if n % 2 else log_in(client, guess["password"])

    answer = client.post(link, {"password": make.PASSWORD})

    assert answer.status_code == 422
    assert not inside(client)
    assert not joined(ana.user)
    log_in(client)
    assert not inside(client), "the door is closed as well"


def test_guesses_at_an_invitation_from_many_addresses_end_as_well(client, ana, link, settings):
    settings.BEHIND_PROXY = True
    for n in range(6):
        client.post(link, {"password": "not it"}, headers={"x-forwarded-for": f"198.51.100.{n}"})

    client.post(link, {"password": make.PASSWORD}, headers={"x-forwarded-for": "203.0.113.9"})

    assert not inside(client)


def test_an_address_that_guesses_at_many_invitations_is_told_to_wait(client, ana, link):
    codes = [client.post(link, {"password": f"guess {n}"}).status_code for n in range(31)]

    assert codes[-1] == 429


@pytest.mark.parametrize("path", ["/account/signup/", "/account/signup/passkey/"])
def test_nobody_signs_up_without_an_invitation(client, path):
    client.post(path, {"email": "new@example.org", "password1": make.PASSWORD})

    assert not User.objects.filter(email="new@example.org").exists()


def test_an_administrator_without_a_second_factor_sees_nothing_of_others(client, street, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    marta = make.member(street, "Marta", Member.Role.ADMIN)
    client.force_login(marta.user)

    for path in ("/neighbours/", "/closing/", "/payments/", "/completeness/", "/gateways/", "/tariffs/"):
        assert client.get(path)["location"] == "/account/second-factor/", path
    with_app(marta.user)
    assert client.get("/neighbours/").status_code == 200


def set_up_codes(client):
    """Codes of an app, as the page sets them up."""
    client.get("/account/second-factor/totp/activate/")
    code = code_of(client.session["mfa.totp.secret"])
    return client.post("/account/second-factor/totp/activate/", {"code": code})


def test_who_came_in_by_the_password_alone_is_outside_once_there_is_a_second_factor(client, street, settings):
    """Otherwise whoever knows a password would wait inside for its owner to set one up."""
    settings.SECOND_FACTOR_REQUIRED = True
    make.member(street, "Marta", Member.Role.ADMIN)
    waiting = Client()
    log_in(waiting, email="marta@example.org")
    log_in(client, email="marta@example.org")

    assert set_up_codes(client).status_code == 302

    assert waiting.get("/neighbours/")["location"].startswith("/login/")
    assert client.get("/neighbours/").status_code == 200


def test_a_further_factor_ends_nothing_that_was_opened_with_the_first(client, ana):
    other = Client()
    with_app(ana.user)
    Authenticator.objects.filter(user=ana.user).update(type=Authenticator.Type.WEBAUTHN)
    client.force_login(ana.user)
    other.force_login(ana.user)

    set_up_codes(client)

    assert inside(other)


def test_the_operator_needs_one_too(client, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    op = User.objects.create_superuser("op@example.org", make.PASSWORD, name="Op")
    client.force_login(op)

    assert client.get("/operator/")["location"] == "/account/second-factor/"
    with_app(op)
    assert client.get("/operator/").status_code == 200


def test_the_operators_door_is_everybodys_door(client):
    answer = client.get("/operator/login/")

    assert answer["location"].startswith("/login/?next=")


def age(client, seconds):
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - seconds}]
    session.save()


def test_money_and_rules_ask_for_the_password_again(client, street, ana):
    make.home(street, "Azahar 1", make.tariff(), ana)
    client.force_login(ana.user)
    age(client, 3600)

    assert client.get("/account/bank/")["location"].startswith("/account/reauthenticate/?next=")
    assert client.get("/rules/").status_code == 200, "looking at one's rules asks for nothing"
    answer = client.post("/account/reauthenticate/?next=/account/bank/", {"password": make.PASSWORD})
    assert answer["location"] == "/account/bank/"
    assert client.get("/account/bank/").status_code == 200


def test_rules_that_were_sent_late_are_kept_until_the_password_comes(client, street, ana):
    home = make.home(street, "Azahar 1", make.tariff(), ana)
    client.force_login(ana.user)
    fields = client.get("/rules/").context["form"]
    given = {name: fields[name].value() for name in fields.fields if fields[name].value() is not None}
    given = {**given, "min_sell": "0,0777"} if "min_sell" in given else given
    age(client, 3600)
    before = home.mandates.count()

    answer = client.post("/rules/", given)

    assert answer["location"].startswith("/account/reauthenticate/?next=")
    assert home.mandates.count() == before
    client.post(answer["location"], {"password": make.PASSWORD})
    assert home.mandates.count() == before + 1


def test_an_account_number_is_never_kept_in_the_session(client, street, ana):
    make.home(street, "Azahar 1", make.tariff(), ana)
    client.force_login(ana.user)
    age(client, 3600)

    client.post("/account/bank/", {"holder": "Ana", "iban": "ES9121000418450200051332"})

    for session in Session.objects.all():
        assert "ES9121" not in json.dumps(session.get_decoded())


def test_an_administrators_silent_session_ends_and_a_residents_lasts(client, street, ana):
    marta = make.member(street, "Marta", Member.Role.ADMIN)
    for user, lasts in ((marta.user, False), (ana.user, True)):
        client.force_login(user)
        client.get("/more/")
        session = client.session
        session["seen_at"] = int(time.time()) - 13 * 3600
        session.save()
        client.get("/more/")
        assert inside(client) is lasts


def test_logging_in_gives_a_new_session_and_logging_out_ends_it(client, ana):
    client.get("/login/")
    before = client.cookies.get("session")
    log_in(client)
    key = client.session.session_key

    assert before is None or before.value != key
    client.post("/logout/")
    assert not Session.objects.filter(session_key=key).exists()


def test_other_sessions_are_listed_and_ended(client, ana, django_user_model):
    from django.test import Client

    stranger = Client(
        headers={"user-agent": "Mozilla/5.0 (Android 16; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"}
    )
    log_in(stranger)
    log_in(client)

    assert "Firefox, Android" in client.get("/account/sessions/").content.decode()
    client.post("/account/sessions/")

    assert stranger.get("/more/").status_code == 302
    assert client.get("/more/").status_code == 200


def test_a_changed_password_ends_the_other_sessions(client, ana):
    from django.test import Client

    stranger = Client()
    log_in(stranger)
    log_in(client)
    new = "otra frase todavía más larga"

    answer = client.post(
        "/account/password/change/", {"oldpassword": make.PASSWORD, "password1": new, "password2": new}
    )

    assert answer.status_code == 302
    assert stranger.get("/more/").status_code == 302


@pytest.mark.parametrize(
    "next_url", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x"]
)
def test_the_door_leads_to_this_site_only(client, ana, next_url):
    answer = log_in(client, next=next_url)

    assert answer["location"] == "/"


def test_a_forgotten_password_is_reset_by_mail_for_known_people_only(client, ana, settings, mailoutbox):
    settings.EMAIL_HOST = "mail.example.org"
    for email in ("ana@example.org", "nobody@example.org"):
        answer = client.post("/account/password/reset/", {"email": email})
        assert answer["location"] == "/account/password/reset/done/"
    mine = [mail for mail in mailoutbox if mail.to == ["ana@example.org"]]
    assert len(mine) == 1
    link = next(word for word in mine[0].body.split() if "/password/reset/key/" in word)
    page = client.get(link, follow=True)
    new = "otra frase todavía más larga"
    client.post(page.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert not inside(client)
    log_in(client, new)
    assert inside(client)


def test_a_reset_password_is_no_way_around_the_second_factor(client, ana, settings, mailoutbox):
    settings.EMAIL_HOST = "mail.example.org"
    with_app(ana.user)
    client.post("/account/password/reset/", {"email": "ana@example.org"})
    link = next(word for word in mailoutbox[0].body.split() if "/password/reset/key/" in word)
    page = client.get(link, follow=True)
    new = "otra frase todavía más larga"
    client.post(page.redirect_chain[-1][0], {"password1": new, "password2": new})

    assert log_in(client, new)["location"] == "/account/second-factor/authenticate/"
    assert not inside(client)


def test_without_the_store_of_limits_nobody_is_let_in(client, ana, monkeypatch):
    from redis.exceptions import ConnectionError as Gone

    def gone(*args, **kwargs):
        raise Gone("no route")

    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.add", gone)
    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.get", gone)

    assert log_in(client).status_code == 503
    assert not inside(client)
