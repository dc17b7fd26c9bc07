"""Limits of the wire, with units. The server announces the ones a client needs in `connect`.

Source: protocol/spec/limits.md (generated from this file).
"""

from typing import Final

PROTOCOL_VERSION: Final = 1

SUBPROTOCOL_JSON: Final = "greenroom.v1.json"
SUBPROTOCOL_MSGPACK: Final = "greenroom.v1.msgpack"

CLIENT_FRAME_BYTES: Final = 64 * 1024
"""Largest frame a client may send; a larger one closes the connection with 1009."""
SERVER_FRAME_BYTES: Final = 256 * 1024
"""Largest frame a server sends; pages are cut to fit."""
COMMANDS_PER_FRAME: Final = 64
"""Most commands in one frame that holds an array."""

BODY_CODE_POINTS: Final = 10_000
BODY_BYTES: Final = 32 * 1024
NOTE_CODE_POINTS: Final = 2_000
"""Notes of an acceptance or a decline."""
TOKEN_BYTES: Final = 8 * 1024
USER_ID_CHARS: Final = 64
DEVICE_ID_CHARS: Final = 64

PAGE_ITEMS: Final = 300
"""Most rows or events in one page of a resume, list or history."""
PAGE_BYTES: Final = 192 * 1024
"""A page is cut when its events pass this many bytes, so that the frame stays below SERVER_FRAME_BYTES."""
SHOWN_THREADS: Final = 50
"""Threads a device may name in a resume; their missed events come along."""
WATCHED_USERS: Final = 100
"""Users whose presence one connection may watch."""
PARTICIPANTS: Final = 20

CONNECT_TIMEOUT_S: Final = 10.0
PING_INTERVAL_S: Final = 25.0
PONG_TIMEOUT_S: Final = 10.0
DELIVERED_INTERVAL_S: Final = 5.0
"""A client acknowledges what it received at least this often while pushes arrive."""

RECONNECT_MIN_S: Final = 0.5
RECONNECT_MAX_S: Final = 20.0
"""Back-off between attempts: full jitter, doubling from the minimum to the maximum."""

CID_PAST_S: Final = 7 * 86_400
CID_FUTURE_S: Final = 600
"""A cid's own time must lie in this window around store time; see protocol/spec/ordering.md."""

BAD_FRAMES: Final = 16
"""Refused frames on one connection before it is closed with 4504."""
TYPING_EXPIRES_S: Final = 6.0
"""A typing notice without a repeat is over after this long."""
MAX_INTEGER: Final = 2**53 - 1
"""Largest integer on the wire: what a JSON number holds exactly in every language."""
