"""What a slow peer is still sent: durable frames up to the cap, of ephemeral ones the newest, later."""

from greenroom_server.delivery.send_queue import CAP_BYTES, SHED_BYTES, SendQueue

BIG = b"b" * (SHED_BYTES + 1)


class Peer:
    """A socket whose buffer empties when the test says so."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.buffered_bytes = 0
        self.ends = 0
        self.queue = SendQueue(self._send, lambda: self.buffered_bytes, self._too_slow)

    def _send(self, frame: bytes) -> None:
        self.sent.append(frame)
        self.buffered_bytes += len(frame)

    def _too_slow(self) -> None:
        self.ends += 1


def test_a_peer_that_reads_gets_everything_in_order() -> None:
    peer = Peer()
    for number in range(100):
        frame = b"%d" % number
        peer.queue.ephemeral(frame, "k") if number % 3 else peer.queue.durable(frame)
    assert peer.sent == [b"%d" % number for number in range(100)]
    assert (peer.ends, peer.queue.shed_count) == (0, 0)


def test_durable_frames_pass_up_to_the_cap_and_then_the_connection_ends() -> None:
    peer = Peer()
    peer.queue.durable(b"x" * CAP_BYTES)
    assert (len(peer.sent), peer.ends) == (1, 0)
    peer.queue.durable(b"x")
    assert (len(peer.sent), peer.ends) == (1, 1)


def test_above_half_of_the_cap_the_newest_of_each_key_is_kept_back() -> None:
    peer = Peer()
    peer.queue.durable(BIG)
    for number in range(5):
        peer.queue.ephemeral(b"typing %d" % number, "typing")
        peer.queue.ephemeral(b"receipt %d" % number, "receipt")
    assert (peer.sent, peer.queue.shed_count, peer.ends) == ([BIG], 8, 0)
    peer.buffered_bytes = 0
    peer.queue.writable()
    assert peer.sent == [BIG, b"typing 4", b"receipt 4"]


def test_what_is_kept_back_does_not_count_towards_the_cap() -> None:
    peer = Peer()
    peer.queue.durable(BIG)
    for number in range(10_000):
        peer.queue.ephemeral(BIG, f"{number % 3}")
    assert peer.ends == 0


def test_a_newer_ephemeral_frame_never_overtakes_one_that_is_kept_back() -> None:
    peer = Peer()
    peer.queue.durable(BIG)
    peer.queue.ephemeral(b"old", "k")
    peer.buffered_bytes = 0
    peer.queue.ephemeral(b"new", "k")
    assert peer.sent == [BIG, b"old", b"new"]


def test_what_was_kept_back_leaves_with_the_next_frame_even_if_no_event_says_that_there_is_room() -> None:
    peer = Peer()
    peer.queue.durable(BIG)  # all of one loop turn, which the kernel then takes in one write
    peer.queue.ephemeral(b"typing", "k")
    peer.buffered_bytes = 0
    peer.queue.durable(b"message")
    assert peer.sent == [BIG, b"typing", b"message"]


def test_room_for_some_lets_out_some() -> None:
    peer = Peer()
    peer.queue.durable(BIG)
    peer.queue.ephemeral(BIG, "first")
    peer.queue.ephemeral(b"second", "second")
    peer.buffered_bytes = 0
    peer.queue.writable()
    assert peer.sent == [BIG, BIG]
    peer.buffered_bytes = 0
    peer.queue.writable()
    assert peer.sent == [BIG, BIG, b"second"]
