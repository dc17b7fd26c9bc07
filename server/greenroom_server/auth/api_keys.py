"""API keys: what proves to the hub that a request comes from the marketplace's backend."""

import hashlib
import hmac
from collections.abc import Iterable


class ApiKeys:
    """The keys that are accepted; several, so that one can be replaced while the other is in use."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._digests = tuple(_digest(key) for key in keys)

    def accept(self, presented: str) -> bool:
        """Compare with every key, in a time that tells nothing about them."""
        digest = _digest(presented)
        is_known = False
        for known in self._digests:
            is_known |= hmac.compare_digest(digest, known)
        return is_known


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="replace")).digest()
