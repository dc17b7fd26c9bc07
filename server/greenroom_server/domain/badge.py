"""The availability badge: bought until a time, switched on and off by the freelancer inside it.

Source: server/docs/response-speed.md, Badge and away.
"""

from dataclasses import dataclass, replace

from greenroom_server.domain.thread_actions import Denied


@dataclass(frozen=True, slots=True)
class Badge:
    """What a freelancer has bought and what they show."""

    paid_until_ms: int = 0
    """First moment that is not paid for; 0: never bought."""
    is_on: bool = False

    def shows(self, now_ms: int) -> bool:
        """Say whether the badge is seen; its time is over when it is over, whether a timer has noticed or not."""
        return self.is_on and now_ms < self.paid_until_ms


def grant(badge: Badge, paid_until_ms: int, now_ms: int) -> Badge:
    """Set until when it is paid; a time that is over turns it off."""
    return Badge(paid_until_ms, badge.is_on and now_ms < paid_until_ms)


def switch(badge: Badge, is_on: bool, now_ms: int) -> Badge | Denied:
    """Turn it on or off; on only inside paid time."""
    if is_on and now_ms >= badge.paid_until_ms:
        return Denied("badge.unpaid")
    return replace(badge, is_on=is_on)


def lapse(badge: Badge, now_ms: int) -> Badge:
    """Turn it off when its time is over."""
    return replace(badge, is_on=badge.is_on and now_ms < badge.paid_until_ms)
