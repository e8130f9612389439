"""The store of caches is another machine's memory: what the site did not write there is not believed."""

import pickle
from dataclasses import dataclass

import pytest
from django.core.cache import cache
from django.core.signing import BadSignature

from config.sealed_cache import Sealed

RAN = []


class Bomb:
    def __reduce__(self):
        return RAN.append, ("unpickled",)


@dataclass(frozen=True)
class Step:
    name: str
    done: int


@pytest.mark.parametrize("value", [Step("reading", 3), (1, 2), [], "text", b"bytes", None, True, 7, -7, 2**70])
def test_what_the_site_keeps_comes_back_as_it_was(value):
    cache.set("kept", value)

    found = cache.get("kept")

    assert (found, type(found)) == (value, type(value))


def test_a_counter_is_counted_up_by_the_store():
    cache.add("counter", 0)

    assert [cache.incr("counter"), cache.incr("counter")] == [1, 2]


@pytest.mark.parametrize("seal", [b"", bytes(32), Sealed().dumps("another")[:32]])
def test_what_others_wrote_into_the_store_is_never_unpickled(seal):
    cache._cache.get_client(None, write=True).set(cache.make_key("planted"), seal + pickle.dumps(Bomb()))

    with pytest.raises(BadSignature):
        cache.get("planted")

    assert RAN == []


def test_after_a_new_secret_key_nothing_of_the_old_is_asked_for(settings):
    cache.set("kept", "text")

    settings.SECRET_KEY = "another-key-of-the-site-for-this-test"

    assert cache.get("kept") is None
