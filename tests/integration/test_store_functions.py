"""What the store's functions of threads answer and change, against a real Valkey, as the heads of the Lua files say."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from greenroom_protocol.events import InterviewStarted, MessageEdited, MessageErased, MessageSent
from greenroom_protocol.limits import CID_FUTURE_S, CID_PAST_S
from greenroom_server.domain.obligation import Obligation
from greenroom_server.store import keys
from greenroom_server.store.amendments import Amended
from greenroom_server.store.append import CONFLICT, GAP, OUTSIDE_WINDOW, Committed, Elsewhere, Rare, Repeat, Stale
from greenroom_server.store.records import read_owed
from testkit.store import HERE, THERE, StoreNode, Talk, new_cid, now_ms, store_node
from testkit.valkey import RealValkey, real_valkey


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    folder: Path = tmp_path_factory.mktemp("v")
    with real_valkey(folder) as running:
        yield running


@pytest.fixture
async def node(server: RealValkey) -> AsyncIterator[StoreNode]:
    async with store_node(server.address, "n1", (HERE, THERE)) as connected:
        yield connected


@pytest.fixture
async def talk(node: StoreNode) -> Talk:
    """A thread with one message of the client's, whose inbox is in another partition."""
    return await node.opened()


# --- commit


async def test_a_commit_gives_its_place_the_local_row_and_what_is_owed(talk: Talk) -> None:
    said = await talk.say(talk.freelancer, "Gladly.")
    assert (said.first_seq, said.first_n, said.seq, said.n) == (2, 2, 2, 2)
    [(user, row)] = said.rows
    assert (user, row.mark, row.from_seq, row.seq, row.n, row.state) == (talk.freelancer, 2, 1, 2, 2, "direct")
    [(other, value)] = said.owed
    assert other == talk.client
    assert read_owed(value)[:6] == (said.epoch, 2, 2, "direct", said.at, 1), "who opened has read that"
    [first, second] = await talk.node.threads.events(talk.thread, 0, None, 10)
    assert (first.seq, second.seq, second.n, second.at, second.body) == (1, 2, 2, said.at, "Gladly.")


async def test_only_visible_items_take_an_ordinal_and_all_of_a_commit_are_in_the_log(talk: Talk) -> None:
    cid = new_cid()
    events = [MessageSent(by=talk.client, cid=cid, body="Hello."), InterviewStarted(by=talk.client)]
    said = await talk.say(talk.client, cid=cid, events=events)
    assert (said.first_seq, said.first_n, said.seq, said.n) == (2, 2, 3, 2)
    assert [(e.seq, e.n) for e in await talk.node.threads.events(talk.thread, 1, None, 9)] == [(2, 2), (3, 0)]


async def test_time_in_a_thread_never_moves_back(talk: Talk) -> None:
    ahead = now_ms() + 60_000
    await talk.set_last_at(ahead)
    assert (await talk.say(talk.client)).at == ahead


async def test_the_same_cid_gets_the_first_result_and_writes_nothing_but_a_count(talk: Talk) -> None:
    what = talk.message(talk.client, "Once.", extra='{"action":"notice"}')
    first = await talk.append(what)
    assert isinstance(first, Committed)
    expected = Repeat("s", first.first_seq, first.first_n, first.at, '{"action":"notice"}')
    for times in (1, 2):
        assert await talk.append(what) == expected
        assert (await talk.fields())["repeats"] == str(times)
    assert len(await talk.node.threads.events(talk.thread, 0, None, 9)) == 2


async def test_a_repeat_is_answered_even_when_the_thread_and_its_epoch_have_moved_on(talk: Talk) -> None:
    what = talk.message(talk.client, "Once.")
    await talk.append(what)
    assert isinstance(await talk.append(what, rev="9", epoch=1), Repeat)


async def test_the_same_cid_with_another_body_conflicts(talk: Talk) -> None:
    cid = new_cid()
    await talk.say(talk.client, "One.", cid=cid)
    assert await talk.append(talk.message(talk.client, "Two.", cid=cid)) == CONFLICT
    assert isinstance(await talk.append(talk.message(talk.freelancer, "Two.", cid=cid)), Committed), (
        "a cid is one's own"
    )


