"""Who may open a WebSocket or a fallback connection here, before anything is known of the user."""

from collections.abc import Callable
from typing import Final

from greenroom_protocol import limits
from greenroom_server.config import Settings
from greenroom_server.config.reading import is_loopback
from greenroom_server.transport.front import Accepted
from greenroom_server.transport.handshake import Handshake, Refused
from greenroom_server.transport.websocket import WebSocketHandler

_SUBPROTOCOLS: Final = (limits.SUBPROTOCOL_JSON, limits.SUBPROTOCOL_MSGPACK)


class Admission:
    """Decides about handshakes: origin, subprotocol, and no token in the URL."""

    def __init__(
        self, settings: Settings, connection: Callable[[str], WebSocketHandler], is_draining: Callable[[], bool]
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._is_draining = is_draining

    def __call__(self, handshake: Handshake) -> Accepted | Refused:
        """Decide about one handshake."""
        if self._is_draining():
            return Refused(503, "draining")
        refused = self.check(handshake)
        if refused is not None:
            return refused
        for offered in handshake.subprotocols:
            if offered in _SUBPROTOCOLS:
                return Accepted(self._connection(offered), offered)
        return Refused(400, f"offer the subprotocol {_SUBPROTOCOLS[0]} or {_SUBPROTOCOLS[1]}")

    def check(self, handshake: Handshake) -> Refused | None:
        """Refuse what may not come from there, or carries something in its URL; a fallback's requests as well."""
        if handshake.has_query:
            return Refused(400, "a token does not belong into the URL: send it in the first frame")
        if not self._is_origin_allowed(handshake):
            return Refused(403, "this origin is not allowed")
        return None

    def _is_origin_allowed(self, handshake: Handshake) -> bool:
        if handshake.origin_count == 0:
            return True  # not a browser; the token decides
        if handshake.origin is None:
            return False
        if handshake.origin in self._settings.origins:
            return True
        # Development: the demo page of this very port, under a name that no foreign page can rebind.
        own = self._settings.is_dev and handshake.origin == f"http://{handshake.host}"
        return own and is_loopback(handshake.host.rpartition(":")[0].strip("[]"))
