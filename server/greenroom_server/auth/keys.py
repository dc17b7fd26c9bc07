"""The public keys that tokens may be signed with: a JSON Web Key Set, kept fresh.

Source: RFC 7517 (JWK), RFC 8037 (Ed25519), RFC 8725 section 3.1 (one algorithm for each key).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
import structlog
from jwt import PyJWK
from jwt.exceptions import PyJWTError

log = structlog.get_logger()

PUBLIC_KEY_ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")
"""What a token may be signed with when its key is public."""

_ALGORITHM_OF: Final = {("RSA", None): "RS256", ("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}
_PRIVATE_PARTS: Final = frozenset({"d", "p", "q", "k"})
_KEYS: Final = 64
_KID_CHARS: Final = 256


class JwksError(ValueError):
    """A key set could not be read; the keys known before stay in use. The text says why, without quoting keys."""


class _Document(msgspec.Struct, frozen=True):
    keys: list[dict[str, Any]]


PublicKeys = Mapping[tuple[str | None, str], PyJWK]
"""By (``kid`` or None, algorithm)."""


def parse_jwks(document: bytes) -> PublicKeys:
    """Read a key set; keys for other purposes or algorithms are passed over.

    Args:
        document: a JSON object with at most 64 ``keys``.

    Returns:
        At least one key, each bound to a single algorithm. RSA keys have 2048 bits or more.

    Raises:
        JwksError: malformed, no usable key, two keys under one name, or a secret or private key among them.
    """
    try:
        entries = msgspec.json.decode(document, type=_Document).keys
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise JwksError("it is not a JSON object with a list of `keys`") from None
    if len(entries) > _KEYS:
        raise JwksError(f"it holds {len(entries)} keys; at most {_KEYS} are read")
    keys: dict[tuple[str | None, str], PyJWK] = {}
    for entry in entries:
        if not _PRIVATE_PARTS.isdisjoint(entry):
            raise JwksError("it holds a secret or private key; publish the public keys alone, and replace that one")
        algorithm = _algorithm_of(entry)
        if algorithm is None:
            continue
        name = (entry.get("kid"), algorithm)
        if name in keys:
            raise JwksError("two of its keys have the same `kid` and algorithm")
        keys[name] = _key_of(entry, algorithm)
    if not keys:
        raise JwksError(f"it holds no signing key for {', '.join(PUBLIC_KEY_ALGORITHMS)}")
    return keys


def _algorithm_of(entry: Mapping[str, Any]) -> str | None:
    """Give the one algorithm a key is for; None where it is not for signing, or not for one of ours."""
    kid = entry.get("kid")
    if not (kid is None or (isinstance(kid, str) and len(kid) <= _KID_CHARS)):
        raise JwksError(f"a `kid` is not a text of at most {_KID_CHARS} characters")
    kind, curve = entry.get("kty"), entry.get("crv")
    if not isinstance(kind, str) or not isinstance(curve, str | None):
        return None
    algorithm = _ALGORITHM_OF.get((kind, curve))
    operations = entry.get("key_ops")
    is_for_signing = entry.get("use", "sig") == "sig" and (not isinstance(operations, list) or "verify" in operations)
    return algorithm if is_for_signing and entry.get("alg", algorithm) == algorithm else None


def _key_of(entry: dict[str, Any], algorithm: str) -> PyJWK:
    try:
        key = PyJWK(entry, algorithm)
        weakness = key.Algorithm.check_key_length(key.key)
    except (PyJWTError, ValueError, TypeError):  # its text may quote the key
        raise JwksError(f"one of its {algorithm} keys is malformed") from None
    if weakness:
        raise JwksError(weakness)
    return key


class KeySet:
    """The keys as last published; refreshed in the background and, seldom, on demand."""

    def __init__(
        self, fetch: Callable[[], Awaitable[bytes]], *, max_age_s: float = 300.0, min_interval_s: float = 10.0
    ) -> None:
        """
        Args:
            fetch: gets the document; raises `JwksError` when it cannot.
            max_age_s: the background refresh happens this often.
            min_interval_s: no two refreshes begin closer together, however many tokens name unknown keys.
        """
        self._fetch = fetch
        self._max_age_s = max_age_s
        self._min_interval_s = min_interval_s
        self._keys: PublicKeys = {}
        self._next_at_s = float("-inf")
        self._refreshing: asyncio.Task[None] | None = None

    def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """Give the key of that name and algorithm; without a name, the only key of that algorithm."""
        if kid is not None:
            return self._keys.get((kid, algorithm))
        fitting = [key for (_, name), key in self._keys.items() if name == algorithm]
        return fitting[0] if len(fitting) == 1 else None

    async def load(self) -> int:
        """Get the keys for the first time; gives how many there are.

        Raises:
            JwksError: no token could be verified.
        """
        self._next_at_s = asyncio.get_running_loop().time() + self._min_interval_s
        self._keys = parse_jwks(await self._fetch())
        return len(self._keys)

    async def refresh(self) -> None:
        """Look for new keys: at once, together with who is looking already, or not at all if one just looked.

        Failing changes nothing. A caller that is cancelled does not stop the look of the others.
        """
        if self._refreshing is None or self._refreshing.done():
            loop = asyncio.get_running_loop()
            if loop.time() < self._next_at_s:
                return
            self._next_at_s = loop.time() + self._min_interval_s
            self._refreshing = loop.create_task(self._replace(), name="refresh-token-keys")
        await asyncio.shield(self._refreshing)

    async def run(self) -> None:
        """Refresh in the background until cancelled."""
        while True:
            await asyncio.sleep(self._max_age_s)
            await self.refresh()

    async def close(self) -> None:
        """End a look that is under way."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.wait([self._refreshing])

    async def _replace(self) -> None:
        try:
            keys = parse_jwks(await self._fetch())
        except JwksError as error:
            log.warning("token_keys_not_refreshed", reason=str(error), keys_count=len(self._keys))
            return
        if keys.keys() != self._keys.keys():
            log.info("token_keys_changed", keys_count=len(keys))
        self._keys = keys