@pytest.mark.parametrize(
    ("age_s", "is_accepted"),
    [(CID_PAST_S - 60, True), (CID_PAST_S + 1, False), (60 - CID_FUTURE_S, True), (-CID_FUTURE_S - 5, False)],
)
async def test_a_cid_is_accepted_within_its_window_of_store_time(talk: Talk, age_s: int, is_accepted: bool) -> None:
    outcome = await talk.append(talk.message(talk.client, cid=new_cid(age_ms=age_s * 1000)))
    assert isinstance(outcome, Committed) if is_accepted else outcome == OUTSIDE_WINDOW


async def test_cids_are_forgotten_only_after_their_window(talk: Talk) -> None:
    cid = new_cid()
    await talk.say(talk.client, cid=cid)
    key = keys.cids(HERE, talk.thread, now_ms() // 86_400_000)
    left_s = await talk.node.committer.call("TTL", key)
    assert CID_PAST_S < left_s <= 9 * 86_400


async def test_a_message_whose_predecessor_is_missing_is_a_gap(talk: Talk) -> None:
    first, second = new_cid(), new_cid()
    late = talk.message(talk.client, "Two.", cid=second, prev_cid=first)
    assert await talk.append(late) == GAP
    await talk.say(talk.client, "One.", cid=first)
    assert isinstance(await talk.append(late), Committed)


async def test_a_commit_on_another_revision_or_epoch_is_stale(talk: Talk) -> None:
    what = talk.message(talk.client)
    assert await talk.append(what, rev="2") == Stale(is_epoch=False)
    assert await talk.append(what, epoch=talk.node.epochs[HERE] + 1) == Stale(is_epoch=True)
    flags = await talk.node.people.pair(talk.client, talk.freelancer)
    assert await talk.node.people.save_pair(talk.client, talk.freelancer, 0, flags)
    assert await talk.append(what) == Stale(is_epoch=False), "the pair's flags have a revision of their own"
    assert isinstance(await talk.append(what, relationship=flags.__class__(rev=1)), Committed)


async def test_what_is_rare_changes_with_the_commit(talk: Talk) -> None:
    rare = Rare(set={"rev": 2, "state": "closed"}, timers=[(5, f"expire {talk.thread}")], unindex="", index="logo")
    said = await talk.say(talk.client, rare=rare, state="closed")
    assert said.rows[0][1].state == "closed"
    fields = await talk.fields()
    assert (fields["rev"], fields["state"]) == ("2", "closed")
    people = talk.node.people
    assert await people.thread_of(talk.client, talk.freelancer, "") is None
    assert await people.thread_of(talk.client, talk.freelancer, "logo") == talk.thread
    assert f"expire {talk.thread}" in await talk.node.timers.due(HERE, 1000, 10)
    dropped = Rare(drop_timers=[f"expire {talk.thread}"])
    assert isinstance(await talk.append(talk.message(talk.client, rare=dropped), rev="2"), Committed)
    assert f"expire {talk.thread}" not in await talk.node.timers.due(HERE, 1000, 10)


async def test_an_erasure_deletes_the_message_and_the_texts_of_its_edits(talk: Talk) -> None:
    def amendment(event: MessageEdited | MessageErased, *, is_erasure: bool) -> object:
        rare = Rare(amend=(1, is_erasure))
        return talk.append(talk.message(talk.client, cid=event.cid, events=[event], op="-", rare=rare))

    for body in ("A better secret.", "The best secret."):
        await amendment(MessageEdited(by=talk.client, cid=new_cid(), target=1, body=body), is_erasure=False)  # type: ignore[misc]
    assert await talk.node.threads.amendments(talk.thread, [1, 2]) == {1: Amended((2, 3))}
    await amendment(MessageErased(by=talk.client, cid=new_cid(), target=1), is_erasure=True)  # type: ignore[misc]
    erased = (await talk.node.threads.amendments(talk.thread, [1]))[1].erased
    assert erased is not None
    assert (erased.erased_seq, erased.n, erased.by) == (4, 1, talk.client)
    assert [event.seq for event in await talk.node.threads.events(talk.thread, 0, None, 9)] == [4]


# --- open


async def test_a_thread_is_opened_once_for_a_pair_and_a_job(node: StoreNode) -> None:
    talk = await node.opened(job="logo")
    again = Talk(node, talk.client, talk.freelancer, f"t{HERE}_other", "logo")
    assert await again.open() == Elsewhere(talk.thread, can_adopt=False)
    assert await again.fields() == {}
    other_job = Talk(node, talk.client, talk.freelancer, f"t{HERE}_third", "website")
    assert isinstance(await other_job.open(), Committed)


async def test_a_thread_without_a_job_can_be_adopted(talk: Talk) -> None:
    for_a_job = Talk(talk.node, talk.client, talk.freelancer, f"t{HERE}_new", "logo")
    assert await for_a_job.open() == Elsewhere(talk.thread, can_adopt=True)


async def test_opening_checks_window_pair_and_epoch(node: StoreNode) -> None:
    talk = node.talk()
    old = talk.message(talk.client, cid=new_cid(age_ms=8 * 86_400_000), rare=Rare())
    assert await talk.open(old) == OUTSIDE_WINDOW
    assert await talk.open(pair_rev=3) == Stale(is_epoch=False)
    node.epochs[HERE] += 1
    assert await talk.open() == Stale(is_epoch=True)
    node.epochs[HERE] -= 1
    assert await talk.fields() == {}
    assert isinstance(await talk.open(), Committed)


# --- how far an author has read


async def test_writing_marks_as_read_what_was_on_the_screen_and_the_own_message(talk: Talk) -> None:
    said = await talk.say(talk.freelancer, seen=1)
    assert said.rows[0][1].read == 2


async def test_a_message_that_landed_just_before_mine_stays_unread(talk: Talk) -> None:
    await talk.say(talk.client, "And another thing.")
    said = await talk.say(talk.freelancer, seen=1)
    assert (said.rows[0][1].n, said.rows[0][1].read) == (3, 1)


async def test_messages_sent_in_one_go_leave_nothing_unread_for_their_author(talk: Talk) -> None:
    for n in (2, 3, 4):
        assert (await talk.say(talk.freelancer, seen=1)).rows[0][1].read == n


async def test_messages_of_a_program_never_move_its_users_read_mark(talk: Talk) -> None:
    assert (await talk.say(talk.freelancer, op="a", seen=1)).rows[0][1].read == 0


async def test_a_remote_author_has_read_the_same_in_whatever_order_the_touches_come(talk: Talk) -> None:
    await talk.say(talk.freelancer)
    owed = [(await talk.say(talk.client, seen=2)).owed[0][1] for _ in range(3)]
    for value in reversed(owed):
        await talk.node.touch(talk.client, talk.thread, value)
    row = await talk.node.row(talk.client, talk.thread)
    assert (row.n, row.read) == (5, 5)


# --- refuse, recall


async def test_a_bounce_is_remembered_under_its_cid_and_counted(talk: Talk) -> None:
    cid = new_cid()
    assert await talk.recall(cid, "a") is None
    assert await talk.refuse(cid, "a", '{"code":"x"}') == 1
    bounced = Repeat("b", 0, 0, 0, '{"code":"x"}')
    assert await talk.refuse(cid, "a", '{"code":"changed"}') == bounced
    assert await talk.recall(cid, "a") == bounced
    assert await talk.append(talk.message(talk.client, "a", cid=cid)) == bounced, "the same cid keeps its verdict"
    assert await talk.refuse(cid, "b") == CONFLICT
    assert await talk.recall(cid, "b") == CONFLICT
    assert await talk.refuse(new_cid(), "a") == 2
    assert await talk.refuse(new_cid(age_ms=8 * 86_400_000), "a") == OUTSIDE_WINDOW
    assert (await talk.fields())[f"bounces:{talk.client}"] == "2"


async def test_what_was_sent_is_recalled(talk: Talk) -> None:
    cid = new_cid()
    said = await talk.say(talk.client, "Hi.", cid=cid)
    assert await talk.recall(cid, "Hi.") == Repeat("s", said.first_seq, said.first_n, said.at, "")
    assert (await talk.fields())["repeats"] == "1"


# --- obligations


async def debts(talk: Talk) -> list[tuple[str, str, int]]:
    """Give what the freelancer owes or owed: (kind, outcome, seq of the event that opened it), oldest first."""

    def opened_by(what: Obligation) -> int:
        return int(what.id.rpartition(".")[2])

    found = await talk.node.obligations.of("freelancer", talk.freelancer, 0)
    found += await talk.node.threads.open_followups([talk.thread])
    assert all((what.thread, what.client) == (talk.thread, talk.client) for what in found)
    assert all((what.t1_ms is None) == (what.outcome == "open") for what in found)
    return [(str(what.kind), str(what.outcome), opened_by(what)) for what in sorted(found, key=opened_by)]


FIRST = ("first", "open", 1)
ANSWERED = ("first", "answered", 1)


@pytest.mark.parametrize(
    ("ops", "expected"),
    [
        ("c1", [FIRST]),
        ("c0", [FIRST]),
        ("c1 c1 c0", [FIRST]),
        ("c1 a", [FIRST]),
        ("c1 -", [FIRST]),
        ("c1 f", [ANSWERED]),
        ("c1 f f", [ANSWERED]),
        ("c1 f c1", [ANSWERED, ("followup", "open", 3)]),
        ("c1 f c0", [ANSWERED]),
        ("c1 f c0 c1", [ANSWERED]),
        ("c1 f c1 f", [ANSWERED, ("followup", "answered", 3)]),
        ("c1 f c1 f c1", [ANSWERED, ("followup", "answered", 3), ("followup", "open", 5)]),
        ("i", [("invitation", "open", 1)]),
        ("c1 i", [("invitation", "open", 1)]),
        ("i c1", [("invitation", "open", 1)]),
        ("c1 f c1 i", [ANSWERED, ("invitation", "open", 4)]),
        ("i x:accepted", [("invitation", "accepted", 1)]),
        ("i x:declined", [("invitation", "declined", 1)]),
        ("i x:withdrawn", [("invitation", "withdrawn", 1)]),
        ("i x:expired i", [("invitation", "expired", 1), ("invitation", "open", 3)]),
        ("i x:accepted c1", [("invitation", "accepted", 1), ("first", "open", 3)]),
        ("i x:accepted c1 f", [("invitation", "accepted", 1), ("first", "answered", 3)]),
        ("c1 f x:declined", [ANSWERED]),
    ],
)
async def test_obligations_open_and_end_as_the_table_says(
    node: StoreNode, ops: str, expected: list[tuple[str, str, int]]
) -> None:
    talk = node.talk()
    first, *later = ops.split()
    await talk.open(talk.message(talk.client, op=first, rare=Rare()))
    for op in later:
        await talk.say(talk.freelancer if op[0] in "fax" else talk.client, op=op)
    assert await debts(talk) == expected


async def test_a_commit_says_what_kind_of_obligation_it_ended(talk: Talk) -> None:
    assert (await talk.say(talk.client)).ended == ""
    assert (await talk.say(talk.freelancer)).ended == "first"
    assert (await talk.say(talk.freelancer)).ended == ""


async def test_an_invitation_over_a_first_message_keeps_its_age_and_over_a_followup_begins_anew(
    node: StoreNode,
) -> None:
    async def t0_after(*ops: str) -> tuple[int, int]:
        talk = await node.opened()
        for op in ops:
            await talk.say(talk.freelancer if op == "f" else talk.client, op=op)
        await talk.set_last_at(now_ms() + 5000)
        invited = await talk.say(talk.client, op="i")
        [newest, *_] = await node.obligations.of("freelancer", talk.freelancer, 0)
        return newest.t0_ms, invited.at

    t0, at = await t0_after()
    assert t0 < at
    t0, at = await t0_after("f", "c1")
    assert t0 == at


async def test_a_repeated_commit_opens_and_ends_nothing_twice(talk: Talk) -> None:
    what = talk.message(talk.freelancer)
    await talk.append(what)
    await talk.say(talk.client)
    await talk.append(what)
    assert await debts(talk) == [ANSWERED, ("followup", "open", 3)]
