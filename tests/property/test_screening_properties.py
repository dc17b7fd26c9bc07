"""Laws of screening that hold for every text."""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom_server.screening.context import Context
from greenroom_server.screening.masking import mask
from greenroom_server.screening.normalise import normalise
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.screen import Screen
from greenroom_server.screening.verdict import Action, Finding, Kind

CONTEXT = Context("candidacy")
PLACEHOLDERS = ScreeningPolicy.default().placeholders
STATES = ["direct", "candidacy", "offer", "contract", "ended", "nonsense"]
PIECES = [
    "jane@acme.com", "+1 415 555 0132", "t.me/jane", "call me on ", "what's your ", "whatsapp", " at ", " dot ",
    "gmail", "com", "@", ".", "/", " ", "\n", "0300 1234567", "five ", "paypal ", "\u200b", "é", "е", "👍🏽", "(at)",
    "here", "don't ", "linkedin.com/in/jane", "[email hidden until a contract starts]", "[", "&#64;", "٣", "a", "1",
]  # fmt: skip

texts = st.one_of(
    st.text(max_size=80),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=12).map("".join),
)


@cache
def screen() -> Screen:
    return Screen(ScreeningPolicy.default())


@cache
def rules_alone() -> Screen:
    """The filter without its learned part, which reads what is left beside a placeholder as talk."""
    return Screen(ScreeningPolicy.default(), scorer=None)


@given(texts, st.sampled_from(STATES), st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_verdict_is_well_formed_whatever_the_text(
    text: str, state: str, has_moderators: bool, is_repeat: bool
) -> None:
    context = Context(state, has_moderators=has_moderators, is_repeat=is_repeat)
    verdict = screen()(text, context)
    for found in verdict.findings:
        assert 0 <= found.start <= found.end <= len(text)
        assert 0.0 <= found.score <= 1.0
    if verdict.action in (Action.ALLOW, Action.NOTICE):
        assert verdict.text == text
        assert verdict.code is None
    else:
        assert verdict.code is not None
        assert (verdict.text == "") is (verdict.action is not Action.REDACT)
    assert verdict.policy_state == state
    if not has_moderators:
        assert verdict.action is not Action.HOLD
    assert screen()(text, context) == verdict


@given(texts)
@settings(max_examples=300, deadline=None)
def test_masked_text_screens_clean_and_stays_as_it_is(text: str) -> None:
    verdict = screen()(text, CONTEXT)
    if verdict.action is Action.REDACT:
        assert verdict.hidden
        for place in verdict.hidden:
            placeholder = PLACEHOLDERS[place.kind]
            assert verdict.text[place.start : place.end] == placeholder
        again = rules_alone()(verdict.text, CONTEXT)
        assert again.action in (Action.ALLOW, Action.NOTICE)
        assert again.text == verdict.text


@given(st.text(max_size=30), st.text(max_size=30))
@settings(max_examples=100, deadline=None)
def test_a_plain_address_never_leaves(before: str, after: str) -> None:
    secret = "jane.doe77@acme-works.com"
    assert secret not in screen()(f"{before} {secret} {after}", CONTEXT).text


@given(
    st.text(max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20), st.sampled_from(list(Kind))), max_size=6),
)
@settings(max_examples=200, deadline=None)
def test_masking_removes_exactly_the_spans(text: str, spans: list[tuple[int, int, Kind]]) -> None:
    findings = [
        Finding(kind, "share", "EMAIL_PLAIN", 1.0, start, min(len(text), start + size), False)
        for start, size, kind in spans
        if start < len(text)
    ]
    masked, hidden = mask(text, findings, dict.fromkeys(Kind, "\x00"))
    covered = {index for found in findings for index in range(found.start, found.end)}
    kept = "".join(char for index, char in enumerate(text) if index not in covered)
    rest = iter(kept)
    # What remains is a subsequence of what was not covered; only parts of a masked grapheme go with it.
    assert all(char in rest for char in masked.replace("\x00", "")) or "\x00" in text
    assert (masked == text) if not findings else hidden
    assert all(masked[place.start : place.end] == "\x00" for place in hidden)


@given(st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_every_code_point_of_a_view_has_its_place_in_the_original(text: str) -> None:
    view = normalise(text)
    previous = 0
    for index in range(len(view.text)):
        start, end = view.source_span(index, index + 1)
        assert previous <= start < end <= len(text)
        previous = start
