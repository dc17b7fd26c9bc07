"""Contacts split over several messages: what completes one bounces, and the pieces before it are masked."""

import pytest

from greenroom_server.screening.context import Context, Fragment
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.screen import Screen
from greenroom_server.screening.verdict import Action, Verdict


@pytest.fixture(scope="module")
def screen() -> Screen:
    return Screen(ScreeningPolicy.default(), scorer=None)


def last(screen: Screen, *lines: str, gap_ms: int = 8_000, state: str = "candidacy") -> Verdict:
    """Send the lines; one that begins with > is the other side's."""
    earlier = tuple(
        Fragment(line.removeprefix(">"), not line.startswith(">"), index + 1, index * gap_ms)
        for index, line in enumerate(lines[:-1])
    )
    return screen(lines[-1], Context(state, earlier=earlier))


@pytest.mark.parametrize(
    "lines",
    [
        ("415", "662", "0937"),
        ("dmitri.volk", ">of what?", "@gmail", ".com"),
        ("t dot", "me slash", "anika_android"),
        ("six five zero", "three three one", ">lol", "seventy eight ten"),
        (">whatsapp?", "+27 82", "417", "60 33"),
        ("$510", "$774", "$2096, put them together and call"),
        ("wallet part 1 0x9Ab47f21C", "part 2 d05E8831a6B", "part 3 47Fe290c15D3bA7e86f412"),
        ("natasha_oboi", ">?", "собака", "mail ru"),
        ("девятьсот двадцать", "сто один", "шесть семь", "восемь восемь"),
    ],
)
def test_a_contact_in_pieces_bounces(screen: Screen, lines: tuple[str, ...]) -> None:
    verdict = last(screen, *lines)
    assert verdict.action is Action.BOUNCE
    assert verdict.retro or "scattered" in str(verdict.findings)


@pytest.mark.parametrize(
    "lines",
    [
        ("09:30?", ">11:15 for me", "your 11:15 is my 04:15"),
        ("650?", ">700", "680"),
        ("Node 18.20.4", "npm 10.7.0", "still broken"),
        ("916", "402", "771"),
        ("it breaks in gmail", ">dark mode?", "yes and in outlook"),
        ("main", "dot", "py, sorry"),
        ("one", "two", "three"),
        ("12 icons", "4 banners", "3 landing pages"),
    ],
)
def test_innocent_short_messages_pass(screen: Screen, lines: tuple[str, ...]) -> None:
    verdict = last(screen, *lines)
    assert (verdict.action, verdict.retro) == (Action.ALLOW, ())


def test_the_pieces_before_are_masked_and_the_peers_lines_are_not(screen: Screen) -> None:
    verdict = last(screen, "hello there", "415", ">which room is that?", "662", "0937")
    assert [(each.seq, each.text) for each in verdict.retro] == [
        (2, "[phone number hidden until a contract starts]"),
        (4, "[phone number hidden until a contract starts]"),
    ]
    assert "PHONE_SPLIT" in {finding.reason for finding in verdict.findings}
    assert "415" not in repr(verdict)


def test_pieces_too_old_or_too_far_back_do_not_count(screen: Screen) -> None:
    assert last(screen, "415", "662", "0937", gap_ms=40 * 60_000).action is Action.ALLOW
    assert last(screen, "415", *[">hm"] * 20, "662 0937").action is Action.ALLOW


def test_after_the_gate_nothing_is_put_together(screen: Screen) -> None:
    assert last(screen, "415", "662", "0937", state="contract").action is Action.ALLOW


def test_a_possible_piece_is_never_plainly_clean(screen: Screen) -> None:
    assert not screen.is_plainly_clean("662")
    assert not screen.is_plainly_clean("mishka")
    assert screen.is_plainly_clean("I would start with the header and the layout of the grid on the first page")


@pytest.mark.parametrize("shape", ["Line {}.", "maya {}", "order {}", "Page {} is done", "{}"])
def test_messages_that_count_are_no_number(screen: Screen, shape: str) -> None:
    lines = [shape.format(number) for number in range(1, 30)]
    for end in range(2, len(lines)):
        assert last(screen, *lines[max(0, end - 12) : end]).action is Action.ALLOW


@pytest.mark.parametrize("text", ["Day 1 plan, day 2 draft, day 3 build", " ".join(f"tag {n}" for n in range(1, 12))])
def test_a_list_that_counts_is_no_number(screen: Screen, text: str) -> None:
    assert screen(text, Context("candidacy")).action is Action.ALLOW
