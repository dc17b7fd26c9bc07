"""The load generator sees every loss, repetition and inversion, and nothing where there is none."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from unittest.mock import Mock

import msgspec
import pytest

from greenroom_loadtest import texts, wire
from greenroom_loadtest.ledger import Ledger
from greenroom_loadtest.user import BenchError, Run, VirtualUser
from greenroom_protocol import limits
from greenroom_protocol.codec import server_codec
from greenroom_protocol.commands import Connect, Delivered, MessageSend

FRONT = "0199c82c-5800-7a3b-9c4d-"
THREAD = "t17_k3v9q2"


def frame(**fields: object) -> bytes:
    payload = msgspec.json.encode(fields)
    return b"\x81\x7e" + len(payload).to_bytes(2, "big") + payload


@dataclass
class Pair:
    """Two users of one thread, without a server: the test says what they receive."""

    run: Run
    ledger: Ledger
    client: VirtualUser
    freelancer: VirtualUser

    def ack(self, user: VirtualUser, number: int, seq: int, *, dup: bool = False) -> None:
        user.data_received(frame(type="message.send", id=number, seq=seq, dup=dup))

    def push(self, user: VirtualUser, mark: int, *places: tuple[int, int]) -> None:
        events = [{"seq": seq, "cid": f"{FRONT}{number:012x}"} for seq, number in places]
        user.data_received(frame(type="inbox.changed", mark=mark, thread=THREAD, n=1, events=events))

    def both(self, mark: int, *places: tuple[int, int]) -> None:
        self.push(self.client, mark, *places)
        self.push(self.freelancer, mark, *places)

    def counts(self) -> tuple[int, int, int]:
        self.ledger.audit()
        for user in (self.client, self.freelancer):
            user.audit()
        return self.ledger.lost, self.ledger.duplicated, self.ledger.reordered


@pytest.fixture
def pair() -> Iterator[Pair]:
    loop = asyncio.new_event_loop()

    async def make() -> Pair:
        run = Run(Ledger(FRONT), loop.create_future())
        users = [VirtualUser(run, index, "token") for index in (0, 1)]
        for user in users:
            user.connection_made(Mock())
            user.data_received(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
            user.data_received(frame(type="connect", mark=0))
            user._join(THREAD)
        return Pair(run, run.ledger, *users)

    made = loop.run_until_complete(make())
    yield made
    loop.close()


def written(user: VirtualUser) -> list[bytes]:
    return [call.args[0] for call in user._transport.write.call_args_list]  # type: ignore[attr-defined]


def test_what_a_user_sends_is_what_the_server_reads(pair: Pair) -> None:
    pair.push(pair.client, 1, (1, 0))
    pair.client.send(0.0)
    pair.client.tell_delivered()
    upgrade, *frames = written(pair.client)
    assert upgrade == wire.UPGRADE
    decode = server_codec(limits.SUBPROTOCOL_JSON).decode
    payloads = [data[8 if data[1] == 0xFE else 6 :] for data in frames]
    connect, message, delivered = (decode(payload)[0] for payload in payloads)
    assert isinstance(connect, Connect)
    assert isinstance(message, MessageSend)
    assert (message.id, message.thread, message.body, message.seen) == (2, THREAD, texts.body(2), 1)
    assert message.cid == FRONT + "000000000002"
    assert delivered == Delivered(mark=1)


def test_a_run_without_fault_counts_nothing(pair: Pair) -> None:
    for user in (pair.client, pair.freelancer, pair.client):
        user.send(1.0)
    pair.ack(pair.client, 2, 1)
    pair.both(1, (1, 2))
    pair.both(2, (2, 3))  # a delivery may come before the answer
    pair.ack(pair.freelancer, 3, 2)
    assert not pair.ledger.is_settled
    pair.ack(pair.client, 4, 3)
    pair.both(3, (3, 4))
    assert pair.ledger.is_settled
    pair.ledger.audit_thread(0, [(1, cid(2), texts.body(2)), (2, cid(3), texts.body(3)), (3, cid(4), texts.body(4))])
    assert pair.counts() == (0, 0, 0)
    assert not pair.ledger.problems


def cid(number: int) -> str:
    return f"{FRONT}{number:012x}"


def test_a_message_without_answer_and_deliveries_is_lost(pair: Pair) -> None:
    pair.client.send(1.0)
    assert pair.counts() == (3, 0, 0)


def test_a_message_the_other_side_never_got_is_lost(pair: Pair) -> None:
    pair.client.send(1.0)
    pair.ack(pair.client, 2, 1)
    pair.push(pair.client, 1, (1, 2))
    assert pair.counts() == (1, 0, 0)


def test_an_acked_message_that_is_not_in_the_log_is_lost(pair: Pair) -> None:
    pair.client.send(1.0)
    pair.ack(pair.client, 2, 1)
    pair.both(1, (1, 2))
    pair.ledger.audit_thread(0, [])
    assert pair.counts() == (1, 0, 0)


def test_a_second_delivery_and_a_second_answer_are_duplicates(pair: Pair) -> None:
    pair.client.send(1.0)
    pair.ack(pair.client, 2, 1)
    pair.both(1, (1, 2))
    pair.push(pair.freelancer, 2, (1, 2))
    pair.ack(pair.client, 2, 1)
    assert pair.counts() == (0, 2, 0)


def test_a_repeat_that_was_never_sent_twice_is_a_duplicate(pair: Pair) -> None:
    pair.client.send(1.0)
    pair.ack(pair.client, 2, 1, dup=True)
    assert pair.ledger.duplicated == 1


def test_a_message_twice_in_the_log_is_a_duplicate(pair: Pair) -> None:
    pair.client.send(1.0)
    pair.ack(pair.client, 2, 1)
    pair.both(1, (1, 2))
    pair.ledger.audit_thread(0, [(1, cid(2), texts.body(2)), (2, cid(2), texts.body(2))])
    assert pair.ledger.duplicated == 1


def test_events_in_the_wrong_order_are_reordered(pair: Pair) -> None:
    pair.client.send(1.0)
    pair.freelancer.send(1.0)
    pair.ack(pair.client, 2, 1)
    pair.ack(pair.freelancer, 3, 2)
    pair.push(pair.client, 1, (2, 3), (1, 2))
    pair.push(pair.freelancer, 1, (1, 2), (2, 3))
    assert pair.counts() == (0, 0, 1)


def test_marks_that_go_back_are_reordered(pair: Pair) -> None:
    pair.push(pair.client, 2)
    pair.push(pair.client, 1)
    assert pair.counts() == (0, 0, 1)


def test_a_place_that_differs_between_the_sides_is_reordered(pair: Pair) -> None:
    pair.client.send(1.0)
    pair.ack(pair.client, 2, 1)
    pair.push(pair.client, 1, (1, 2))
    pair.push(pair.freelancer, 1, (2, 2))
    assert pair.counts() == (0, 0, 1)


def test_messages_of_one_sender_that_overtook_each_other_are_reordered(pair: Pair) -> None:
    pair.client.send(1.0)
    pair.client.send(1.0)
    pair.ack(pair.client, 3, 1)
    pair.ack(pair.client, 2, 2)
    pair.both(1, (1, 3), (2, 2))
    assert pair.counts() == (0, 0, 1)


def test_a_missing_mark_is_a_problem(pair: Pair) -> None:
    pair.push(pair.client, 1)
    pair.push(pair.client, 3)
    pair.counts()
    assert pair.ledger.problems == {"delivery missing, by its mark": 1}


def test_text_that_was_changed_is_a_problem(pair: Pair) -> None:
    pair.client.send(1.0)
    pair.ack(pair.client, 2, 1)
    pair.ledger.audit_thread(0, [(1, cid(2), "something else")])
    assert pair.ledger.problems == {"text in history is not the one sent": 1}


def test_a_refusal_and_a_lost_connection_end_the_run(pair: Pair) -> None:
    pair.client.data_received(frame(type="error", id=5, code="rate.sends"))
    with pytest.raises(BenchError, match=r"rate\.sends"):
        pair.run.failure.result()
    assert pair.ledger.problems == {"refused: rate.sends": 1}


def test_in_a_closed_loop_each_answer_is_followed_by_a_message(pair: Pair) -> None:
    pair.run.is_closed_loop = True
    pair.client.send(1.0)
    pair.ack(pair.client, 2, 1)
    assert len(pair.ledger) == 2
    pair.run.is_closed_loop = False
    pair.ack(pair.client, 3, 2)
    assert len(pair.ledger) == 2


def test_latency_counts_from_when_a_message_was_due(pair: Pair) -> None:
    numbers = [pair.ledger.add(0, due_at) for due_at in (10.0, 20.0, 30.0)]
    pair.ledger.acked(0, numbers[0], 1, is_dup=False, now=10.5)
    pair.ledger.acked(0, numbers[2], 2, is_dup=False, now=30.25)
    times = pair.ledger.latencies_ms(pair.ledger.acked_at, range(numbers[0], numbers[2] + 1))
    assert list(times) == [500.0, 250.0]
