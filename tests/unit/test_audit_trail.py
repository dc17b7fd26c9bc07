"""What a commit leaves in the audit stream, and the cursors that name a place in it."""

import pytest

from greenroom_protocol.bases import PolicyView
from greenroom_protocol.events import InvitationWithdrawn, MessageSent
from greenroom_server.store.append import Rare
from greenroom_server.store.records import unpack
from greenroom_server.usecases.audit_trail import read_cursor, write_cursor
from greenroom_server.usecases.commits import Draft, audited, told
from greenroom_server.usecases.results import RefusedError

MASKED = PolicyView(action="redact", code="policy.contact_email", version="7")


def noted(draft: Draft) -> Rare | None:
    return audited(draft, "maya", told(draft.rare, draft.events))


def test_an_ordinary_message_leaves_nothing() -> None:
    draft = Draft(events=[MessageSent(body="Hello.")], state="candidacy")
    assert noted(draft) is None


def test_a_verdict_rides_in_the_commit_and_leaves_the_head_as_it_is() -> None:
    draft = Draft(events=[MessageSent(body="My address: ...")], state="candidacy", policy=MASKED)
    rare = noted(draft)
    assert rare is not None
    assert set(rare.packed()) == {"set", "audit"}
    assert not rare.set
    assert rare.audit is not None
    assert unpack(rare.audit) == {
        "kind": "message.sent", "user": "maya", "state": "candidacy", "action": "redact",
        "code": "policy.contact_email", "version": "7",
    }  # fmt: skip


def test_a_change_of_state_is_noted_without_its_text() -> None:
    draft = Draft(events=[InvitationWithdrawn()], state="closed", rare=Rare(set={"state": "closed"}))
    rare = noted(draft)
    assert rare is not None
    assert rare.audit is not None
    assert unpack(rare.audit) == {"kind": "invitation.withdrawn", "user": "maya", "state": "closed"}


def test_what_a_plan_notes_itself_is_kept() -> None:
    draft = Draft(events=[InvitationWithdrawn()], state="closed", rare=Rare(audit=b"own"))
    rare = noted(draft)
    assert rare is not None
    assert rare.audit == b"own"


@pytest.mark.parametrize("place", [(0, "0"), (127, "1760000000000-3")])
def test_a_cursor_says_where_to_go_on(place: tuple[int, str]) -> None:
    assert read_cursor(write_cursor(*place)) == place


@pytest.mark.parametrize("cursor", ["", ".", "5", "5.", "128.0", "-1.0", "5.0-", "5.a", "5.1-2-3", "5.+"])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(RefusedError):
        read_cursor(cursor)
