"""What a use case answers: a reply, or a refusal as a value."""

from dataclasses import dataclass

from greenroom_protocol.bases import PolicyView
from greenroom_protocol.codes import DEFAULT_RETRY_AFTER_MS, ERRORS, Retry
from greenroom_protocol.replies import Error
from greenroom_server.domain.thread_actions import Denied
from greenroom_server.store.errors import StoreError, Unavailable, Uncertain


@dataclass(frozen=True, slots=True)
class Refused:
    """The command was refused; what it asked for did not happen (but see `uncertain`)."""

    code: str
    retry_after_ms: int | None = None
    policy: PolicyView | None = None
    detail: str = ""
    """Which field or limit; never the peer's values."""
    hint: str | None = None
    """What this user can do instead; None: what the code itself says, empty: nothing."""
    data: dict[str, int] | None = None
    """Numbers that belong to the code."""


NOT_FOUND = Refused("not_found")


class RefusedError(Exception):
    """A refusal on its way out of an awaited use case."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.code)
        self.refused = refused


def refusal_of(error: StoreError) -> Refused:
    """Say what the store's failure means for the command."""
    if isinstance(error, Unavailable):
        return Refused("unavailable", error.retry_after_ms)
    if isinstance(error, Uncertain):
        return Refused("uncertain", error.retry_after_ms)
    return Refused("internal")


def hint_of(refused: Refused) -> str:
    """Give what can be done instead: what the filter said, else what was decided, else what the code says."""
    if refused.policy is not None and refused.policy.hint:
        return refused.policy.hint
    return (ERRORS[refused.code].hint or "") if refused.hint is None else refused.hint


def denial(denied: Denied) -> Refused:
    """Refuse as a table of the domain says."""
    return Refused(denied.code, hint=denied.hint)


def error_reply(command_id: int, refused: Refused) -> Error:
    """Make the error reply of a refusal."""
    row = ERRORS[refused.code]
    message = f"{row.message} ({refused.detail})" if refused.detail else row.message
    policy = refused.policy
    retry_after_ms = refused.retry_after_ms
    if retry_after_ms is None and row.retry is Retry.LATER:
        retry_after_ms = DEFAULT_RETRY_AFTER_MS
    return Error(
        id=command_id,
        code=refused.code,
        message=message,
        retry=row.retry.value,
        retry_after_ms=retry_after_ms,
        hint=hint_of(refused) or None,
        policy=policy,
        data=refused.data,
    )
