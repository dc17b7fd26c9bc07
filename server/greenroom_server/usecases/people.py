"""What the marketplace's backend reads and tells about people besides their accounts and profiles."""

from dataclasses import dataclass

from greenroom_server.usecases.availability import Availability
from greenroom_server.usecases.metrics import Metrics
from greenroom_server.usecases.outages import Outages


@dataclass(frozen=True, slots=True)
class PeopleDoor:
    """The use cases behind the server API about people."""

    metrics: Metrics
    availability: Availability
    outages: Outages
