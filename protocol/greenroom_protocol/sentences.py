"""The English sentences for people that belong to no error code: notices, hints, kinds of findings, verdicts, numbers.

`locales/en.json` is made of these and of the sentences of codes.py; the other languages have the same keys.

Source: protocol/spec/locales.md.
"""

from typing import Final

from greenroom_protocol.access import KEEP_HERE
from greenroom_protocol.codes import ERRORS

NOTICES: Final[dict[str, str]] = {
    "notice.offplatform_risk": (
        "Contact details can be shared from here on. What happens elsewhere is not protected, and payments stay here."
    ),
    "notice.contact_reminder": "A reminder: contact details can be shared once a contract starts.",
    KEEP_HERE: "This address is for giving access only. The conversation stays here.",
}
"""By notice: what a person must be shown."""

HINTS: Final[dict[str, str]] = {
    "access.request": "Ask to share an e-mail address for access to a system.",
    "access.revoke": "You can take your request back.",
    "access.share": "You can share the address now.",
    "call.hint": "You can tell the client that you would welcome a call.",
    "call.request": "You can ask for a call here.",
    "candidacy.list": "See how your candidacies stand.",
    "connects.get": "See your Connects and when free ones come back.",
    "conversion_fee": "See what it takes to pay elsewhere, such as the conversion fee.",
    "directory.search": "Search for somebody else.",
    "invitation.accept": "Accept the invitation.",
    "invitation.decline": "Decline the invitation.",
    "invitation.send": "Invite the freelancer to an interview.",
    "invitation.withdraw": "Withdraw the invitation.",
    "job.list": "See the jobs.",
    "member.remove": "Remove a team member first.",
    "message.send": "Write a message.",
    "offer.accept": "Accept the offer.",
    "offer.decline": "Decline the offer.",
    "offer.send": "Make an offer.",
    "offer.withdraw": "Withdraw the offer.",
    "peer.unblock": "Unblock this person.",
    "proposal.decline": "Decline the proposal.",
    "proposal.submit": "Send a proposal.",
    "proposal.withdraw": "Withdraw your proposal.",
    "relationship.declare": "Tell the marketplace that you two knew each other before.",
    "terms_of_service": "Read and accept the terms of service.",
    "thread.archive": "Archive the conversation.",
    "thread.get": "Reload the conversation.",
    "thread.reopen": "Open the conversation again.",
    "topic.create": "Open a new topic.",
    "topic.post": "Write a new post.",
    "topic.read": "Reload the topic.",
}
"""By hint of a refusal: what to do instead; the text of a link or a button."""

KINDS: Final[dict[str, str]] = {
    "email": "e-mail address",
    "phone": "phone number",
    "messenger": "messenger account",
    "meeting_link": "meeting link",
    "social": "social profile",
    "website": "link",
    "payment": "payment details",
    "off_platform_request": "move elsewhere",
    "address": "postal address",
    "moderated": "taken out by a moderator",
}
"""By kind of finding: what was found, in a word or two, to stand beside the place."""

VERDICTS: Final[dict[str, str]] = {
    "redact": "Parts of this message are hidden.",
    "bounce": "This message cannot be sent.",
    "hold": "This message will be reviewed before it is delivered.",
}
"""By action of the filter that a sender is told: what becomes of the text, before or after sending."""

DATA: Final[dict[str, str]] = {
    "connects.insufficient": "It takes {need}; you have {have}. Free ones come back on {next_refill_at}.",
    "invitation.already_answered": "It was answered on {at}.",
}
"""By code: the sentence of the numbers in a refusal's `data`, shown after the code's own."""


def english() -> dict[str, str]:
    """Give every sentence by its key; keys of codes and notices stand as they are on the wire."""
    return {
        **{code: row.message for code, row in ERRORS.items()},
        **NOTICES,
        **_under("hint", HINTS),
        **_under("kind", KINDS),
        **_under("verdict", VERDICTS),
        **_under("data", DATA),
    }


def _under(prefix: str, sentences: dict[str, str]) -> dict[str, str]:
    return {f"{prefix}.{word}": sentence for word, sentence in sentences.items()}
