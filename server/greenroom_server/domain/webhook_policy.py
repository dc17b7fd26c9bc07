"""How long webhooks are tried, and what becomes of those that nobody takes."""

from typing import Annotated

from msgspec import Meta

from greenroom_server.domain.policy_section import Section, require

_DAY_S = 86_400


class WebhooksPolicy(Section, frozen=True):
    """Of every endpoint."""

    retry_min_ms: Annotated[int, Meta(ge=10, le=60_000)]
    """Shortest pause before an event is sent again."""
    retry_max_ms: Annotated[int, Meta(ge=10, le=3_600_000)]
    """Longest; at least `retry_min_ms`."""
    give_up_s: Annotated[int, Meta(ge=1, le=7 * _DAY_S)]
    """Age at which an event that nobody took becomes a dead letter."""
    refused_tries: Annotated[int, Meta(ge=1, le=100)]
    """Answers of 4xx after which it becomes one at once; 408, 425 and 429 do not count."""
    dead_letters_max: Annotated[int, Meta(ge=1, le=100_000)]
    """Dead letters kept; beyond them the oldest are dropped."""

    def __post_init__(self) -> None:
        require(self.retry_min_ms <= self.retry_max_ms, "retry_max_ms must be at least retry_min_ms")
