"""The part of ``greenroom bench-store`` that is about Connects, own logs and candidacies."""

from collections.abc import Awaitable, Callable
from typing import Final

from greenroom_protocol.connects import ConnectsChanged
from greenroom_server.domain.candidacy import ACTIVE
from greenroom_server.domain.connects import Period
from greenroom_server.domain.ids import own_log, user_partition
from greenroom_server.store import keys
from greenroom_server.store.append import Charge, Rare
from greenroom_server.store.candidacies import Candidacies
from greenroom_server.store.committer import Committer
from greenroom_server.store.own_logs import OwnLogs
from greenroom_server.store.purses import Purses

_FREE: Final = 100_000
_PERIOD: Final = Period("2020-01", 0, 0)
_FREELANCERS: Final = 128


class ConnectsCalls:
    """Each function as the hub calls it, for a few freelancers with profiles."""

    def __init__(self, committer: Committer, node: str, busy: str) -> None:
        """``busy``: a user with an inbox of 300 rows."""
        self._committer = committer
        self._logs = OwnLogs(committer, node)
        self._purses = Purses(committer, self._logs)
        self._candidacies = Candidacies(committer)
        self._busy = busy

    async def prepare(self) -> None:
        """Give the freelancers profiles."""
        for name in map(self._name, range(_FREELANCERS)):
            await self._committer.call("HSET", keys.profile(user_partition(name), name), "name", name)

    def calls(self) -> dict[str, Callable[[int], Awaitable[object]]]:
        """Give what is measured."""
        states, purses = [state.value for state in ACTIVE], self._purses
        return {
            "notice: into one's own log": lambda i: self._logs.append(self._name(i), _notice()),
            "account: a purchase": lambda i: purses.enter(self._name(i), f"k{i}", "purchase", 1, _PERIOD, _FREE),
            "connects: 20 entries": lambda i: purses.page(self._name(i), _PERIOD, _FREE, None, 20),
            "candidacies: none in 300 rows": lambda _: self._candidacies.page(self._busy, states, None, 50),
            "candidacies: 50 of 300 rows": lambda _: self._candidacies.page(self._busy, ["direct"], None, 50),
        }

    def _name(self, number: int) -> str:
        return f"applicant{number % _FREELANCERS}"


def paid(freelancer: str) -> Rare:
    """Give what makes the opening of a thread cost two Connects."""
    return Rare(ledger=Charge("proposal", -2, "", (_PERIOD.id, 0, _FREE), 0, own_log(freelancer)))


def _notice() -> ConnectsChanged:
    return ConnectsChanged(change="grant", amount=1, balance=1)
