"""What `greenroom loadtest bench` takes, and what it prints."""

import argparse
import json

import pytest

from greenroom_loadtest.command import add_parser
from greenroom_loadtest.hub_process import CpuTimes
from greenroom_loadtest.report import Capacity, Latencies, Report


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    return parser


@pytest.mark.parametrize(
    "wrong", [("--pairs", "0"), ("--pairs", "5000"), ("--seconds", "601"), ("--idle", "99999"), ("--warm-up", "nan")]
)
def test_load_is_bounded(parser: argparse.ArgumentParser, wrong: tuple[str, str]) -> None:
    with pytest.raises(SystemExit):
        parser.parse_args(["loadtest", "bench", *wrong])


def report(*, lost: int = 0, problems: dict[str, int] | None = None) -> Report:
    return Report(
        pairs=3,
        capacity=Capacity(1000, 2.0, CpuTimes(0.03, 0.04, 0.01, 0.1)),
        open_loop_per_s=250.0,
        ack=Latencies([1.0] * 98 + [5.0, 9.0]),
        delivery=Latencies([2.0] * 99 + [70_000.0]),
        lost=lost,
        duplicated=0,
        reordered=0,
        bytes_per_idle_connection=8000.4,
        idle_count=10,
        pinning="not pinned: one core",
        reference_ns=(500.0, 510.0),
        checked_threads=3,
        message_count=4000,
        problems=problems or {},
    )


def test_figures_are_per_accepted_message_and_from_the_schedule() -> None:
    figures = json.loads(report().json())
    assert figures["messages_per_s"] == 500
    assert figures["hub_cpu_us_per_message"] == 30
    assert figures["store_cpu_us_per_message"] == 40
    assert figures["bytes_per_idle_connection"] == 8000
    assert figures["ack_p50_ms"] == pytest.approx(1.0, rel=0.01)
    assert figures["ack_p99_ms"] == pytest.approx(5.0, rel=0.01)
    assert figures["delivery_p99_ms"] == pytest.approx(2.0, rel=0.01)


def test_cpu_of_other_programs_is_what_is_left_of_the_machine() -> None:
    used = CpuTimes(4.0, 3.0, 2.0, 20.0).since(CpuTimes(1.0, 1.0, 1.0, 10.0))
    assert (used.hub_s, used.store_s, used.generator_s) == (3.0, 2.0, 1.0)
    assert used.others_s == pytest.approx(4.0)


def test_a_time_above_the_scale_counts_as_its_end() -> None:
    assert report().delivery.ms(100) == pytest.approx(60_000, rel=0.01)


def test_only_a_run_without_any_fault_is_clean() -> None:
    assert report().is_clean
    assert not report(lost=1).is_clean
    assert not report(problems={"refused: rate.sends": 1}).is_clean
    assert "PROBLEM 1 x refused: rate.sends" in report(problems={"refused: rate.sends": 1}).table()
