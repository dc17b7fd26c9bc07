"""The policy of the contact filter: which action a text gets in which state."""

from dataclasses import replace

import pytest

from greenroom_server.screening.context import Context, Surface
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.screen import Screen
from greenroom_server.screening.verdict import FILTER_FAILED, Action, Kind, Verdict

BEFORE_GATE = ("direct", "invited", "accepted", "proposed", "closed", "candidacy", "offer")
AFTER_GATE = ("contract", "paused", "ended")


@pytest.fixture(scope="module")
def screen() -> Screen:
    return Screen(ScreeningPolicy.default())


def judge(screen: Screen, text: str, state: str = "candidacy", **context: object) -> Verdict:
    return screen(text, replace(Context(state), **context))  # type: ignore[arg-type]


@pytest.mark.parametrize("state", BEFORE_GATE)
def test_plain_email_is_masked_before_the_gate(screen: Screen, state: str) -> None:
    verdict = judge(screen, "Thanks! write me at jane@example-mail.com, ok?", state)
    assert verdict.action is Action.REDACT
    assert verdict.text == "Thanks! write me at [email hidden until a contract starts], ok?"
    assert verdict.code == "policy.contact_email"
    assert [(found.kind, found.reason, found.intent) for found in verdict.findings] == [
        (Kind.EMAIL, "EMAIL_PLAIN", "share")
    ]
    assert verdict.policy_state == state


@pytest.mark.parametrize("state", AFTER_GATE)
def test_contact_passes_with_a_notice_after_the_gate(screen: Screen, state: str) -> None:
    text = "write me at jane@example-mail.com"
    verdict = judge(screen, text, state)
    assert (verdict.action, verdict.text, verdict.code) == (Action.ALLOW, text, None)
    assert verdict.notice == "notice.offplatform_risk"


def test_placeholders_are_located_in_the_delivered_text(screen: Screen) -> None:
    verdict = judge(screen, "[note] add me on WhatsApp +1 786 555 0129 or jane@acme.com [end]")
    assert [(place.kind, verdict.text[place.start : place.end]) for place in verdict.hidden] == [
        (Kind.PHONE, "[phone number hidden until a contract starts]"),
        (Kind.EMAIL, "[email hidden until a contract starts]"),
    ]


def test_an_unknown_state_counts_as_before_the_gate(screen: Screen) -> None:
    assert judge(screen, "jane@example-mail.com", "no_such_state").action is Action.REDACT


@pytest.mark.parametrize("introduction", ["write me at", "email me at", "Please e-mail me:", "you can mail me on"])
def test_an_imperative_that_introduces_an_identifier_is_a_share(screen: Screen, introduction: str) -> None:
    assert judge(screen, f"{introduction} jane@example-mail.com").action is Action.REDACT


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("what's your whatsapp?", "policy.contact_request"),
        ("Can you send me your e-mail?", "policy.contact_request"),
        ("let's talk outside", "policy.offplatform_interview"),
        ("email me the files please", "policy.offplatform_interview"),
        ("Let's move to WhatsApp: +1 415 555 0132", "policy.offplatform_interview"),
        ("reach me: jane (at) gmail (dot) com", "policy.contact_email"),
        ("j a n e @ g m a i l . c o m", "policy.contact_email"),
        ("paypal.me/janedoe", "policy.payment_offplatform"),
        ("pay me via paypal", "policy.payment_request"),
    ],
)
def test_asks_moves_disguises_and_payment_bounce(screen: Screen, text: str, code: str) -> None:
    verdict = judge(screen, text)
    assert (verdict.action, verdict.text, verdict.code, verdict.final) == (Action.BOUNCE, "", code, False)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("my number is +1 415 555 0132", "policy.contact_phone"),
        ("telegram: @jane_draws", "policy.contact_handle"),
        ("https://www.linkedin.com/in/jane-doe/", "policy.contact_handle"),
        ("https://us02web.zoom.us/j/84512345678", "policy.external_meeting_link"),
        ("https://forms.gle/9aBcDeFgHi", "policy.contact_form"),
    ],
)
def test_plain_identifiers_are_masked_with_the_code_of_their_kind(screen: Screen, text: str, code: str) -> None:
    verdict = judge(screen, text)
    assert (verdict.action, verdict.code) == (Action.REDACT, code)


def test_a_repeat_is_held_where_moderators_exist_and_final_where_not(screen: Screen) -> None:
    text = "what's your whatsapp?"
    assert judge(screen, text, is_repeat=True, has_moderators=True).action is Action.HOLD
    alone = judge(screen, text, is_repeat=True)
    assert (alone.action, alone.final) == (Action.BOUNCE, True)


