"""What may be asked of a thread besides a message: one action of the domain's table and what goes with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from greenroom_protocol.proposals import ProposalSubmit
from greenroom_server.domain.offer import Offer
from greenroom_server.domain.thread_actions import ThreadAction
from greenroom_server.domain.thread_state import Role
from greenroom_server.screening.context import Surface
from greenroom_server.store.append import Charge
from greenroom_server.usecases.released import Released


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What is asked of a thread."""

    action: ThreadAction
    user: str = ""
    role: Role | None = None
    """Given when the marketplace or a timer acts."""
    cid: str = ""
    note: str = ""
    surface: Surface = Surface.ACCEPT_NOTE
    reason: str = ""
    auto: bool = False
    offer: Offer | None = None
    """Terms as they were asked for; with an offer, or with a contract that the marketplace starts."""
    starts_at: int = 0
    """Start of a contract that is in force already, UTC ms; 0: now."""
    number: int = 0
    """Of a reminder, from 1."""
    adopt: tuple[str, str] | None = None
    """Job and title for a thread that has no job yet."""
    charge: Charge | None = None
    """What the freelancer's Connects pay for it."""
    command: ProposalSubmit | None = None
    """It, if its text may be held."""
    released: Released | None = None
    """It was held, and somebody has judged it."""
    drop_timers: tuple[str, ...] = ()
    extra_set: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def submitted_at(self) -> int:
        """When it was sent if it was held, UTC ms; else 0."""
        return 0 if self.released is None else self.released.release.submitted_at

    def hashed(self) -> str:
        """Give what a cid of this move stands for, besides its action."""
        terms = "" if self.offer is None else msgspec.json.encode(self.offer).decode()
        return f"{self.reason}\n{self.note}\n{terms}\n{self.starts_at}"
