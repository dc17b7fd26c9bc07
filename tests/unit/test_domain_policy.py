"""A policy is read whole or not at all."""

from importlib import resources

import pytest

from greenroom_server.domain.policy import PolicyError, default_policy, from_toml

DEFAULT = (resources.files("greenroom_server.domain") / "policy" / "default.toml").read_text("utf-8")


def changed(old: str, new: str) -> str:
    assert DEFAULT.count(old) == 1
    return DEFAULT.replace(old, new)


def test_shipped_policy_holds_the_numbers_of_the_rules() -> None:
    policy = default_policy()
    assert (policy.invitation_expiry_s, policy.invitation_reminders_s) == (7 * 86_400, (12 * 3600, 20 * 3600))
    assert (policy.edit_window_s, policy.connects.monthly_free) == (900, 60)
    assert (policy.min_relationship_days, policy.connects.invite_accept_cost) == (730, 0)
    speed = policy.response_speed
    assert (speed.window_days, speed.extended_days, speed.extended_count) == (90, 180, 10)
    assert (speed.min_count, speed.min_clients, speed.max_per_client) == (5, 3, 3)
    assert (speed.closer_chars, speed.mature_s) == (40, 86_400)
    assert (speed.responsive_rate, speed.very_responsive_rate) == (0.8, 0.9)


def test_shipped_policy_is_read_once() -> None:
    assert default_policy() is default_policy()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("version = ", "Invalid value"),
        (changed("version = 1\n", "version = 0\n"), "$.version"),
        (changed("version = 1\n", ""), "version"),
        (changed("version = 1\n", "version = 1\nsurprise = 1\n"), "surprise"),
        (changed("edit_window_s = 900 ", "edit_window_s = -1 "), "$.edit_window_s"),
        (changed("edit_window_s = 900 ", "edit_window_s = true "), "$.edit_window_s"),
        (changed("[43_200, 72_000]", "[72_000, 43_200]"), "invitation_reminders_s"),
        (changed("[43_200, 72_000]", "[43_200, 604_800]"), "invitation_reminders_s"),
        (changed("extended_days = 180", "extended_days = 89"), "extended_days"),
        (changed("\nresponsive_rate = 0.80", "\nresponsive_rate = 0.95"), "very_responsive_rate"),
        (changed("very_responsive_rate = 0.90", "very_responsive_rate = 1.5"), "very_responsive_rate"),
        (changed('"within_1h", 3_600', '"within_1h", 20_000'), "labels_s must ascend"),
        (changed('label_beyond = "over_3d"', 'label_beyond = "within_3d"'), "labels must differ"),
    ],
)
def test_unusable_policy_names_the_entry(text: str, told: str) -> None:
    with pytest.raises(PolicyError) as error:
        from_toml(text)
    assert told in str(error.value)


def test_invitation_needs_no_reminders() -> None:
    assert from_toml(changed("[43_200, 72_000]", "[]")).invitation_reminders_s == ()