def test_a_doubtful_finding_is_held_or_noticed(screen: Screen) -> None:
    text = "scan the qr code on slide two"
    assert judge(screen, text, has_moderators=True).action is Action.HOLD
    alone = judge(screen, text)
    assert (alone.action, alone.text, alone.notice) == (Action.NOTICE, text, "notice.contact_reminder")


@pytest.mark.parametrize("state", ["candidacy", "contract"])
def test_payment_outside_bounces_until_the_conversion_is_settled(screen: Screen, state: str) -> None:
    assert judge(screen, "pay me via paypal", state).action is Action.BOUNCE
    for conversion in ("paid", "exempt"):
        assert judge(screen, "pay me via paypal", state, conversion=conversion).action is Action.ALLOW
    assert judge(screen, "jane@example-mail.com", "candidacy", conversion="paid").action is Action.REDACT


def test_an_external_pair_is_not_judged(screen: Screen) -> None:
    verdict = judge(screen, "pay me via paypal, jane@gmail.com", "direct", is_external=True)
    assert (verdict.action, verdict.findings) == (Action.ALLOW, ())


def test_a_granted_address_is_clean_where_grants_exist(screen: Screen) -> None:
    granted = frozenset({"Jane@Example-Mail.com"})
    text = "Please add jane@example-mail.com to the board"
    for state in ("candidacy", "offer"):
        assert judge(screen, text, state, granted_emails=granted).action is Action.ALLOW
    assert judge(screen, text, "direct", granted_emails=granted).action is Action.REDACT


def test_a_grant_covers_nothing_else(screen: Screen) -> None:
    granted = frozenset({"jane@example-mail.com"})
    second = judge(screen, "jane@example-mail.com or j@other-mail.com", granted_emails=granted)
    assert second.text == "jane@example-mail.com or [email hidden until a contract starts]"
    obfuscated = judge(screen, "jane (at) example-mail (dot) com", granted_emails=granted)
    assert obfuscated.action is Action.BOUNCE


def test_the_grant_hint_is_given_only_where_it_helps(screen: Screen) -> None:
    assert judge(screen, "jane@example-mail.com", "candidacy").hint == "access.request"
    assert judge(screen, "jane@example-mail.com", "direct").hint is None


def test_names_bounce_instead_of_being_masked(screen: Screen) -> None:
    assert judge(screen, "jane@example-mail.com", surface=Surface.DISPLAY_NAME).action is Action.BOUNCE


def test_a_public_post_never_passes_the_gate(screen: Screen) -> None:
    verdict = judge(screen, "jane@example-mail.com", "contract", surface=Surface.COMMUNITY_POST)
    assert verdict.action is Action.REDACT


def test_more_contacts_than_a_message_needs_are_not_masked_one_by_one(screen: Screen) -> None:
    text = " ".join(f"person{index}@mail-number.com" for index in range(30))
    assert judge(screen, text).action is Action.BOUNCE
    assert judge(screen, text, "contract").action is Action.ALLOW


def test_too_long_a_text_is_not_delivered(screen: Screen) -> None:
    verdict = judge(screen, "a" * 10_001)
    assert (verdict.action, verdict.text, verdict.code) == (Action.BOUNCE, "", "policy.unscannable")
    assert verdict.has_failed


def test_an_exceeded_step_budget_holds_or_bounces() -> None:
    strict = Screen(replace(ScreeningPolicy.default(), steps_base=1, steps_per_code_point=1))
    text = "write me at jane@example-mail.com"
    for has_moderators, action in ((True, Action.HOLD), (False, Action.BOUNCE)):
        verdict = strict(text, Context("candidacy", has_moderators=has_moderators))
        assert (verdict.action, verdict.text, verdict.code) == (action, "", "policy.filter_failed")
        assert [found.reason for found in verdict.findings] == [FILTER_FAILED]


def test_an_error_inside_never_escapes_nor_delivers(screen: Screen) -> None:
    verdict = screen("\ud800 what's your whatsapp", Context("candidacy"))
    assert verdict.has_failed
    assert verdict.text == ""


def test_text_is_absent_from_representations(screen: Screen) -> None:
    context = Context("candidacy", granted_emails=frozenset({"secret@granted.com"}))
    verdict = screen("hello jane@example-mail.com", context)
    for shown in (repr(verdict), repr(context)):
        assert "jane" not in shown
        assert "hello" not in shown
        assert "secret" not in shown
    assert "hello" not in repr(screen("hello", context))


def test_a_verdict_names_its_rules(screen: Screen) -> None:
    verdict = screen("ok", Context("offer"))
    assert (verdict.ruleset, verdict.policy_version) == ("plain-1", "marketplace-default-1")
    assert (verdict.policy_state, verdict.steps) == ("offer", 2)
