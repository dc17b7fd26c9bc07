"""The checks of ``greenroom doctor`` on the store: what it promises, how fast it keeps it."""

import fcntl
import os
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from greenroom_server.cli.checks import Finding, Level
from greenroom_server.config.settings import Settings
from greenroom_server.store.connect import StoreAddress, ordinary_client
from greenroom_server.store.embedded import EmbeddedOptions, EmbeddedValkey
from greenroom_server.store.errors import StoreUnfit
from greenroom_server.store.guarantee import StoreFacts, read_facts, refuse_unfit, sentence

_KEY: Final = "{greenroom}:doctor"
_KEY_EXPIRES_S: Final = 10
_WRITES: Final = 20
_SLOW_WRITE_MS: Final = 10.0
_SKEW_WARN_S, _SKEW_FAIL_S = 1.0, 30.0


async def check_store(settings: Settings) -> list[Finding]:
    """Reach the store, or start the embedded one for a moment, and ask it everything."""
    findings: list[Finding] = []
    try:
        async with _store(settings, findings) as address:
            client = ordinary_client(address)
            try:
                findings += await _ask(client, settings)
            finally:
                await client.aclose()
    except StoreUnfit as error:
        findings.append(Finding("store", "fail", str(error), "change what it says, then run this again"))
    except (RedisError, OSError) as error:
        findings.append(_unreachable(settings, error))
    return findings


@asynccontextmanager
async def _store(settings: Settings, findings: list[Finding]) -> AsyncIterator[StoreAddress]:
    if settings.valkey_url is not None:
        yield StoreAddress.parse(settings.valkey_url)
        return
    embedded = EmbeddedValkey(EmbeddedOptions(settings.data_dir, settings.valkey_fsync))
    if _is_hub_running(settings):
        findings.append(Finding("embedded store", "ok", f"the hub that uses {settings.data_dir} runs it"))
        yield embedded.address
        return
    await embedded.start()
    try:
        findings.append(Finding("embedded store", "ok", "was started for these checks"))
        yield embedded.address
    finally:
        await embedded.stop()


def _is_hub_running(settings: Settings) -> bool:
    """Whether a hub holds the lock of the data folder."""
    try:
        lock = os.open(settings.data_dir / "hub.lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


async def _ask(client: Redis, settings: Settings) -> list[Finding]:
    facts = await read_facts(client)
    refuse_unfit(facts)
    return [
        _promise(facts, settings),
        _memory(facts),
        await _write_latency(client),
        await _clock(client),
    ]


def _promise(facts: StoreFacts, settings: Settings) -> Finding:
    said = sentence(facts, settings.wait_replicas)
    if facts.replicas_count < settings.wait_replicas:
        fix = f"connect {settings.wait_replicas} replica(s), or lower GREENROOM_WAIT_REPLICAS"
        return Finding("store", "fail", said, fix)
    if facts.appendonly and facts.appendfsync == "always":
        return Finding("store", "ok", said)
    where = "GREENROOM_VALKEY_FSYNC=always" if settings.valkey_url is None else "`appendonly yes`, `appendfsync always`"
    return Finding("store", "warn", said, f"set {where}, unless losing acknowledged messages is acceptable")


def _memory(facts: StoreFacts) -> Finding:
    if facts.maxmemory_policy is None:
        fix = "make sure that its maxmemory-policy is noeviction"
        return Finding("memory policy", "warn", "the store does not show it", fix)
    return Finding("memory policy", "ok", facts.maxmemory_policy)


async def _write_latency(client: Redis) -> Finding:
    """Time single writes, each answered after its fsync where the store does that."""
    took_ms: list[float] = []
    try:
        for _ in range(_WRITES):
            began_s = time.perf_counter()
            await client.set(_KEY, b"1", ex=_KEY_EXPIRES_S)
            took_ms.append((time.perf_counter() - began_s) * 1000)
    except ResponseError as error:
        code = str(error).partition(" ")[0]
        if code == "MOVED":
            return Finding("write latency", "ok", "not measured: another node of the cluster owns the test key")
        fix = "look at the log of the store: its disk may be full, or too few replicas connected"
        return Finding("write latency", "fail", f"the store refuses writes ({code})", fix)
    middle_ms, longest_ms = statistics.median(took_ms), max(took_ms)
    text = f"median {middle_ms:.2f} ms, longest {longest_ms:.2f} ms of {_WRITES} writes"
    if middle_ms <= _SLOW_WRITE_MS:
        return Finding("write latency", "ok", text)
    fix = "use a faster disk, or a store that is nearer: every ack waits for it"
    return Finding("write latency", "warn", text, fix)


async def _clock(client: Redis) -> Finding:
    """Compare the store's clock with ours, by the quickest of a few questions."""
    samples: list[tuple[float, float]] = []
    for _ in range(5):
        asked_s = time.time()
        seconds, microseconds = await client.time()
        answered_s = time.time()
        samples.append((answered_s - asked_s, seconds + microseconds / 1e6 - (asked_s + answered_s) / 2))
    skew_s = min(samples)[1]
    size_s = abs(skew_s)
    level: Level = "ok" if size_s < _SKEW_WARN_S else "warn" if size_s < _SKEW_FAIL_S else "fail"
    fix = "synchronise both clocks (NTP): messages are stamped by the store, tokens are checked by the hub"
    direction = "ahead of" if skew_s > 0 else "behind"
    text = f"the store is {size_s:.3f} s {direction} this machine"
    return Finding("clock", level, text, None if level == "ok" else fix)


def _unreachable(settings: Settings, error: Exception) -> Finding:
    fix = "start it, or correct the address and the credentials in GREENROOM_VALKEY_URL"
    if settings.valkey_url is None:
        fix = f"look at {settings.data_dir / 'valkey' / 'valkey.log'}"
    return Finding("store", "fail", f"{settings.store_label} does not answer ({type(error).__name__})", fix)
