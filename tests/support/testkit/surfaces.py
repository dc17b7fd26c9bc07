"""Every text that somebody can put in, and whether the contact filter looks at it.

A field is named `<struct>.<field>`; the key of a map is `<struct>.<field>{}`. A new one belongs in one of the tables.
"""

from collections.abc import Iterator
from typing import Any, Final

from msgspec import inspect

from greenroom_protocol.commands import AnyCommand
from greenroom_server.screening.context import Surface
from greenroom_server.transport.api_routes import ROUTES

SCREENED: Final[dict[str, Surface]] = {
    "AccessRequest.purpose": Surface.ACCEPT_NOTE,
    "FeedbackSubmit.body": Surface.COMMUNITY_POST,
    "FreelancerPut.headline": Surface.HEADLINE,
    "FreelancerPut.name": Surface.DISPLAY_NAME,
    "FreelancerPut.skills": Surface.HEADLINE,
    "InvitationAccept.note": Surface.ACCEPT_NOTE,
    "InvitationDecline.note": Surface.DECLINE_NOTE,
    "InvitationSend.body": Surface.INVITATION,
    "JobPut.title": Surface.JOB_TITLE,
    "MessageCheck.body": Surface.MESSAGE,
    "MessageEdit.body": Surface.EDIT,
    "MessageSend.body": Surface.MESSAGE,
    "OfferDecline.note": Surface.OFFER_NOTE,
    "OfferTerms.note": Surface.OFFER_NOTE,
    "ProposalDecline.note": Surface.DECLINE_NOTE,
    "ProposalSubmit.body": Surface.PROPOSAL,
    "RelationshipDeclare.note": Surface.RELATIONSHIP_NOTE,
    "ThreadOpen.body": Surface.MESSAGE,
    "TopicCreate.body": Surface.COMMUNITY_POST,
    "TopicCreate.tags": Surface.COMMUNITY_POST,
    "TopicCreate.title": Surface.COMMUNITY_POST,
    "TopicEdit.body": Surface.COMMUNITY_POST,
    "TopicPost.body": Surface.COMMUNITY_POST,
    "UserPut.name": Surface.DISPLAY_NAME,
}

NAMES: Final = frozenset(
    {
        *("thread", "cid", "prev_cid", "freelancer", "client", "job", "user", "users", "topic", "topics", "held"),
        *("device", "token", "cursor", "obligation", "origin_ref", "staff_of", "into"),
    }
)
"""Fields that name something that must exist, or are shaped like ids and shown to nobody."""

UNSCREENED: Final[dict[str, str]] = {
    "AccessRequest.system": "a word of the policy's list",
    "AccessShare.email": "the address that an access grant is about",
    "AnnouncementPost.body": "the marketplace's own words",
    "AnnouncementPost.title": "the marketplace's own words",
    "BulkOperation.body": "decoded as the body of the operation's own route, which screens it",
    "BulkOperation.idempotency_key": "shaped like a cid",
    "BulkOperation.path": "must be the path of a route",
    "Connect.caps": "words that the hub knows; others are dropped",
    "ConnectsPost.key": "an id in the ledger, shown to nobody",
    "ContractPost.title": "the gate is open with the contract that it comes with",
    "DirectorySearch.skills": "compared, not kept",
    "DirectorySearch.text": "compared, not kept",
    "FreelancerPut.currency": "three letters",
    "HeldDecisionPost.note": "a code for the marketplace's records",
    "HoursSet.zone": "must be a time zone",
    "MetricsAppeal.note": "for moderators only",
    "MessageReact.emoji": "must be one emoji",
    "NoticeAck.notice": "must be the notice that was shown",
    "OfferTerms.amount": "digits",
    "OfferTerms.currency": "three letters",
    "PeerBlock.reason": "a note to oneself",
    "QuietHours.from_": "a time of day",
    "QuietHours.to": "a time of day",
    "QuietHours.tz": "must be a time zone",
    "ReportCreate.category": "a word of the policy's list",
    "ReportCreate.note": "for moderators only",
    "Resume.threads{}": "names threads",
    "TopicList.tag": "compared, not kept",
    "TopicSearch.text": "compared, not kept",
    "VerdictAppeal.note": "for moderators only",
}
"""Why the filter need not look at a field."""


def text_fields() -> set[str]:
    """Name every text in every command and every body of the server API, but plain names."""
    kinds = [*AnyCommand.__args__, *(route.body for route in ROUTES if route.body is not None)]
    found = {path for kind in kinds for path in _texts(inspect.type_info(kind), "", frozenset())}
    return {path for path in found if path.partition(".")[2] not in NAMES}


def _texts(kind: Any, path: str, inside: frozenset[type]) -> Iterator[str]:
    if isinstance(kind, inspect.StructType):
        for field in kind.fields if kind.cls not in inside else ():
            yield from _texts(field.type, f"{kind.cls.__name__}.{field.name}", inside | {kind.cls})
    elif isinstance(kind, inspect.Metadata):
        yield from _texts(kind.type, path, inside)
    elif isinstance(kind, inspect.UnionType):
        for each in kind.types:
            yield from _texts(each, path, inside)
    elif isinstance(kind, inspect.TupleType):
        for each in kind.item_types:
            yield from _texts(each, path, inside)
    elif isinstance(kind, inspect.CollectionType):
        yield from _texts(kind.item_type, path, inside)
    elif isinstance(kind, inspect.DictType):
        yield from _texts(kind.key_type, path + "{}", inside)
        yield from _texts(kind.value_type, path, inside)
    elif isinstance(kind, inspect.StrType | inspect.AnyType | inspect.RawType | inspect.BytesType):
        yield path
