"""What connections are given: the use cases and the shared parts of the node."""

from collections.abc import Callable
from dataclasses import dataclass

from greenroom_server.delivery.hub import Hub
from greenroom_server.telemetry.counters import Counters
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.transport.throttle import Throttle
from greenroom_server.usecases.amend_message import AmendMessage
from greenroom_server.usecases.directory import Directory
from greenroom_server.usecases.live import Live
from greenroom_server.usecases.move_thread import MoveThread
from greenroom_server.usecases.open_thread import OpenThread
from greenroom_server.usecases.read_threads import ReadThreads
from greenroom_server.usecases.send_message import SendMessage
from greenroom_server.usecases.sessions import Sessions
from greenroom_server.usecases.speed import Speed


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything behind the socket."""

    sessions: Sessions
    send: SendMessage
    amend: AmendMessage
    open_thread: OpenThread
    move: MoveThread
    reads: ReadThreads
    live: Live
    directory: Directory
    speed: Speed
    hub: Hub
    throttle: Throttle
    counters: Counters
    tasks: Tasks
    monotonic_s: Callable[[], float]
    now_ms: Callable[[], int]
