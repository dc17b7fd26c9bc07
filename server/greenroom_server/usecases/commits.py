"""The write path, in one place: load -> authorise -> plan -> commit -> deliver, again when the thread moved meanwhile.

A plan is a pure function of the head: it authorises, screens and decides, and says what to append. It runs anew when
the head it was made on no longer holds, at most three times. Everything is callbacks: on the hot path no task, future
or lock is made for a message.

Source: server/docs/architecture.md, The paths.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import msgspec
import structlog

from greenroom_protocol.bases import Event, PolicyView
from greenroom_protocol.cid import cid_time_ms
from greenroom_protocol.commands import InvitationSend, MessageSend, ThreadOpen
from greenroom_protocol.proposals import ProposalSubmit
from greenroom_server.domain.head import Head
from greenroom_server.domain.response_speed import PUBLIC_KINDS
from greenroom_server.domain.thread_state import Role
from greenroom_server.store.append import Append, CidRefused, Committed, Lacking, Outcome, Rare, Repeat, Stale, Unfit
from greenroom_server.store.errors import StoreError, StoreRefused
from greenroom_server.store.threads import Threads
from greenroom_server.telemetry.counters import Counters
from greenroom_server.usecases.audit_trail import bounced_entry, commit_entry
from greenroom_server.usecases.deliver import Deliver
from greenroom_server.usecases.heads import Heads, Loaded
from greenroom_server.usecases.results import NOT_FOUND, Refused, refusal_of
from greenroom_server.usecases.screening import Screened
from greenroom_server.usecases.window import Look, Tails, Window

log = structlog.get_logger()

ATTEMPTS: Final = 3
WINDOW_ATTEMPTS: Final = 12
"""Where what the filter looked at was gone: two devices of one person write short texts at the same moment."""
_UNTOLD: Final = frozenset({"message.sent", "message.edited", "message.redacted", "message.erased", "message.reacted"})
"""Kinds that only the participants follow."""
_PUBLIC_KINDS: Final = frozenset(kind.value for kind in PUBLIC_KINDS)


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan wants appended."""

    events: Sequence[Event]
    state: str
    op: str = "-"
    seen: int = -1
    prev_cid: str = ""
    rare: Rare | None = None
    policy: PolicyView | None = None
    """What the filter did, for the reply and for repeats of the cid."""
    joins: str = ""
    """Who comes into the thread with this commit, and gets its row."""
    window: Window | None = None
    """What the filter saw of the thread's tail; nothing of the author's may have come since."""
    cid_ms: int = 0
    """Time of a cid that is not the author's own: of a held text, which somebody else delivers."""


class Bounce(msgspec.Struct, frozen=True):
    """The filter gave the text back, or holds it; the verdict is kept under the cid."""

    policy: PolicyView
    command: MessageSend | ThreadOpen | InvitationSend | ProposalSubmit | None = None
    """If the text may be held, or kept for an appeal."""
    screened: Screened | None = None


Plan = Callable[[Head, Role], Draft | Bounce | Look | Refused]


class Done(msgspec.Struct, frozen=True):
    """The command is carried out (now, or before when `dup`)."""

    seq: int
    n: int
    at: int
    state: str
    """State of the thread afterwards; empty for a repeat."""
    dup: bool
    policy: PolicyView | None
    held: str = ""
    """Names the text that waits for a moderator; nothing is in the thread."""


Answer = Callable[[Done | Refused], object]


class Author(msgspec.Struct, frozen=True):
    """Who acts on a thread, and under which cid."""

    user: str
    """Empty for the marketplace and for timers."""
    role: Role | None = None
    """Given for the marketplace and for timers; a person's role is in the head."""
    cid: str = ""
    body_hash: str = ""
    right: str = ""
    """What a team member must have been given to do this (see domain/team.py); empty: none of them may."""


ANYBODY: Final = "*"
"""As `right`: every participant may do this."""


