"""What the marketplace's backend sends and gets over HTTP: one struct per body, with its bounds and its words.

The OpenAPI document is made from these; unknown fields are refused.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from greenroom_protocol.bases import PolicyView
from greenroom_protocol.offers import OfferTerms
from greenroom_protocol.profiles import ProfileView

NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
THREAD_PATTERN = "^t[0-9]{1,3}_[a-z0-9_]{1,56}$"
_ONE_LINE = "^[^\\x00-\\x1f\\x7f]*$"

Id = Annotated[str, Meta(pattern=NAME_PATTERN, description="An id that the marketplace chose.")]
Skill = Annotated[str, Meta(min_length=1, max_length=50, pattern=_ONE_LINE)]
Cid = Annotated[str, Meta(min_length=36, max_length=36, description="UUIDv7 in lower case; makes a retry safe.")]
Role = Literal["client", "freelancer"]
State = Literal[
    "direct", "invited", "accepted", "proposed", "closed", "candidacy", "offer", "contract", "paused", "ended"
]
MoveName = Literal[
    "offer", "accept_offer", "decline_offer", "withdraw_offer",
    "start_contract", "pause_contract", "resume_contract", "end_contract", "close_job",
]  # fmt: skip


class _Request(Struct, forbid_unknown_fields=True, kw_only=True):
    pass


class UserPut(_Request):
    """A user; what is null or absent stays as it is."""

    name: Annotated[str, Meta(min_length=1, max_length=80, pattern=_ONE_LINE, description="Shown to the others.")]
    suspended: Annotated[
        bool | None, Meta(description="True closes the user's connections and refuses new ones; null leaves it.")
    ] = None
    terms_accepted_at: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="Acceptance of the terms of service, UTC ms; 0: none; null leaves it."),
    ] = None
    verified: Annotated[
        bool | None, Meta(description="The marketplace knows who this is; may be asked of clients. Null leaves it.")
    ] = None
    synthetic: Annotated[
        bool | None, Meta(description="A test account: answers to it never count in any figure. Null leaves it.")
    ] = None
    staff_of: Annotated[
        Annotated[list[Id], Meta(max_length=100)] | None,
        Meta(description="Users who may bring this one into their threads as staff; null leaves it."),
    ] = None
    revoke_sessions: Annotated[
        bool, Meta(description="Sign out everywhere: tokens issued until now are refused, connections close.")
    ] = False


class FreelancerPut(_Request):
    """A freelancer's whole public profile; contact details in it are refused."""

    name: Annotated[str, Meta(min_length=1, max_length=80, pattern=_ONE_LINE)]
    headline: Annotated[str, Meta(max_length=200, pattern=_ONE_LINE)]
    skills: Annotated[list[Skill], Meta(max_length=50, description="Searchable.")]
    hourly_rate: Annotated[float, Meta(ge=0, le=1_000_000)] | None = None
    currency: Annotated[str, Meta(pattern="^([A-Z]{3})?$", description="ISO 4217, or empty.")] = ""


class JobPut(_Request):
    """A job; its client never changes."""

    client: Id
    title: Annotated[str, Meta(min_length=1, max_length=200, pattern=_ONE_LINE)]
    open: Annotated[bool, Meta(description="False closes its threads that have no contract.")]


class PairPut(_Request):
    """What holds for all threads of two people; what is null or absent stays as it is."""

    origin: Annotated[
        Literal["platform", "external"] | None,
        Meta(description="external: they met before, by evidence; both filters are off. It cannot be taken back."),
    ] = None
    conversion: Annotated[
        Literal["none", "paid", "exempt"] | None,
        Meta(description="paid or exempt: payment outside may be talked about."),
    ] = None
    blocked: Annotated[bool | None, Meta(description="True: no messages between the two.")] = None
    exempt_plan: Annotated[
        bool | None,
        Meta(description="The client's plan lets the two share contacts before a contract; off in the shipped policy."),
    ] = None
    moderator: Annotated[bool, Meta(description="A moderator decides: may also take an external origin back.")] = False


class MovePost(_Request):
    """A move of a thread, as the marketplace decides it."""

    move: MoveName
    cid: Cid | None = None
    terms: Annotated[OfferTerms | None, Meta(description="With `offer` and `start_contract`: what is agreed.")] = None
    starts_at: Annotated[
        int, Meta(ge=0, description="With `start_contract`: when it started, UTC ms, not in the future; 0: now.")
    ] = 0


