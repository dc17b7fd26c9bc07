"""The scrape: names that dashboards rely on, labels from closed sets."""

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from greenroom_protocol.codes import CLOSES, ERRORS
from greenroom_protocol.commands import VERBS
from greenroom_server.telemetry.counters import Counters
from greenroom_server.telemetry.metrics import Gauges, render

GAUGES = Gauges(connections=3, users=2, store_pending=5, is_store_up=True)
PAGE = Path(__file__).parents[2] / "server/docs/server-api.md"

NAMES = {
    "greenroom_connections",
    "greenroom_transports",
    "greenroom_fallback_total",
    "greenroom_users",
    "greenroom_store_pending",
    "greenroom_store_up",
    "greenroom_build_info",
    "greenroom_messages_total",
    "greenroom_pushes_total",
    "greenroom_touches_failed_total",
    "greenroom_repaired_total",
    "greenroom_feeds_behind_total",
    "greenroom_slow_consumers_total",
    "greenroom_commands_total",
    "greenroom_connects_total",
    "greenroom_disconnects_total",
    "greenroom_filter_total",
    "greenroom_resume_total",
    "greenroom_invitations_total",
    "greenroom_offers_total",
    "greenroom_proposals_total",
    "greenroom_grants_total",
    "greenroom_reports_total",
    "greenroom_held_total",
    "greenroom_held_count",
    "greenroom_held_age_seconds",
    "greenroom_filter_failures_total",
    "greenroom_changes_lag_seconds",
    "greenroom_changes_dropped_total",
    "greenroom_changes_failed_total",
    "greenroom_webhook_total",
    "greenroom_webhook_dead_count",
    "greenroom_webhook_dead_dropped_total",
}


def samples(counters: Counters, gauges: Gauges = GAUGES) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(render(counters, gauges).decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def filled() -> Counters:
    counters = Counters()
    counters.messages = 7
    counters.slow = 1
    counters.commands["message.send", "ok"] = 6
    counters.commands["message.send", "rate.sends"] = 1
    counters.connects["ok"] = 2
    counters.disconnects[1000] = 1
    counters.verdicts["allow", ""] = 5
    counters.resumes["fresh"] = 2
    counters.fallback["poll", 200] = 3
    counters.invitations["accepted"] = 1
    counters.offers["sent"] = counters.proposals["submitted"] = 1
    counters.grants["request"] = counters.reports["created"] = counters.held["released"] = 1
    counters.webhooks["delivered"] = 1
    return counters


def test_every_promised_name_is_there() -> None:
    assert {name for name, _ in samples(filled())} == NAMES


def test_values_are_those_of_the_counters_and_of_the_moment() -> None:
    found = samples(filled())
    assert found["greenroom_messages_total", ()] == 7
    assert found["greenroom_connections", ()] == 3
    assert found["greenroom_users", ()] == 2
    assert found["greenroom_store_pending", ()] == 5
    assert found["greenroom_store_up", ()] == 1
    assert found["greenroom_commands_total", (("result", "rate.sends"), ("type", "message.send"))] == 1
    assert found["greenroom_filter_total", (("code", ""), ("verdict", "allow"))] == 5
    assert samples(filled(), Gauges(0, 0, 0, False))["greenroom_store_up", ()] == 0


def test_labels_outside_their_sets_are_added_up_as_other() -> None:
    counters = Counters()
    for number in range(50):
        counters.commands[f"verb.{number}", "ok"] = 1
        counters.disconnects[3000 + number] = 2
    found = samples(counters)
    assert found["greenroom_commands_total", (("result", "ok"), ("type", "other"))] == 50
    assert found["greenroom_disconnects_total", (("code", "other"),)] == 100
    assert not any("verb." in str(labels) for _, labels in found)


def test_labels_of_the_sets_are_kept() -> None:
    counters = Counters()
    for verb in VERBS:
        for code in ERRORS:
            counters.commands[verb, code] = 1
    for close in CLOSES:
        counters.disconnects[close] = 1
    assert not any(value == "other" for _, labels in samples(counters) for _, value in labels)


def test_the_page_names_every_figure() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert {name for name in NAMES if f"`{name}" not in text} == set()
