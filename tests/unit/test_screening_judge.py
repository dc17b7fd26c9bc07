"""The seams beside the rules: the learned scorer, the parties' countries, stricter surfaces."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest

from greenroom_server.screening.context import Context, Fragment, Surface
from greenroom_server.screening.model.scorer import Score
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.screen import Screen
from greenroom_server.screening.verdict import Action

CONTEXT = Context("candidacy")
POLICY = ScreeningPolicy.default()
MODERATED = Context("candidacy", has_moderators=True)


@dataclass
class FixedScorer:
    """Gives one value to every text, and remembers what it was asked."""

    value: float
    worth: bool = False
    asked: list[tuple[str, list[str]]] = field(default_factory=list)

    def __call__(self, text: str, found: Iterable[str] = ()) -> Score:
        self.asked.append((text, list(found)))
        return Score(self.value, lambda: ("APP .. MOVE",))

    def is_worth(self, lowered: str) -> bool:
        return self.worth


def test_a_high_score_bounces_what_no_rule_found() -> None:
    scorer = FixedScorer(1.0, worth=True)
    verdict = Screen(POLICY, scorer)("shall we carry on over there", CONTEXT)
    assert (verdict.action, verdict.findings[0].reason) == (Action.BOUNCE, "LEARNED_INTENT")
    assert verdict.findings[0].evidence == ("APP .. MOVE",)
    assert scorer.asked == [("shall we carry on over there", [])]


def test_a_low_score_takes_back_an_ask_and_keeps_it_on_record() -> None:
    text = "let's talk on whatsapp"
    assert Screen(POLICY, scorer=None)(text, CONTEXT).action is Action.BOUNCE
    verdict = Screen(POLICY, FixedScorer(0.01))(text, CONTEXT)
    assert verdict.action is Action.ALLOW
    assert "learned:veto" in verdict.findings[0].evidence


def test_the_scorer_is_not_asked_about_a_certain_identifier() -> None:
    scorer = FixedScorer(0.0, worth=True)
    assert Screen(POLICY, scorer)("mail jo.brandt@posteo.de", CONTEXT).action is Action.REDACT
    assert scorer.asked == []


def test_the_scorer_hears_what_rules_found() -> None:
    scorer = FixedScorer(0.5)
    Screen(POLICY, scorer)("let's talk on whatsapp", CONTEXT)
    assert scorer.asked[0][1][0] == "MSG_MOVE"


def test_a_text_without_trigger_is_scored_only_if_it_is_worth_it() -> None:
    text = "I would start with the header and the layout of the grid on the first page"
    idle = FixedScorer(0.99)
    assert Screen(POLICY, idle)(text, CONTEXT).action is Action.ALLOW
    assert idle.asked == []
    assert Screen(POLICY, idle).is_plainly_clean(text)
    assert not Screen(POLICY, FixedScorer(0.99, worth=True)).is_plainly_clean(text)


@pytest.mark.parametrize(("regions", "action"), [((), Action.ALLOW), (("AU",), Action.REDACT), (("FR",), Action.ALLOW)])
def test_a_number_of_the_parties_country_is_certain(regions: tuple[str, ...], action: Action) -> None:
    screen = Screen(POLICY, scorer=None)
    text = "it is 1300 648 207 then press 2, the desk is open from nine"
    assert screen(text, Context("candidacy", regions=regions)).action is action


@pytest.mark.parametrize("text", ["Lena | lena-draws.com", "Lena @lena_draws", "https://lena.studio"])
def test_names_and_headlines_hold_neither_domains_nor_account_names(text: str) -> None:
    screen = Screen(POLICY, scorer=None)
    assert screen(text, Context("candidacy", surface=Surface.HEADLINE)).action is Action.BOUNCE
    assert screen(f"my portfolio is {text}", CONTEXT).action is Action.ALLOW


def test_a_work_sample_may_stand_in_a_headline() -> None:
    context = Context("candidacy", surface=Surface.HEADLINE)
    assert Screen(POLICY, scorer=None)("Illustrator, behance.net/lena, Vue.js", context).action is Action.ALLOW


class PhraseScorer:
    """Gives a high score to texts that hold a phrase."""

    def __call__(self, text: str, found: Iterable[str] = ()) -> Score:
        return Score(0.99 if "skip this site" in text else 0.0, tuple)

    def is_worth(self, lowered: str) -> bool:
        return True


def test_a_move_cut_into_pieces_is_doubted_at_its_last_piece() -> None:
    screen = Screen(POLICY, PhraseScorer())
    earlier = tuple(Fragment(text, True, seq, 1_000) for seq, text in enumerate(("we could", "just skip"), 1))
    verdict = screen("this site", replace(CONTEXT, earlier=earlier))
    assert (verdict.action, verdict.retro) == (Action.NOTICE, ())
    assert verdict.findings[-1].evidence == ("split",)
    assert screen("the header", replace(CONTEXT, earlier=earlier)).action is Action.ALLOW
    assert screen("this site", CONTEXT).action is Action.ALLOW


def figures(value: float) -> FixedScorer:
    return FixedScorer(value, worth=True)


def test_figures_that_look_like_a_number_are_taken_back_by_a_very_low_score_alone() -> None:
    text = "my number is 415-555-2671 in the mock-up"
    assert Screen(POLICY, figures(POLICY.learned_refute + 0.01))(text, CONTEXT).action is Action.REDACT
    assert Screen(POLICY, figures(POLICY.learned_refute - 0.01))(text, CONTEXT).action is Action.ALLOW


def test_figures_that_answer_an_ask_are_what_they_look_like() -> None:
    text = "415-555-2671"
    assert Screen(POLICY, figures(0.0))(text, replace(CONTEXT, was_asked=True)).action is not Action.ALLOW


def test_the_scorers_word_alone_warns_and_its_surest_word_goes_to_a_moderator() -> None:
    text = "shall we carry on over there"
    guessed = Screen(POLICY, figures(POLICY.learned_doubtful))(text, MODERATED)
    assert (guessed.action, guessed.findings[0].reason) == (Action.NOTICE, "LEARNED_GUESS")
    sure = Screen(POLICY, figures(POLICY.learned_hold))(text, MODERATED)
    assert (sure.action, sure.findings[0].reason) == (Action.HOLD, "LEARNED_INTENT")