class TokenPost(_Request):
    """A token for development."""

    user: Id
    ttl_s: Annotated[int, Meta(ge=1, le=86_400, description="Seconds until it expires.")] = 3_600


class SearchQuery(_Request):
    """Which freelancers."""

    text: Annotated[
        str, Meta(max_length=200, description="Words; each begins a word of the name, the headline or the skills.")
    ] = ""
    skill: Annotated[str, Meta(max_length=50, description="One whole skill.")] = ""
    available: Annotated[bool, Meta(description="Only those whose availability badge is on.")] = False
    cursor: Annotated[str, Meta(max_length=200, description="From the page before.")] | None = None
    limit: Annotated[int, Meta(ge=1, le=50)] = 20


class ThreadsQuery(_Request):
    """Which thread of a pair."""

    job: Annotated[str, Meta(pattern=f"{NAME_PATTERN}|^$", description="The job; empty: the thread without a job.")] = (
        ""
    )


class UserView(Struct, kw_only=True):
    """A user as saved."""

    user: str
    name: str
    suspended: bool
    revoked_before: Annotated[int, Meta(description="Tokens whose `iat` is before this (UTC s) are refused.")]
    staff_of: list[str]


class JobView(Struct, kw_only=True):
    """A job as saved."""

    job: str
    client: str
    title: str
    open: bool


class PairView(Struct, kw_only=True):
    """The flags of a pair."""

    client: str
    freelancer: str
    origin: Literal["platform", "external"]
    conversion: Literal["none", "paid", "exempt"]
    blocked: bool
    exempt_plan: bool
    first_contract_at: Annotated[int, Meta(description="UTC ms.")] | None


class FreelancersPage(Struct, kw_only=True):
    """Freelancers by id."""

    freelancers: list[ProfileView]
    cursor: Annotated[str, Meta(description="For the next page.")] | None


class MoveView(Struct, kw_only=True):
    """What a move did."""

    seq: Annotated[int, Meta(description="Position of its event in the thread.")]
    at: Annotated[int, Meta(description="UTC ms.")]
    state: Annotated[State, Meta(description="Of the thread afterwards; of a repeat: now.")]
    dup: Annotated[bool, Meta(description="True: this cid was carried out before; nothing was done now.")]


class ParticipantView(Struct, kw_only=True):
    """A person in a thread."""

    user: str
    role: Role


class ThreadView(Struct, kw_only=True):
    """Where a thread stands; never its text."""

    thread: str
    state: State
    why: Annotated[str, Meta(description="What closed it; empty while it is not closed.")]
    client: str
    freelancer: str
    job: Annotated[str, Meta(description="Empty for a thread without a job.")]
    title: Annotated[str, Meta(description="Of the job.")]
    contact: Annotated[Literal["allowed", "blocked"], Meta(description="Whether contact details may be shared.")]
    gate_opened_at: Annotated[int, Meta(description="Start of the first contract, UTC ms; 0: none yet.")]
    expires_at: Annotated[int, Meta(description="Deadline of the open invitation or offer, UTC ms; 0: none.")]
    origin: Annotated[str, Meta(description="How it began: search, profile, referral, other, invitation, proposal.")]
    origin_ref: Annotated[str, Meta(description="Id of the search or code of the referral; empty: none.")]
    offer: Annotated[OfferTerms | None, Meta(description="The open offer.")]
    participants: list[ParticipantView]


class ThreadsPage(Struct, kw_only=True):
    """Threads of a pair."""

    threads: list[ThreadView]


class TokenView(Struct, kw_only=True):
    """A token for development."""

    token: str
    ttl_s: int


class HealthView(Struct, kw_only=True, omit_defaults=True):
    """Whether messages can be sent."""

    status: Literal["ok", "unavailable"]
    reason: str = ""


class ErrorBody(Struct, kw_only=True, omit_defaults=True):
    """The request was refused; `code` is stable, `message` is English for a person."""

    code: str
    message: str
    retry: Annotated[
        Literal["never", "later", "after_resume", "after_refresh"],
        Meta(description="later: repeat the same request after retry_after_ms."),
    ]
    retry_after_ms: int | None = None
    hint: str | None = None
    policy: PolicyView | None = None
    data: Annotated[dict[str, int] | None, Meta(description="Numbers that belong to the code.")] = None
    correlation_id: Annotated[str, Meta(description="Only with `internal`: finds the failure in the log.")] = ""
