"""What the sections of a policy are made of: bounded types, and rules that tie entries together."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated

from msgspec import Meta, Struct

_DAY_S = 86_400

Count = Annotated[int, Meta(ge=1, le=1_000)]
Days = Annotated[int, Meta(ge=1, le=3_650)]
Quota = Annotated[int, Meta(ge=0, le=100_000)]
Rate = Annotated[float, Meta(ge=0, le=1)]
Seconds = Annotated[int, Meta(ge=1, le=90 * _DAY_S)]
Name = Annotated[str, Meta(pattern="^[a-z0-9_]{1,32}$")]


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of a policy and of its sections."""


def ascends(values: Iterable[int]) -> bool:
    """Say whether each value is above the one before."""
    return all(low < high for low, high in pairwise(values))


def require(is_met: bool, rule: str) -> None:
    """Refuse a policy that breaks a rule between entries.

    Raises:
        ValueError: with the rule.
    """
    if not is_met:
        raise ValueError(rule)