class Commits:
    """Runs plans against threads."""

    def __init__(
        self, threads: Threads, heads: Heads, deliver: Deliver, epochs: list[int], counters: Counters, hash_key: str
    ) -> None:
        self.threads = threads
        self.heads = heads
        self.tails = Tails(threads, heads.tasks)
        self.deliver = deliver
        self.counters = counters
        self.epochs = epochs
        """Epoch of each partition, as confirmed for this primary; the owner replaces the items."""
        self.on_answered: Callable[[str], object] = lambda _freelancer: None
        """Called when a commit settled an obligation that a freelancer's profile counts."""
        self.lanes: dict[tuple[str, str], list[_Run]] = {}
        """(thread, user) whose text is looked at together with what they wrote before -> what they sent after it."""
        self.on_held: Callable[[str, Author, Bounce, Answer, Callable[[], None]], object] | None = None
        """Keeps a text for the moderators and answers, or calls the last to give it back; none: there are none."""
        self.on_refused: Callable[[str, Author, Bounce], object] = lambda _thread, _author, _bounce: None
        """Called when a text was given back and that is remembered."""
        self.on_masked: Callable[[str, str, MessageSend], object] = lambda _thread, _user, _command: None
        """Called when a message was delivered with parts of it masked."""
        self.on_opening_bounced: Callable[[str, PolicyView], object] = lambda _user, _policy: None
        """Called when the text that would have opened a thread was given back: there is no thread to note it in."""
        self.use_hash_key(hash_key)

    def use_hash_key(self, hash_key: str) -> None:
        """Hash with the key that the store keeps; another store has another one."""
        self._hash_key = hash_key.encode()[:64]

    def hash(self, verb: str, body: str) -> str:
        """Hash what a cid stands for, keyed, so that the store holds no fingerprint that others could test."""
        data = f"{verb}\n{body}".encode()
        return hashlib.blake2b(data, key=self._hash_key, digest_size=8).hexdigest()

    def run(self, thread: str, author: Author, plan: Plan, done: Callable[[Done | Refused], object]) -> None:
        """Carry a plan out; `done` is called once.

        After `Refused` nothing was written, except with `uncertain`, where the same cid tells.
        """
        cid_ms = cid_time_ms(author.cid) if author.cid else 0
        if cid_ms is None:
            done(Refused("cid.invalid"))
            return
        _Run(self, thread, author, cid_ms, plan, done).go()


class _Run:
    """One command on its way."""

    __slots__ = (
        "_attempt",
        "_author",
        "_cid_ms",
        "_commits",
        "_done",
        "_draft",
        "_has_lane",
        "_is_fresh",
        "_loaded",
        "_plan",
        "_thread",
    )

    def __init__(
        self, commits: Commits, thread: str, author: Author, cid_ms: int, plan: Plan,
        done: Callable[[Done | Refused], object],
    ) -> None:  # fmt: skip
        self._commits = commits
        self._thread = thread
        self._author = author
        self._cid_ms = cid_ms
        self._plan = plan
        self._done = done
        self._attempt = 0
        self._has_lane = False
        """What the same user sends into this thread now waits, so that everything keeps its order."""
        self._is_fresh = False
        """The head was read after this command arrived."""

    def go(self) -> None:
        loaded = self._commits.heads.cached(self._thread)
        if loaded is None:
            self._commits.heads.load(self._thread, self._load_ended)
        else:
            self._decide(loaded)

    def _load_ended(self, loaded: Loaded | StoreError | None) -> None:
        self._is_fresh = True
        if loaded is None:
            self._done(NOT_FOUND)
        elif isinstance(loaded, StoreError):
            self._done(refusal_of(loaded))
        else:
            self._decide(loaded)

    def _decide(self, loaded: Loaded) -> None:
        author, head, lanes = self._author, loaded.head, self._commits.lanes
        if lanes and not self._has_lane and (waiting := lanes.get((self._thread, author.user))) is not None:
            waiting.append(self)
            return
        role = author.role or head.role_of(author.user)
        if role is None:
            planned: Draft | Bounce | Look | Refused = NOT_FOUND
        elif author.right != ANYBODY and author.role is None and not head.may(author.user, author.right):
            planned = Refused("perm.principal_only")
        else:
            planned = self._plan(head, role)
        if type(planned) is Draft:
            if planned.window is not None:
                self._take_lane()
            self._commit(loaded, planned)
        elif type(planned) is Look:
            self._take_lane()
            planned.window.load(self._looked)
        elif not self._is_fresh:
            # A commit would notice that the cached head no longer holds; a refusal must not rest on one either.
            self._commits.heads.drop(self._thread)
            self.go()
        elif role is None and author.user not in head.participants:
            self._done(NOT_FOUND)
        elif isinstance(planned, Bounce):
            if planned.policy.action == "hold" and self._commits.on_held is not None:
                bounce = planned
                self._commits.on_held(self._thread, author, bounce, self._done, lambda: self._bounce(bounce, head))
            else:
                self._bounce(planned, head)
        else:
            assert isinstance(planned, Refused)
            self._refuse(planned)

    def _take_lane(self) -> None:
        if self._has_lane:
            return
        self._has_lane = True
        commits, lane, done = self._commits, (self._thread, self._author.user), self._done
        commits.lanes[lane] = []

        def finish(result: Done | Refused) -> None:
            done(result)
            for waiting in commits.lanes.pop(lane):
                waiting.go()

        self._done = finish

    def _looked(self, error: StoreError | None) -> None:
        if error is None:
            self.go()
        else:
            self._done(refusal_of(error))

    def _commit(self, loaded: Loaded, draft: Draft) -> None:
        author, commits = self._author, self._commits
        self._loaded, self._draft = loaded, draft
        append = Append(
            events=draft.events,
            actor=author.user,
            cid=author.cid,
            cid_ms=self._cid_ms or draft.cid_ms,
            body_hash=author.body_hash,
            prev_cid=draft.prev_cid,
            op=draft.op,
            seen=draft.seen,
            extra=pack_policy(draft.policy),
            state=draft.state,
            rare=audited(draft, author.user, told(draft.rare, draft.events)),
            own_seq=-1 if draft.window is None else draft.window.own_seq,
        )
        ref = commits.threads.ref(loaded.head, draft.joins) if draft.joins else loaded.ref
        commits.threads.append(ref, loaded.head, commits.epochs[loaded.ref.partition], append, self._answered)

    def _answered(self, outcome: Outcome) -> None:
        draft, commits = self._draft, self._commits
        if type(outcome) is Committed:
            if draft.rare is not None and draft.rare.moves_head:
                commits.heads.drop(self._thread)
            commits.deliver.committed(self._thread, draft.events, outcome)
            commits.tails.committed(self._thread, draft.events)
            if outcome.ended in _PUBLIC_KINDS:
                commits.on_answered(self._loaded.head.freelancer)
            self._done(Done(outcome.first_seq, outcome.first_n, outcome.at, draft.state, False, draft.policy))
        elif isinstance(outcome, Stale):
            self._again()
        else:
            self._done(result_of(outcome))

    def _again(self) -> None:
        self._attempt += 1
        self._commits.heads.drop(self._thread)
        window = self._draft.window
        if window is not None:
            window.forget()
        if self._attempt >= (ATTEMPTS if window is None else WINDOW_ATTEMPTS):
            self._done(Refused("conflict", 200))
        else:
            self.go()

    def _bounce(self, bounce: Bounce, head: Head) -> None:
        author = self._author

        def remembered(outcome: Outcome | int) -> None:
            if isinstance(outcome, int):
                self._commits.heads.drop(self._thread)  # it now knows of a bounce
                self._commits.on_refused(self._thread, author, bounce)
                self._done(Refused(bounce.policy.code, policy=bounce.policy))
            else:
                self._done(result_of(outcome))

        extra = pack_policy(bounce.policy)
        self._commits.threads.refuse(
            self._thread, author.user, author.cid, self._cid_ms, author.body_hash, extra,
            bounced_entry(author.user, head.state.value, bounce.policy), remembered,
        )  # fmt: skip

    def _refuse(self, refused: Refused) -> None:
        """Refuse, unless this cid was carried out before: then the thread has moved on because of it."""
        author = self._author
        if not author.cid:
            self._done(refused)
            return

        def recalled(outcome: Outcome | None) -> None:
            self._done(refused if outcome is None else result_of(outcome))

        self._commits.threads.recall(self._thread, author.user, author.cid, self._cid_ms, author.body_hash, recalled)


