"""How many calls a token may make: a bucket that fills evenly and holds two minutes' worth.

The headers follow draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy` says the rule, `RateLimit` what is
left of it and when the bucket is full again.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from redis import Redis
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from config.middleware.client_address import counted_address
from metering.models import ApiToken

logger = logging.getLogger(__name__)
BURST_MINUTES = 2
# Calls without a token are those of devices that fetch theirs: nobody needs many.
NAMELESS_PER_MINUTE = 10
# The API's description and its try-it page, which a whole office may read from one address.
PAGES_PER_MINUTE = 600
BUCKET = """
local now = redis.call("TIME")
now = now[1] + now[2] / 1000000
local rate, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call("HMGET", KEYS[1], "left", "at")
local left = math.min(most, (tonumber(kept[1]) or most) + (now - (tonumber(kept[2]) or now)) * rate)
local allowed = left >= 1 and 1 or 0
left = left - allowed
redis.call("HSET", KEYS[1], "left", tostring(left), "at", string.format("%.6f", now))
redis.call("EXPIRE", KEYS[1], math.ceil(most / rate) + 1)
return {allowed, math.floor(left), math.ceil((most - left) / rate), math.ceil(math.max(0, 1 - left) / rate)}
"""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left of one rule: calls, seconds until it is full, and until the next call is allowed."""

    rule: str
    per_minute: int
    left: int
    full_seconds: int
    next_seconds: int


@cache
def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)


class RateLimit(BaseThrottle):
    """Refuses a call whose token (or address) has used up its share. If the store is away, all may call."""

    bucket: Bucket | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        rule, per_minute = _rule(request)
        caller = f"token:{request.auth.pk}" if isinstance(request.auth, ApiToken) else counted_address(request)
        most = max(1, per_minute * BURST_MINUTES)
        try:
            answer = _redis().eval(BUCKET, 1, f"rate:{rule}:{caller}", max(per_minute, 1) / 60, most)
        except RedisError:
            logger.exception("Rate limits are off: Valkey does not answer")
            return True
        allowed, left, full, next_ = answer
        self.bucket = Bucket(rule, per_minute, left, full, next_)
        request._request.rate_limit = self.bucket  # type: ignore[attr-defined]
        return bool(allowed)

    def wait(self) -> float | None:
        return self.bucket.next_seconds if self.bucket else None


def _rule(request: Request) -> tuple[str, int]:
    token = request.auth
    reads = request.method in {"GET", "HEAD", "OPTIONS"}
    if not isinstance(token, ApiToken):
        return ("pages", PAGES_PER_MINUTE) if reads else ("nameless", NAMELESS_PER_MINUTE)
    return (
        ("reads", token.community.reads_per_minute) if reads else ("uploads", token.community.uploads_per_minute)
    )


class RateLimitHeaders:
    """Tells every caller of the API what is left of its share."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        bucket: Bucket | None = getattr(request, "rate_limit", None)
        if bucket is not None:
            policy = f'"{bucket.rule}";q={bucket.per_minute};w=60'
            response.headers["RateLimit-Policy"] = policy
            response.headers["RateLimit"] = f'"{bucket.rule}";r={bucket.left};t={bucket.full_seconds}'
        return response
