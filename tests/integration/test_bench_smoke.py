"""The bench runs against a real hub, counts no loss, and leaves nothing behind."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from greenroom_server.cli.bench_store import measure
from greenroom_server.store.library import FUNCTIONS

KEYS = {
    "pairs",
    "messages_per_s",
    "ack_p50_ms",
    "ack_p99_ms",
    "delivery_p99_ms",
    "lost",
    "duplicated",
    "reordered",
    "hub_cpu_us_per_message",
    "store_cpu_us_per_message",
    "bytes_per_idle_connection",
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for temporary files, with a path short enough for the store's socket."""
    with tempfile.TemporaryDirectory(prefix="smoke-") as path:
        yield Path(path)


async def start_bench(folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    greenroom = Path(sys.executable).with_name("greenroom")
    return await asyncio.create_subprocess_exec(
        greenroom, "loadtest", "bench", *arguments,
        env={**os.environ, "TMPDIR": str(folder), "GREENROOM_LISTEN": "the bench must not take this from its caller"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def test_bench_loses_nothing_and_ends_with_one_json_object(folder: Path) -> None:
    bench = await start_bench(folder, "--pairs", "4", "--seconds", "1", "--warm-up", "0.2", "--idle", "20")
    output, errors = await bench.communicate()
    assert bench.returncode == 0, output.decode() + errors.decode()
    figures = json.loads(output.splitlines()[-1])
    assert set(figures) == KEYS
    assert figures["pairs"] == 4
    assert (figures["lost"], figures["duplicated"], figures["reordered"]) == (0, 0, 0)
    assert figures["messages_per_s"] > 0
    assert os.listdir(folder) == []


async def test_interrupted_bench_ends_its_hub_and_store(folder: Path) -> None:
    bench = await start_bench(folder, "--pairs", "2", "--seconds", "60", "--idle", "1")
    started = await processes_of(bench.pid)
    bench.send_signal(signal.SIGTERM)  # which it turns into the SIGINT of a Ctrl-C
    _, errors = await bench.communicate()
    assert bench.returncode == 130, errors.decode()
    assert b"Traceback" not in errors
    assert not [process for process in started if process.is_running()]
    assert os.listdir(folder) == []


async def processes_of(bench: int) -> list[psutil.Process]:
    """Wait until the bench has a hub and the hub its store."""
    async with asyncio.timeout(30):
        while True:
            children = psutil.Process(bench).children(recursive=True)
            if any("valkey-server" in child.name() for child in children):
                return children
            await asyncio.sleep(0.02)


RARE = {
    "epoch",  # at a start only
    *("acknowledge", "alter", "judge", "judge_report", "mark_head", "report", "ledger", "mirror", "find", "place"),
    *("hold", "unhold"),
    *("bury", "enrol", "follow", "news", "unbury"),
    *("feedback", "topic", "topic_mark", "topic_page", "topic_read", "topic_watch"),
}
"""Functions that no message and no proposal waits for; a new one is timed, or named here."""


async def test_every_function_that_a_message_waits_for_is_timed() -> None:
    costs = await measure(rounds=1)
    timed = {name.partition(":")[0] for name in costs} & set(FUNCTIONS)
    assert (timed | RARE, timed & RARE) == (set(FUNCTIONS), set())
    assert all(cost_us > 0 for cost_us in costs.values())
