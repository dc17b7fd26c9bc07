"""What a route of the server API is, and what its handler gets."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import msgspec
from aiohttp import web

from greenroom_server.telemetry.counters import Counters
from greenroom_server.telemetry.metrics import Gauges
from greenroom_server.transport.community_services import CommunityServices
from greenroom_server.usecases.amend_message import AmendMessage
from greenroom_server.usecases.connects import Connects
from greenroom_server.usecases.contracts import Contracts
from greenroom_server.usecases.directory import Directory
from greenroom_server.usecases.marketplace import Marketplace
from greenroom_server.usecases.merge_users import MergeUsers
from greenroom_server.usecases.moderation import Moderation
from greenroom_server.usecases.people import PeopleDoor
from greenroom_server.usecases.results import Refused, RefusedError
from greenroom_server.usecases.team import Team
from greenroom_server.usecases.webhooks import Webhooks

_DETAIL_CHARS: Final = 200
MAX_BODY_BYTES: Final = 64 * 1024
"""Largest body of an ordinary request, after decompression."""
OPEN: Final = "open"
KEY: Final = "key"
METRICS: Final = "metrics"

SAVES: Final = ("conflict", "uncertain")
"""Refusals of every operation that writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation."""

    method: Literal["GET", "PUT", "POST", "DELETE"]
    path: str
    """Ids stand in braces."""
    operation: str
    summary: str
    reply: type[Any] | None = None
    """Struct of the answer; None where it is not one of ours."""
    body: type[Any] | None = None
    query: type[Any] | None = None
    access: str = KEY
    """KEY, OPEN, or METRICS: open in development only."""
    codes: tuple[str, ...] = ()
    """Refusals besides those that every route shares."""
    takes_idempotency_key: bool = False
    max_body_bytes: int = MAX_BODY_BYTES
    """After decompression."""


@dataclass(frozen=True, slots=True)
class ApiServices:
    """What the routes need."""

    marketplace: Marketplace
    directory: Directory
    is_ready: Callable[[], bool]
    """Messages can be sent."""
    counters: Counters
    gauges: Callable[[], Gauges]
    api_keys: tuple[str, ...]
    """Any of them opens the API; none: nobody gets in."""
    mint: Callable[[str, int], str] | None
    """Makes a token for (user, life in seconds); in development only."""
    connects: Connects | None = None
    """None: this door has none to show."""
    webhooks: Webhooks | None = None
    """None: this door has none to show."""
    people: PeopleDoor | None = None
    """None: this door has none to show."""
    moderation: Moderation | None = None
    """None: this door has none to show."""
    contracts: Contracts | None = None
    """None: this door starts none."""
    team: Team | None = None
    """None: this door changes no teams."""
    merge: MergeUsers | None = None
    """None: this door merges nobody."""
    amend: AmendMessage | None = None
    """None: this door changes no messages."""
    community: CommunityServices | None = None
    """None: this door has none to show."""


class Call(NamedTuple):
    """One request, decoded and checked."""

    request: web.Request
    ids: dict[str, str]
    query: Any
    """Struct of the route's `query`; None without."""
    body: Any
    """Struct of the route's `body`; None without."""


ApiHandler = Callable[[ApiServices, Call], Awaitable[msgspec.Struct | web.Response]]


def bad_field(detail: str) -> RefusedError:
    """Refuse a request for one of its fields."""
    return RefusedError(Refused("bad_request.field", detail=detail[:_DETAIL_CHARS]))
