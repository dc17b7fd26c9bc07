"""The client's message id: a UUIDv7 whose own time bounds how long it is remembered.

Source: RFC 9562 section 5.7; protocol/spec/ordering.md.
"""

import re
from typing import Final

_CID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}").fullmatch


def cid_time_ms(cid: str) -> int | None:
    """Give the time a cid was made, in UTC milliseconds, or None when it is not a UUIDv7.

    Only the canonical lower-case form with hyphens is a cid, so that one id has one spelling.
    """
    if _CID(cid) is None:
        return None
    return int(cid[:8] + cid[9:13], 16)


def make_cid(now_ms: int, random_bytes: bytes) -> str:
    """Make a cid from the time (UTC ms, by the server's clock) and ten random bytes.

    Raises:
        ValueError: `now_ms` is outside 48 bits or there are not exactly ten bytes.
    """
    if not 0 <= now_ms < 1 << 48:
        raise ValueError(f"now_ms must fit in 48 bits, got {now_ms}")
    if len(random_bytes) != 10:
        raise ValueError(f"a cid takes ten random bytes, got {len(random_bytes)}")
    raw = bytearray(now_ms.to_bytes(6, "big") + random_bytes)
    raw[6] = 0x70 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    digits = raw.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