def told(rare: Rare | None, events: Sequence[Event]) -> Rare | None:
    """Name the kinds of the events for those who follow changes, unless there are only messages."""
    if rare is None:
        return None
    kinds = [tag for event in events if (tag := event.__struct_config__.tag) not in _UNTOLD]
    return replace(rare, change=",".join(map(str, kinds))) if kinds and rare.change is None else rare


def audited(draft: Draft, user: str, rare: Rare | None) -> Rare | None:
    """Add what the audit stream keeps of a commit: what others follow, and every verdict but a plain pass."""
    if (rare is None or rare.change is None) and draft.policy is None:
        return rare
    if rare is not None and rare.audit is not None:
        return rare
    return replace(rare or Rare(), audit=commit_entry(user, draft.events, draft.state, draft.policy))


def result_of(outcome: Outcome) -> Done | Refused:
    """Give the answer of everything but a new commit."""
    if isinstance(outcome, Repeat):
        if outcome.kind == "h":
            name, _, extra = outcome.extra.partition(" ")
            return Done(0, 0, outcome.at, "", True, unpack_policy(extra), name)
        policy = unpack_policy(outcome.extra)
        if outcome.kind == "b" and policy is not None:
            return Refused(policy.code, policy=policy)
        return Done(outcome.seq, outcome.n, outcome.at, "", True, policy)
    if isinstance(outcome, CidRefused | Unfit):
        return Refused(outcome.code)
    if isinstance(outcome, Lacking):
        return Refused("connects.insufficient", data=outcome._asdict())
    if isinstance(outcome, StoreRefused):
        log.error("store_refused", code=outcome.code, reason=outcome.text)
    return refusal_of(outcome) if isinstance(outcome, StoreError) else Refused("internal")


def pack_policy(policy: PolicyView | None) -> str:
    """Write what the filter did, to be kept with the cid."""
    return "" if policy is None else msgspec.json.encode(policy).decode()


def unpack_policy(extra: str) -> PolicyView | None:
    """Read what was kept with the cid."""
    return msgspec.json.decode(extra, type=PolicyView) if extra else None
