"""The marketplace's terms of service: who has not accepted them may read, and not write."""

from typing import Final

from greenroom_server.store.people import Account
from greenroom_server.usecases.results import Refused

NOT_ACCEPTED: Final = Refused("policy.tos_not_accepted")


class Terms:
    """Who of this node's users has accepted; told whenever an account is read, so that asking costs nothing."""

    def __init__(self, *, is_required: bool) -> None:
        self._is_required = is_required
        self._accepted: set[str] = set()

    def note(self, account: Account) -> None:
        """Take notice of an account as it is now."""
        if account.terms_accepted_at:
            self._accepted.add(account.user)
        else:
            self._accepted.discard(account.user)

    def refuses(self, user: str) -> bool:
        """Say whether this user may not write."""
        return self._is_required and user not in self._accepted


NO_TERMS: Final = Terms(is_required=False)
"""Nobody has to accept anything."""
