"""Identifiers and partitions: which part of the store a user or a thread lives in.

A thread id begins with its partition, `t17_...`; a user's partition is a hash of the id. The number of partitions is
fixed for the life of a store.

Source: server/docs/architecture.md, Data.
"""

import re
import zlib
from typing import Final

PARTITION_COUNT: Final = 128

_THREAD: Final = re.compile(r"t(0|[1-9][0-9]{0,2})_[a-z0-9_]{1,56}").fullmatch
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}").fullmatch
_OWN_LOG: Final = re.compile(r"t(0|[1-9][0-9]{0,2})_self_([A-Za-z0-9][A-Za-z0-9_.-]{0,63})").fullmatch


def is_name(text: str) -> bool:
    """Say whether a text may be the id of a user, job or device: no braces, colons, spaces or slashes."""
    return _NAME(text) is not None


def user_partition(user: str) -> int:
    """Give the partition of a user's inbox, 0 to PARTITION_COUNT - 1."""
    return zlib.crc32(user.encode()) % PARTITION_COUNT


def thread_partition(thread: str) -> int | None:
    """Give the partition a thread id names, or None when it is not a thread id; the id of an own log is one, too."""
    match = _THREAD(thread)
    if match is None:
        owner = own_log_owner(thread)
        return None if owner is None else user_partition(owner)
    partition = int(match[1])
    return partition if partition < PARTITION_COUNT else None


def thread_id(freelancer: str, random_hex: str) -> str:
    """Make the id of a new thread, in the partition of its freelancer."""
    return f"t{user_partition(freelancer)}_{random_hex}"


def own_log(user: str) -> str:
    """Give the id of a user's own log, which lies beside their inbox: notices to them alone, no messages."""
    return f"t{user_partition(user)}_self_{user}"


def own_log_owner(thread: str) -> str | None:
    """Give whose own log an id names, or None when it names none."""
    match = _OWN_LOG(thread)
    return match[2] if match is not None and int(match[1]) == user_partition(match[2]) else None
