"""Sealed originals: encrypted under a key of the day, which the store forgets when its time is over.

The key of a day lies in the store, encrypted under a master key, which is configured and never in the store. While
the master key is being changed there are several: the first seals, all open, each with keys of the days of its
own. What was sealed can be opened only while both keys are there: a copy of the store opens nothing, and once the
key of a day has expired nothing of that day can be opened by anybody, wherever copies of it lie.

Source: server/docs/moderation.md, Originals; AES-256-GCM as in NIST SP 800-38D.
"""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Final

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from greenroom_server.store import keys
from greenroom_server.store.committer import Committer

log = structlog.get_logger()

_DAY_MS: Final = 86_400_000
_NONCE_BYTES: Final = 12
_DAY_BYTES: Final = 4


class Seals:
    """Seals and opens texts."""

    def __init__(self, committer: Committer, masters: Sequence[str], days: int) -> None:
        """Take the master keys.

        Args:
            committer: of the store that keeps the keys of the days.
            masters: the master keys as they are configured; the first seals, all open.
            days: how long after its own day the key of a day is kept.
        """
        self._committer = committer
        self._masters = [_Master(secret) for secret in masters]
        self._days = days
        self._keys: dict[tuple[int, str], AESGCM] = {}
        """By day and master key."""

    async def seal(self, text: bytes, about: str, now_ms: int) -> bytes:
        """Seal a text.

        Args:
            text: what is to be kept.
            about: its name; it opens under the same one only.
            now_ms: UTC ms; decides until when it can be opened.

        Raises:
            Unavailable, Uncertain: nothing was sealed.
        """
        day = now_ms // _DAY_MS
        key = await self._key(day, self._masters[0], make=True)
        assert key is not None, "it was made"
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return day.to_bytes(_DAY_BYTES, "big") + nonce + key.encrypt(nonce, text, about.encode())

    async def open(self, sealed: bytes, about: str, now_ms: int) -> bytes | None:
        """Open what was sealed; None when its time is over, or its master key is none of ours.

        Raises:
            Unavailable, Uncertain: the store did not answer.
        """
        day = int.from_bytes(sealed[:_DAY_BYTES], "big")
        if day + self._days < now_ms // _DAY_MS:
            return None
        nonce, body = sealed[_DAY_BYTES : _DAY_BYTES + _NONCE_BYTES], sealed[_DAY_BYTES + _NONCE_BYTES :]
        is_tried = False
        for master in self._masters:
            key = await self._key(day, master, make=False)
            text = None if key is None else _decrypt(key, nonce, body, about.encode())
            if text is not None:
                return text
            is_tried = is_tried or key is not None
        if is_tried:
            log.warning("seal_broken")
        return None

    async def _key(self, day: int, master: "_Master", *, make: bool) -> AESGCM | None:
        """Give the key of a day under a master key; the one that is in the store first is everybody's."""
        known = None if make else self._keys.get((day, master.name))
        if known is not None:
            return known
        name, about = keys.seal(master.name, day), str(day).encode()
        if make:
            nonce, fresh = secrets.token_bytes(_NONCE_BYTES), AESGCM.generate_key(256)
            locked = nonce + master.cipher.encrypt(nonce, fresh, about)
            await self._committer.call("SET", name, locked, "NX", "EXAT", (day + 1 + self._days) * 86_400)
        raw = await self._committer.call("GET", name)
        data = None if raw is None else _decrypt(master.cipher, raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], about)
        if data is None:
            return None
        self._keys = {each: key for each, key in self._keys.items() if each[0] >= day - self._days}
        self._keys[day, master.name] = AESGCM(data)
        return self._keys[day, master.name]


class _Master:
    """One master key, and how the keys of the days under it are named."""

    __slots__ = ("cipher", "name")

    def __init__(self, secret: str) -> None:
        key = hashlib.blake2b(secret.encode(), digest_size=32, person=b"greenroom seal").digest()
        self.cipher = AESGCM(key)
        self.name = hashlib.blake2b(key, digest_size=4).hexdigest()


def _decrypt(key: AESGCM, nonce: bytes, body: bytes, about: bytes) -> bytes | None:
    try:
        return key.decrypt(nonce, body, about)
    except InvalidTag:
        return None
