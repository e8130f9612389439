"""A request that is no form, claims other letters or another place is refused or read as ours, never an accident."""

from io import BytesIO

import pytest

from config.wsgi import application

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
LETTERS = [
    "hex",
    "rot13",
    "zlib",
    "base64",
    "undefined",
    "punycode",
    "idna",
    "utf-7",
    "utf-16",
    "latin-1",
    "x" * 2_000,
]


def answer_of(method, path, kind, body=b"", **more):
    """What the web process answers, from the first line on that is ours."""
    path, _mark, query = path.partition("?")
    said = []
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "testserver",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http",
        "HTTP_COOKIE": f"csrftoken={'a' * 32}", "CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body),
        "wsgi.errors": BytesIO(), **more,
    }  # fmt: skip
    list(application(environ, lambda status, headers: said.append((int(status[:3]), dict(headers)))))
    return said[0]


@pytest.mark.parametrize("letters", LETTERS)
def test_whatever_letters_a_request_claims_the_site_answers_with_its_headers(letters):
    for path in ("/login/?next=/rules/", "/nowhere/?d=1", "/api/v1/hand-over?a=1"):
        for method, body in (("GET", b""), ("POST", b"email=a")):
            status, headers = answer_of(method, path, f"{FORM}; charset={letters}", body)

            assert status < 500, path
            assert "Content-Security-Policy" in headers


BROKEN = {
    "no boundary": ("multipart/form-data", b"x"),
    "a long one": (f"multipart/form-data; boundary={'x' * 3_000}", b"x"),
    "many files": (
        "multipart/form-data; boundary=X",
        b"".join(
            b'--X\r\nContent-Disposition: form-data; name="f%d"; filename="a"\r\n\r\na\r\n' % i for i in range(200)
        ),
    ),
    "a long name": (
        "multipart/form-data; boundary=X",
        b'--X\r\nContent-Disposition: form-data; name="' + b"a" * 20_000 + b'"\r\n\r\na\r\n--X--\r\n',
    ),
    "many fields": (FORM, b"&".join(b"a%d=1" % i for i in range(3_000))),
    "a large one": (FORM, b"a=" + b"x" * 3_000_000),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_body_that_is_no_form_is_refused_wherever_it_is_sent(broken):
    kind, body = BROKEN[broken]

    for path in ("/login/", "/nowhere/", "/letters/end/x/"):
        status, headers = answer_of("POST", path, kind, body)

        assert 400 <= status < 500, path
        assert "Content-Security-Policy" in headers


def test_a_header_that_names_another_place_moves_no_page_and_no_limit(settings):
    settings.PAGES_PER_MINUTE = 2

    answers = [answer_of("GET", "/months/", "", SCRIPT_NAME="/api") for _ in range(3)]

    assert [status for status, _headers in answers] == [302, 302, 429]
    assert answers[0][1]["Location"] == "/login/?next=/months/"
