"""Every error code and close code of the wire: the one source for all languages.

A code is never renamed or given another meaning. `retry` says what the sender may do:
`never` (the same command will be refused again), `later` (after `retry_after_ms`, with the
same cid), `after_resume` (reconnect and resume first), `after_refresh` (get a new token first).
Close codes 4000-4499 mean "reconnect and resume", 4500-4999 "do not reconnect by yourself".

Source: protocol/spec/codes.md (generated from this file).
"""

from enum import StrEnum
from typing import Final, NamedTuple


class Retry(StrEnum):
    """What a client may do after a refusal."""

    NEVER = "never"
    LATER = "later"
    AFTER_RESUME = "after_resume"
    AFTER_REFRESH = "after_refresh"


class ErrorCode(NamedTuple):
    """One row of the error table."""

    message: str
    """English sentence for the person; translations are looked up by code."""
    retry: Retry = Retry.NEVER
    hint: str | None = None
    """A command or help topic that does what was wanted."""


_LATER = Retry.LATER

ERRORS: Final[dict[str, ErrorCode]] = {
    # frames and session
    "bad_request": ErrorCode("The frame is not a valid command."),
    "bad_request.json": ErrorCode("The frame is not valid JSON."),
    "bad_request.msgpack": ErrorCode("The frame is not valid MessagePack."),
    "bad_request.type": ErrorCode("The command is not known."),
    "bad_request.field": ErrorCode("A field is missing or has the wrong type or size."),
    "bad_request.body": ErrorCode("A message needs between 1 and 10,000 characters (32 KiB)."),
    "bad_request.batch": ErrorCode("A frame may hold between 1 and 64 commands."),
    "session.not_connected": ErrorCode("The first frame must be `connect`."),
    "session.already_connected": ErrorCode("This connection is already connected."),
    "session.busy": ErrorCode("Too many commands wait on this connection.", _LATER),
    "version.unsupported": ErrorCode("This protocol version is not supported; please update the app."),
    # authentication
    "auth.bad_token": ErrorCode("The token is not valid.", Retry.AFTER_REFRESH),
    "auth.token_expired": ErrorCode("The token has expired.", Retry.AFTER_REFRESH),
    "auth.revoked": ErrorCode("This sign-in was ended."),
    "auth.wrong_user": ErrorCode("The new token belongs to another user."),
    "auth.api_key": ErrorCode("The API key is missing or wrong."),
    # permission and existence
    "not_found": ErrorCode("There is no such thing, or you may not see it."),
    "not_available": ErrorCode("This feature is switched off here."),
    "perm.denied": ErrorCode("You may not do this."),
    "perm.client_only": ErrorCode("Only the client may do this."),
    "perm.freelancer_only": ErrorCode("Only the freelancer may do this."),
    "perm.service_only": ErrorCode("Only the marketplace may do this."),
    "perm.principal_only": ErrorCode("Only the client and the freelancer themselves may do this."),
    "perm.author_only": ErrorCode("Only the author may change a message."),
    "thread.self": ErrorCode("You cannot open a conversation with yourself."),
    "thread.closed": ErrorCode("This conversation is closed.", hint="thread.reopen"),
    "thread.not_first": ErrorCode("Wait for the client to write first."),
    "peer.unavailable": ErrorCode("This person cannot be contacted at the moment.", hint="directory.search"),
    "peer.blocked": ErrorCode("Messages between you two are blocked.", hint="peer.unblock"),
    "wrong_state": ErrorCode("This is not possible in the present state of the conversation."),
    "conflict": ErrorCode("Somebody else changed this at the same moment.", _LATER),
    # messages
    "cid.invalid": ErrorCode("The cid must be a UUIDv7 in lower case."),
    "cid.outside_window": ErrorCode("The message id is too old or in the future; send it as a new message."),
    "idempotency.conflict": ErrorCode("This message id was already used for another text."),
    "outbox.gap": ErrorCode("An earlier message of this device has not arrived; send that one first.", _LATER),
    "message.erased": ErrorCode("This message was erased."),
    "message.edit_window": ErrorCode("A message can be edited for 15 minutes."),
    "message.not_editable": ErrorCode("Only messages can be edited or erased."),
    "message.redacted": ErrorCode("A moderator changed this message; it can no longer be edited."),
    "message.quote_target": ErrorCode("The message you answer to is not here any more; send yours without it."),
    "reaction.invalid": ErrorCode("A reaction is one emoji, without letters, digits or flags."),
    "reaction.target": ErrorCode("There is no message here to react to."),
    "reaction.too_many": ErrorCode("This message already has 20 different reactions; use one of them."),
    # team members
    "team.not_open": ErrorCode("Team members can join once the interview has begun."),
    "team.not_staff": ErrorCode("This person is not registered as one of your staff."),
    "team.full": ErrorCode("This conversation already has as many people as it can hold.", hint="member.remove"),
    "team.duplicate": ErrorCode("This person is already in the conversation."),
    "team.other_side": ErrorCode("This person belongs, or belonged, to the other side of the conversation."),
    "team.not_member": ErrorCode("This person is not a team member of your side."),
    "team.principal_stays": ErrorCode(
        "Only team members can leave; you can archive the conversation.", hint="thread.archive"
    ),
    # merged accounts
    "merge.two_parties": ErrorCode("These two are the two sides of a conversation, so they are not one person."),
    "merge.done": ErrorCode("This account was already merged into another one."),
    # personal settings
    "settings.time_zone": ErrorCode("This time zone is not known here; give an offset such as +02:00."),
    # rates
    "rate.connects": ErrorCode("Too many connections at once.", _LATER),
    "rate.sends": ErrorCode("You are sending too fast.", _LATER),
    "rate.edits": ErrorCode("You are editing too fast.", _LATER),
    "rate.checks": ErrorCode("You are checking too fast.", _LATER),
    "rate.reads": ErrorCode("You are reading too fast.", _LATER),
    "rate.ephemeral": ErrorCode("Too many typing or presence updates.", _LATER),
    "rate.invitations": ErrorCode("You are inviting too fast.", _LATER),
    "rate.new_threads": ErrorCode("You opened too many new conversations.", _LATER),
    "rate.proposals": ErrorCode("You are sending proposals too fast.", _LATER),
    "rate.commands": ErrorCode("You are sending commands too fast.", _LATER),
    "rate.posts": ErrorCode("You have posted a lot; please come back later.", _LATER),
    "rate.topics": ErrorCode("You have opened many topics; please come back later.", _LATER),
    "rate.feedback": ErrorCode("Thank you; you have sent a lot of feedback already, please come back later.", _LATER),
    # community
    "topic.locked": ErrorCode("This topic is locked; nobody can write here any more.", hint="topic.create"),
    "topic.full": ErrorCode("This topic is full; please open a new one.", hint="topic.create"),
    "topic.not_a_question": ErrorCode("Only a question has an accepted answer."),
    "topic.asker_only": ErrorCode("Only the person who asked accepts an answer."),
    "post.not_an_answer": ErrorCode("This cannot be accepted: it is the question itself, or it is gone."),
    "post.no_reply_to": ErrorCode("The post you are answering is not there.", hint="topic.read"),
    "post.author_only": ErrorCode("Only the author may change a post."),
    "post.erased": ErrorCode("This post was erased."),
    "post.hidden": ErrorCode("A moderator hid this post."),
    "post.edit_window": ErrorCode("This post is too old to be edited.", hint="topic.post"),
    # interviews
    "notice.unknown": ErrorCode("There is no such notice here.", hint="thread.get"),
    "relationship.known": ErrorCode("The marketplace already knows that you two met elsewhere."),
    "relationship.declared": ErrorCode("You have already said so; the marketplace is looking at it."),
    "candidacy.not_open": ErrorCode("You can write here once the client has answered you.", hint="candidacy.list"),
    "job.closed": ErrorCode("This job is closed.", hint="job.list"),
    "job.not_owner": ErrorCode("This is not your job."),
    "invitation.none": ErrorCode("There is no invitation to answer here."),
    "invitation.duplicate": ErrorCode(
        "This freelancer already has an invitation, a proposal or a contract for this job."
    ),
    "invitation.already_answered": ErrorCode("This invitation was already answered."),
    "invitation.expired": ErrorCode("This invitation has expired."),
    "invitation.withdrawn": ErrorCode("The client withdrew this invitation."),
    "proposal.none": ErrorCode("There is no proposal or accepted invitation to end here."),
    "proposal.duplicate": ErrorCode("You already have a proposal or an accepted invitation for this job."),
    "proposal.invited": ErrorCode(
        "You are already invited to this job: accept the invitation instead.", hint="invitation.accept"
    ),
    "proposal.no_profile": ErrorCode("Proposals can be sent once you have a public profile."),
    "connects.insufficient": ErrorCode("You do not have enough Connects for this.", hint="connects.get"),
    "connects.limit": ErrorCode("A balance of Connects cannot grow this large."),
    "offer.none": ErrorCode("There is no offer to answer here."),
    "offer.open": ErrorCode("There is an open offer here; it has to be answered first.", hint="offer.withdraw"),
    "offer.no_interview": ErrorCode(
        "An offer needs an accepted invitation or a proposal first.", hint="invitation.send"
    ),
    "offer.terms": ErrorCode("These terms are not possible."),
    "offer.by_marketplace": ErrorCode("Offers are made on the marketplace's own pages."),
    "offer.expired": ErrorCode("This offer has expired."),
    "contract.none": ErrorCode("There is no contract in this conversation."),
    "contract.already_started": ErrorCode("The contract has already started.", hint="message.send"),
    "call.client_only": ErrorCode("Only the client can ask for a call before a contract.", hint="call.hint"),
    "call.no_interview": ErrorCode(
        "A call can be asked for once an invitation is accepted or a proposal is made.", hint="invitation.send"
    ),
    "thread.not_closed": ErrorCode("This conversation is open.", hint="message.send"),
    # access grants, blocks and reports
    "access.none": ErrorCode("There is no such request in this conversation.", hint="access.request"),
    "access.not_open": ErrorCode("Wait for the interview: an e-mail address can be shared for access from then on."),
    "access.not_needed": ErrorCode("You two may share contact details: write the address.", hint="message.send"),
    "access.not_holder": ErrorCode("Only the person whose address it is can share it.", hint="access.request"),
    "access.not_counterparty": ErrorCode("Only the person who was asked can answer this.", hint="access.revoke"),
    "access.not_agreed": ErrorCode("The other side has not agreed to this yet."),
    "access.already_agreed": ErrorCode("This was already agreed to.", hint="access.share"),
    "access.already_shared": ErrorCode("An address was already shared here; ask again.", hint="access.request"),
    "access.expired": ErrorCode("This request has expired; ask again.", hint="access.request"),
    "access.ended": ErrorCode("This request was refused or taken back.", hint="access.request"),
    "access.bad_address": ErrorCode("This is not a plain e-mail address."),
    "rate.access_grant": ErrorCode("There were too many requests for access in this conversation.", _LATER),
    "peer.too_many": ErrorCode("You have blocked as many people as you can.", hint="peer.unblock"),
    "peer.self": ErrorCode("You cannot block yourself."),
    "report.decided": ErrorCode("This report was already decided."),
    "report.category": ErrorCode("This is not something that can be reported here."),
    "rate.reports": ErrorCode("You have reported a lot; please come back later.", _LATER),
    # people
    "badge.unpaid": ErrorCode("The availability badge is not paid for; it can be bought in your account."),
    "perm.unverified": ErrorCode("Your account must be verified before you can write to freelancers or invite them."),
    "away.until": ErrorCode("Time away must end in the future, within the next 90 days."),
    "hours.too_few": ErrorCode("Published working hours must be at least 20 hours a week."),
    "hours.invalid": ErrorCode("The working hours overlap, or their time zone is not known."),
    "rate.searches": ErrorCode("You are searching too fast.", _LATER),
    # contact policy
    "policy.contact_precontract": ErrorCode("Contact details can be shared once a contract starts."),
    "policy.contact_email": ErrorCode("E-mail addresses can be shared once a contract starts.", hint="access.request"),
    "policy.contact_phone": ErrorCode("Phone numbers can be shared once a contract starts."),
    "policy.contact_handle": ErrorCode("Accounts on other services can be shared once a contract starts."),
    "policy.contact_form": ErrorCode("Contact forms and short links can be shared once a contract starts."),
    "policy.contact_address": ErrorCode("Addresses can be shared once a contract starts."),
    "policy.contact_answered": ErrorCode(
        "You were asked for this; please wait: contact details can be shared once a contract starts."
    ),
    "policy.access_system": ErrorCode("An e-mail address can be shared only for access to one of the listed systems."),
    "policy.contact_request": ErrorCode("Please do not ask for contact details before a contract starts."),
    "policy.offplatform_interview": ErrorCode(
        "Please keep the conversation here until a contract starts.", hint="call.request"
    ),
    "policy.external_meeting_link": ErrorCode(
        "Meetings elsewhere are possible once a contract starts; you can ask for a call here.",
        hint="call.request",
    ),
    "policy.payment_offplatform": ErrorCode("Payments stay on the marketplace.", hint="conversion_fee"),
    "policy.payment_request": ErrorCode("Payments stay on the marketplace.", hint="conversion_fee"),
    "policy.origin_unverified": ErrorCode(
        "The marketplace has not confirmed yet that you two knew each other before.", hint="relationship.declare"
    ),
    "policy.tos_not_accepted": ErrorCode(
        "Please accept the terms of service of the marketplace first.", hint="terms_of_service"
    ),
    "policy.unscannable": ErrorCode("This cannot be checked and was not sent."),
    "policy.filter_failed": ErrorCode("The message could not be checked and was not sent.", _LATER),
    # moderation
    "held.rejected": ErrorCode("The moderators did not let this message through."),
    "held.expired": ErrorCode("Nobody could look at this message in time; it was not sent."),
    "held.withdrawn": ErrorCode("You have taken this message back."),
    "held.decided": ErrorCode("This was already decided."),
    "held.earlier_first": ErrorCode("An earlier message of the same person is waiting; decide that one first."),
    "held.unreadable": ErrorCode("The text is no longer there."),
    "verdict.none": ErrorCode("There is no decision about this message that could be looked at again."),
    "rate.appeals": ErrorCode("You have appealed a lot; please come back later.", _LATER),
    # the server's own
    "unavailable": ErrorCode("Nothing was saved; please try again.", _LATER),
    "uncertain": ErrorCode("It is not known whether this was saved; retry with the same cid.", _LATER),
    "server.overloaded": ErrorCode("The server is busy; please try again.", _LATER),
    "server.draining": ErrorCode("This server is about to stop; reconnect.", Retry.AFTER_RESUME),
    "internal": ErrorCode("Something went wrong on our side. Nothing more was done.", _LATER),
}

