"""Handlers of the directory, availability and response speed."""

from typing import Final

from greenroom_protocol import commands as c
from greenroom_protocol.availability import AvailabilitySet, AwaySet, ClientGet, HoursSet
from greenroom_server.transport.caller import Handlers

HANDLERS: Final[Handlers] = {
    c.ProfileGet: lambda s, _who, cmd: s.directory.profile(cmd),
    c.DirectorySearch: lambda s, _who, cmd: s.directory.search(cmd),
    c.JobList: lambda s, who, cmd: s.directory.jobs(who.user, cmd),
    c.MetricsRows: lambda s, who, cmd: s.metrics.page(who.user, cmd),
    AvailabilitySet: lambda s, who, cmd: s.availability.switch(who.user, cmd),
    AwaySet: lambda s, who, cmd: s.availability.away(who.user, cmd),
    HoursSet: lambda s, who, cmd: s.availability.publish_hours(who.user, cmd),
    ClientGet: lambda s, who, cmd: s.clients.get(who.user, cmd),
}
