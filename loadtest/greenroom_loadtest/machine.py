"""How fast this machine is at the moment: a figure of CPU time means little without it."""

import statistics
import time
from typing import Final

import msgspec

from greenroom_protocol.commands import MessageSend

_FRAME: Final = (
    b'{"type":"message.send","id":7,"thread":"t17_k3v9q2","cid":"0199c82c-5800-7a3b-9c4d-1e2f3a4b5c6d","body":"'
    + b"Could we move the review to the afternoon? I would like to try two more ideas first. " * 2
    + b'"}'
)
_ROUNDS: Final = 9
_DECODES: Final = 4000


def reference_ns() -> float:
    """Give the CPU nanoseconds that decoding one sample command takes now; the median of nine short rounds."""
    decode = msgspec.json.Decoder(MessageSend).decode
    rounds = []
    for _ in range(_ROUNDS):
        started_ns = time.process_time_ns()
        for _ in range(_DECODES):
            decode(_FRAME)
        rounds.append((time.process_time_ns() - started_ns) / _DECODES)
    return statistics.median(rounds)
