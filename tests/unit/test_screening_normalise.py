"""The views of a text and their way back to the original."""

import pytest

from greenroom_server.screening.lexicon import load_lexicon
from greenroom_server.screening.normalise import ALTERED, PLAIN, STRONG, WEAK, normalise, rewrite
from greenroom_server.screening.scan import StepBudgetError, Steps
from greenroom_server.screening.spoken import Rewriter


@pytest.fixture(scope="module")
def rewriter() -> Rewriter:
    return Rewriter(load_lexicon())


def test_ascii_needs_no_map() -> None:
    view = normalise("Hello WORLD")
    assert (view.text, view.starts, view.marks) == ("hello world", None, None)
    assert view.source_span(6, 11) == (6, 11)


@pytest.mark.parametrize(
    ("text", "expected", "mark"),
    [
        ("ｊａｎｅ＠ｇｍａｉｌ．ｃｏｍ", "jane@gmail.com", ALTERED),
        ("gm\u200bail\u00ad.com", "gmail.com", ALTERED),
        ("𝗲𝗺𝗺𝗮", "emma", ALTERED),
        ("ᴅᴀɴɪ", "dani", ALTERED),
        ("s\u0332a\u0332m", "sam", ALTERED),
        ("gmаil.соm", "gmail.com", ALTERED),
        ("④①⑤", "415", ALTERED),
        ("4\ufe0f\u20e31\ufe0f\u20e3", "41", ALTERED),
        ("٠٣٠٠", "0300", PLAIN),
        ("९८७", "987", PLAIN),
        ("Привет", "привет", PLAIN),
        ("it’s", "it's", PLAIN),
        ("naïve café", "naive cafe", PLAIN),
    ],
)
def test_many_spellings_become_one(text: str, expected: str, mark: int) -> None:
    view = normalise(text)
    assert view.text == expected
    assert view.mark(0, len(view.text)) == mark


def test_spans_lead_back_to_the_original() -> None:
    text = "hi ﬁne ｊ\u200bane!"
    view = normalise(text)
    assert view.text == "hi fine jane!"
    start = view.text.index("jane")
    source = view.source_span(start, start + 4)
    assert text[slice(*source)] == "ｊ\u200bane"
    assert text[slice(*view.source_span(3, 5))] == "ﬁ"


def test_rewriting_composes_with_the_first_map() -> None:
    text = "é ｘ at y"
    view = rewrite(normalise(text), [(3, 7, "@", WEAK)])
    assert view.text == "e x@y"
    assert text[slice(*view.source_span(2, 5))] == "ｘ at y"
    assert view.mark(3, 4) == WEAK


@pytest.mark.parametrize(
    ("text", "expected", "mark"),
    [
        ("jane at gmail dot com", "jane@gmail.com", WEAK),
        ("jane (at) gmail [dot] com", "jane@gmail.com", STRONG),
        ("jane @ gmail . com", "jane@gmail.com", STRONG),
        ("t dot me slash jane", "t.me/jane", WEAK),
        ("jane arroba gmail punto com", "jane@gmail.com", WEAK),
        ("nothing to see", "nothing to see", PLAIN),
    ],
)
def test_words_are_read_as_symbols(rewriter: Rewriter, text: str, expected: str, mark: int) -> None:
    view = rewriter.symbols(normalise(text), Steps(10_000))
    assert view.text == expected
    assert view.mark(0, len(view.text)) == mark


def test_encoded_symbols_are_decoded(rewriter: Rewriter) -> None:
    view = rewriter.decoded(normalise("a&#64;b%2Ecom %41 &#0; &#9999;"), Steps(10_000))
    assert view.text == "a@b.com %41 &#0; &#9999;"


def test_spaced_letters_are_joined_and_spaced_digits_are_not(rewriter: Rewriter) -> None:
    view = rewriter.despaced(normalise("on w h a t s a p p now, 4 1 5 5 5 5, g.m.a.i.l, a.b"), Steps(10_000))
    assert view.text == "on whatsapp now, 4 1 5 5 5 5, gmail, a.b"


def test_number_words_become_digits(rewriter: Rewriter) -> None:
    view = rewriter.digits(normalise("four one double five ninety eight twenty, 一三八"), Steps(10_000))
    assert view.text == "41559820 138"


def test_the_budget_is_enforced() -> None:
    steps = Steps(5)
    steps.spend(5)
    with pytest.raises(StepBudgetError):
        steps.spend(1)
