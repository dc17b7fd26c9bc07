"""What can be chosen about a client's connection."""

import random
from dataclasses import dataclass
from typing import Literal

from greenroom_protocol import limits


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """Times and paths of a connection; the defaults suit almost everybody."""

    connect_timeout_s: float = 5.0
    """For the network and the WebSocket handshake together."""
    close_timeout_s: float = 2.0
    """How long a goodbye may take."""
    reconnect_min_s: float = limits.RECONNECT_MIN_S
    """Bound of the first pause; the pause is drawn evenly below it."""
    reconnect_max_s: float = limits.RECONNECT_MAX_S
    """Bound of every later pause, which doubles up to here."""
    stable_after_s: float = 10.0
    """A connection that lived this long starts the back-off anew."""
    request_patience_s: float = 5.0
    """`request` waits for a refusal's `retry_after_ms` up to this long, and raises the refusal beyond."""
    request_attempts: int = 4
    """How often `request` sends a command that is refused with `later`."""
    proxy: str | Literal[True] | None = True
    """URL of an HTTP or SOCKS proxy; True takes the system's, None uses none."""

    def backoff_s(self, attempt: int) -> float:
        """Give the pause before an attempt, counted from 0: full jitter below a bound that doubles."""
        return random.uniform(0.0, min(self.reconnect_max_s, self.reconnect_min_s * 2.0 ** min(attempt, 30)))
