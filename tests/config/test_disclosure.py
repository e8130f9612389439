"""security.txt names whom to tell, or is not there."""

from datetime import UTC, datetime, timedelta

ADDRESS = "/.well-known/security.txt"


def test_a_site_with_a_contact_says_whom_to_tell(client, settings):
    settings.SECURITY_CONTACT = "mailto:security@azotea.example"

    response = client.get(ADDRESS)
    fields = dict(line.split(": ", 1) for line in response.content.decode().splitlines())
    expires = datetime.strptime(fields["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)

    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert fields["Contact"] == "mailto:security@azotea.example"
    assert fields["Canonical"] == f"http://testserver{ADDRESS}"
    assert timedelta(0) < expires - datetime.now(UTC) < timedelta(days=365)


def test_a_site_without_a_contact_has_no_security_txt(client, settings):
    settings.SECURITY_CONTACT = ""

    assert client.get(ADDRESS).status_code == 404


def test_nothing_can_be_posted_to_it(client, settings):
    settings.SECURITY_CONTACT = "mailto:security@azotea.example"

    assert client.post(ADDRESS).status_code == 405
