"""Each function of the store about reports and suspensions, as one node of a cluster runs it."""

from collections.abc import Awaitable, Callable
from typing import Final

from greenroom_protocol.cid import cid_time_ms
from greenroom_server.domain.obligation import ObligationOutcome, as_judged
from greenroom_server.store.audit import Audit, pack_entry
from greenroom_server.store.safety import Report, Reported, Safety
from testkit.store import StoreNode, Talk, new_cid

_ENTRY: Final = pack_entry({"kind": "report.created", "user": "somebody"})


async def _reported(node: StoreNode) -> tuple[Talk, Report, Reported]:
    """Report a client's first message as spam, in a partition that this node of the cluster owns."""
    partition = next(iter(node.epochs))
    talk = await node.opened(freelancer_in=partition, client_in=partition)
    what = Report(thread=talk.thread, by=talk.freelancer, about=talk.client, category="spam", note="Again.")
    made, safety = new_cid(), Safety(node.committer)
    made_ms = cid_time_ms(made) or 0
    reported, repeat = [
        await safety.report(talk.freelancer, what, made, made_ms, "hash", young_ms=60_000, audit=_ENTRY)
        for _ in range(2)
    ]
    assert isinstance(reported, Reported)
    assert isinstance(repeat, Reported)
    assert (repeat.report, repeat.is_repeat, reported.settled) == (reported.report, True, "first")
    return talk, what, reported


async def _outcome(node: StoreNode, talk: Talk) -> tuple[ObligationOutcome, int | None]:
    owed = [as_judged(each) for each in await node.obligations.of("freelancer", talk.freelancer, 0)]
    assert len(owed) == 1
    return owed[0].outcome, owed[0].t1_ms


async def report(node: StoreNode) -> None:
    talk, _, reported = await _reported(node)
    assert await _outcome(node, talk) == (ObligationOutcome.EXCLUDED_REPORTED, None)
    found = await Safety(node.committer).find_report(reported.report)
    assert found is not None
    assert (found.at, found.note, found.obligation) == (reported.at, "Again.", f"{talk.thread}.1")
    entries = await Audit(node.committer).read(talk.partition, "0", 10_000)
    assert [entry.facts["kind"] for entry in entries if entry.thread == talk.thread] == ["report.created"]


async def judge_report(node: StoreNode) -> None:
    talk, what, reported = await _reported(node)
    safety = Safety(node.committer)
    first = await safety.judge(reported.report, what, talk.freelancer, "overruled", _ENTRY)
    again = await safety.judge(reported.report, what, talk.freelancer, "upheld", _ENTRY)
    assert first is not None
    assert again is not None
    assert (first[0], again[0], again[1].decision) == (True, False, "overruled")
    assert await _outcome(node, talk) == (ObligationOutcome.DECLINED, reported.at)
    assert await safety.judge("r0_0", what, talk.freelancer, "upheld", _ENTRY) is None


async def acknowledge(node: StoreNode) -> None:
    partition = next(iter(node.epochs))
    talk = await node.opened(freelancer_in=partition, client_in=partition)
    first, again = [await node.threads.acknowledge(talk.thread, talk.client, _ENTRY) for _ in range(2)]
    assert (first > 0, again) == (True, first)
    assert await node.threads.acknowledge(f"{talk.thread}0", talk.client, _ENTRY) == 0


async def mark_head(node: StoreNode) -> None:
    partition = next(iter(node.epochs))
    talk = await node.opened(freelancer_in=partition, client_in=partition)
    safety = Safety(node.committer)
    for is_suspended, rev in ((True, "2"), (True, "2"), (False, "3"), (False, "3")):
        await safety.mark_suspended(talk.thread, talk.client, is_suspended=is_suspended)
        fields = await talk.fields()
        assert (fields["rev"], f"suspended:{talk.client}" in fields) == (rev, is_suspended)
    nowhere = talk.thread[:-1] + ("0" if talk.thread[-1] != "0" else "1")
    await safety.mark_suspended(nowhere, talk.client, is_suspended=True)
    assert await node.threads.head(nowhere) is None


EXERCISES: Final[dict[str, Callable[[StoreNode], Awaitable[None]]]] = {
    exercise.__name__: exercise for exercise in (acknowledge, report, judge_report, mark_head)
}
