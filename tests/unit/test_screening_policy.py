"""Reading of policy files: what is wrong is said in a sentence."""

from importlib.resources import files

import pytest

from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.verdict import Action, Kind


def shipped() -> str:
    return files("greenroom_server.screening").joinpath("policy", "default.toml").read_text("utf-8")


def test_the_shipped_policy_is_the_default() -> None:
    policy = ScreeningPolicy.from_toml(shipped())
    assert policy == ScreeningPolicy.default()
    assert policy.actions["contact", "before_gate", "plain"] is Action.REDACT
    assert policy.placeholders[Kind.EMAIL] == "[email hidden until a contract starts]"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('version = "marketplace-default-1"', "", "lacks version"),
        ("certain = 0.8", "certain = 0.2", "thresholds must rise"),
        ("certain = 0.8", "certain = 8.0", "thresholds.certain must be between"),
        ("candidates_count = 20", 'candidates_count = "20"', "limits.candidates_count must be an integer"),
        ("candidates_count = 20", "candidates_count = 0", "limits.candidates_count must be between"),
        ('plain = "redact"', 'plain = "censor"', "actions.contact.before_gate.plain must be one of"),
        ('plain = "redact"', "", "lacks actions.contact.before_gate.plain"),
        ('plain = "redact"', 'plain = "redact"\nplane = "x"', "unknown setting: actions.contact.before"),
        ('["community_post"]', '["forum"]', "unknown surface: forum"),
        ('["contract", "paused", "ended"]', '["contract", "offer"]', "both sides of the gate: offer"),
        ('["candidacy", "offer"]  ', '["contract"]  ', "Access grants need states before the gate"),
        ('"[payment details hidden]"', '"hidden"', "placeholder of payment"),
        ("[limits]", "[limits", "not valid TOML"),
    ],
)
def test_a_wrong_policy_is_refused_with_the_setting_named(old: str, new: str, sentence: str) -> None:
    text = shipped()
    assert old in text
    with pytest.raises(ValueError, match=sentence.replace("[", r"\[")):
        ScreeningPolicy.from_toml(text.replace(old, new, 1))
