"""What connections are given: the use cases and the shared parts of the node."""

from collections.abc import Callable
from dataclasses import dataclass

from greenroom_server.delivery.hub import Hub
from greenroom_server.telemetry.counters import Counters
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.transport.community_services import CommunityServices
from greenroom_server.transport.throttle import Throttle
from greenroom_server.usecases.access_grants import AccessGrants
from greenroom_server.usecases.amend_message import AmendMessage
from greenroom_server.usecases.appeals import Appeals
from greenroom_server.usecases.availability import Availability
from greenroom_server.usecases.candidacies import Candidacies
from greenroom_server.usecases.clients import Clients
from greenroom_server.usecases.connects import Connects
from greenroom_server.usecases.directory import Directory
from greenroom_server.usecases.holding import Holding
from greenroom_server.usecases.live import Live
from greenroom_server.usecases.metrics import Metrics
from greenroom_server.usecases.move_thread import MoveThread
from greenroom_server.usecases.offers import Offers
from greenroom_server.usecases.open_thread import OpenThread
from greenroom_server.usecases.peers import Peers
from greenroom_server.usecases.personal import OwnSettings
from greenroom_server.usecases.propose import Propose
from greenroom_server.usecases.react import React
from greenroom_server.usecases.read_threads import ReadThreads
from greenroom_server.usecases.relationships import Relationships
from greenroom_server.usecases.reports import Reports
from greenroom_server.usecases.send_message import SendMessage
from greenroom_server.usecases.sessions import Sessions
from greenroom_server.usecases.speed import Speed
from greenroom_server.usecases.team import Team
from greenroom_server.usecases.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything behind the socket."""

    sessions: Sessions
    send: SendMessage
    amend: AmendMessage
    open_thread: OpenThread
    move: MoveThread
    offers: Offers
    relationships: Relationships
    terms: Terms
    reads: ReadThreads
    live: Live
    directory: Directory
    metrics: Metrics
    availability: Availability
    clients: Clients
    propose: Propose
    candidacies: Candidacies
    connects: Connects
    speed: Speed
    team: Team
    react: React
    own_settings: OwnSettings
    access: AccessGrants
    peers: Peers
    reports: Reports
    holding: Holding
    appeals: Appeals
    community: CommunityServices
    hub: Hub
    throttle: Throttle
    counters: Counters
    tasks: Tasks
    monotonic_s: Callable[[], float]
    now_ms: Callable[[], int]
