"""Appeals against what the filter did to a message, as their senders make them.

Source: protocol/spec/moderation.md, Appeals.
"""

from greenroom_protocol.bases import PolicyView
from greenroom_protocol.cid import cid_time_ms
from greenroom_protocol.moderation import VerdictAppeal, VerdictAppealed
from greenroom_server.domain.head import Head
from greenroom_server.store.append import Repeat
from greenroom_server.store.held import Found, Held, held_id
from greenroom_server.usecases.commits import Commits, unpack_policy
from greenroom_server.usecases.holding import HeldParts
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError

_MANY = 1_000_000


class Appeals:
    """Takes appeals; usecases/judge_held.py decides them."""

    def __init__(self, parts: HeldParts, commits: Commits) -> None:
        self._parts = parts
        self._commits = commits

    async def create(self, user: str, command: VerdictAppeal) -> VerdictAppealed:
        """Put a message that bounced or was masked before the moderators, once.

        Raises:
            RefusedError: there is no such message of this user's, or there are no moderators.
        """
        parts = self._parts
        loaded = await self._commits.heads.get(command.thread)
        if loaded is None or user not in loaded.head.participants:
            raise RefusedError(NOT_FOUND)
        if not parts.policy.has_moderators:
            raise RefusedError(Refused("not_available"))
        cid_ms = cid_time_ms(command.cid)
        if cid_ms is None:
            raise RefusedError(Refused("cid.invalid"))
        known = await parts.store.answered(command.thread, user, command.cid, cid_ms)
        policy = None if known is None else _judged(known[1])
        if known is None or policy is None:
            raise RefusedError(Refused("verdict.none"))
        name = held_id("appeal", command.thread, user, command.cid)
        what = _record(loaded.head, user, command, cid_ms, known, policy)
        told = parts.told("appeal.created", what, name, user, code=policy.code, action=policy.action)
        kept = await parts.store.hold(
            name, what, b"", "", told, expires_ms=0, most=_MANY, seal_days=parts.policy.seal_days
        )
        if isinstance(kept, Held):
            return VerdictAppealed(id=command.id, appeal=name, at=kept.at, dup=True)
        if not isinstance(kept, int):
            raise RefusedError(Refused("server.overloaded"))
        parts.counters.held["appealed"] += 1
        parts.note(what, "appeal.created")
        return VerdictAppealed(id=command.id, appeal=name, at=kept, dup=False)


def _judged(answer: Repeat) -> PolicyView | None:
    """Give what the filter did to a message; None when it is nothing that could be appealed."""
    if answer.kind not in ("b", "s"):
        return None
    policy = unpack_policy(answer.extra)
    if policy is None or policy.action not in ("bounce", "redact"):
        return None
    is_decided = policy.code in ("held.rejected", "held.withdrawn")
    return None if is_decided else policy


def _record(
    head: Head, user: str, command: VerdictAppeal, cid_ms: int, known: tuple[str, Repeat], policy: PolicyView
) -> Held:
    body_hash, answer = known
    return Held(
        kind="appeal", thread=command.thread, by=user, cid=command.cid, cid_ms=cid_ms, hash=body_hash, state="open",
        command="", findings=[Found(span.kind, "", span.reason, 0.0, span.start, span.end) for span in policy.spans],
        action=policy.action, code=policy.code, version=policy.version, policy_state=head.state.value,
        words=command.note, seq=answer.seq,
    )  # fmt: skip