DEFAULT_RETRY_AFTER_MS: Final = 1_000


class CloseCode(NamedTuple):
    """One row of the close-code table."""

    name: str
    reconnect: bool
    meaning: str


NORMAL: Final = 1000
PROTOCOL_ERROR: Final = 1002
UNSUPPORTED_DATA: Final = 1003
INVALID_DATA: Final = 1007
TOO_BIG: Final = 1009
INTERNAL_ERROR: Final = 1011
SERVICE_RESTART: Final = 1012
SERVER_DRAIN: Final = 4000
NO_CONNECT: Final = 4001
TOKEN_EXPIRED: Final = 4002
PONG_TIMEOUT: Final = 4004
INSUFFICIENT_STATE: Final = 4005
SLOW: Final = 4008
BAD_TOKEN: Final = 4500
REVOKED: Final = 4501
BANNED: Final = 4502
UPGRADE_REQUIRED: Final = 4503
TOO_MANY_ERRORS: Final = 4504
REPLACED: Final = 4505

CLOSES: Final[dict[int, CloseCode]] = {
    NORMAL: CloseCode("normal", False, "The client said goodbye."),
    PROTOCOL_ERROR: CloseCode("protocol_error", False, "The peer broke the WebSocket protocol."),
    UNSUPPORTED_DATA: CloseCode(
        "unsupported_data", False, "Text on a MessagePack connection, or binary on a JSON one."
    ),
    INVALID_DATA: CloseCode("invalid_data", False, "A text frame was not valid UTF-8."),
    TOO_BIG: CloseCode("too_big", False, "A frame was larger than the limit; resending it cannot help."),
    INTERNAL_ERROR: CloseCode("internal_error", True, "A server error; reconnect and resume."),
    SERVICE_RESTART: CloseCode("service_restart", True, "The server restarts; reconnect and resume."),
    SERVER_DRAIN: CloseCode("server_drain", True, "The server is being emptied; another one takes over."),
    NO_CONNECT: CloseCode("no_connect_in_10_s", True, "No `connect` arrived within ten seconds."),
    TOKEN_EXPIRED: CloseCode("token_expired", True, "Refresh the token, then reconnect."),
    PONG_TIMEOUT: CloseCode("pong_timeout", True, "Nothing was heard for a heartbeat and ten seconds."),
    INSUFFICIENT_STATE: CloseCode("insufficient_state", True, "The position could not be kept; resume."),
    SLOW: CloseCode("slow", True, "The connection could not keep up; resume to get what was missed."),
    BAD_TOKEN: CloseCode("bad_token", False, "The token was refused; sign in again."),
    REVOKED: CloseCode("revoked", False, "This sign-in was ended."),
    BANNED: CloseCode("banned", False, "This account is suspended."),
    UPGRADE_REQUIRED: CloseCode("upgrade_required", False, "This protocol version is no longer served."),
    TOO_MANY_ERRORS: CloseCode("too_many_errors", False, "Too many refused frames on one connection."),
    REPLACED: CloseCode("replaced_by_newer_socket", False, "The same device connected again."),
}


def may_reconnect(close_code: int) -> bool:
    """Say whether a client reconnects by itself after this close code.

    Unknown codes and 1006 (the connection just broke) reconnect, except in 4500-4999.
    """
    row = CLOSES.get(close_code)
    if row is not None:
        return row.reconnect
    return not 4500 <= close_code <= 4999
