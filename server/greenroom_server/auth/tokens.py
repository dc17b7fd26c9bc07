"""Tokens: what proves to the hub who is connecting. No I/O; time is an argument.

A token is a JWT that the marketplace's backend signs for one of its users. Its header names a key of ours and
chooses among the algorithms that fit that key; nothing else in it is followed.

Source: protocol/spec/connection.md; RFC 7519, RFC 8725 (best current practices), RFC 7518 section 3.2.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
from jwt.algorithms import HMACAlgorithm

from greenroom_protocol import limits
from greenroom_server.auth.fetch import fetch_jwks, read_jwks
from greenroom_server.auth.keys import PUBLIC_KEY_ALGORITHMS, KeySet
from greenroom_server.domain.ids import is_name

SECRET_BYTES: Final = 32
"""Shortest secret; a shorter one can be found by trying."""

_BAD: Final = "auth.bad_token"
_EXPIRED: Final = "auth.token_expired"
_COMPACT: Final = re.compile(r"(([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+))\.([A-Za-z0-9_-]+)").fullmatch
_TYPES: Final = frozenset({"jwt", "at+jwt"})
_FORBIDDEN: Final = frozenset({"jku", "x5u", "jwk", "x5c", "crit", "b64", "zip", "enc"})
"""Header names by which a token would bring its own key, or ask for processing that is not done here."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says."""

    user: str
    """Account the connection belongs to."""
    issued_at_s: int
    """Unix seconds; revoking ends the tokens issued before a moment."""
    expires_at_s: int
    """Unix seconds, as the token says it, without leeway."""


@dataclass(frozen=True, slots=True)
class TokenRefused:
    """The token proves nothing. Why is not told to the peer."""

    code: str
    """``auth.bad_token`` or ``auth.token_expired``."""
    names_unknown_key: bool = field(default=False, compare=False)
    """It may be signed with a key that was published since the last look at the key set."""


@dataclass(frozen=True, slots=True, repr=False)
class TokenOptions:
    """Whose tokens are accepted; its repr shows no secret."""

    secret: str | None = None
    """For HS256, at least SECRET_BYTES bytes; None refuses HS256."""
    jwks_file: Path | None = None
    """File with a JSON Web Key Set; None when the keys come from elsewhere."""
    jwks_url: str | None = None
    """Address of a JSON Web Key Set; None when the keys come from elsewhere."""
    audience: str = "greenroom"
    """Must be, or be among, the token's ``aud``."""
    issuer: str | None = None
    """Must be the token's ``iss``; None accepts any, since the signature tells who wrote it."""
    leeway_s: int = 30
    """How far the issuer's clock may be off."""
    max_ttl_s: int = 86_400
    """Longest time between ``iat`` and ``exp``: what was signed for longer is refused."""

    def __post_init__(self) -> None:
        if self.secret is not None and len(self.secret.encode()) < SECRET_BYTES:
            raise ValueError(f"a token secret needs at least {SECRET_BYTES} bytes")
        if self.jwks_file is not None and self.jwks_url is not None:
            raise ValueError("keys come from a file or from an address, not from both")

    def __repr__(self) -> str:
        secret = "None" if self.secret is None else "***"
        keys = self.jwks_file or self.jwks_url
        return f"TokenOptions(secret={secret}, keys={keys}, audience={self.audience!r}, issuer={self.issuer!r})"


def key_set(options: TokenOptions) -> KeySet | None:
    """Give the key set that the options name, not loaded yet; None when they name none."""
    if options.jwks_file is not None:
        path = options.jwks_file
        return KeySet(lambda: read_jwks(path))
    if options.jwks_url is not None:
        url = options.jwks_url
        return KeySet(lambda: fetch_jwks(url))
    return None


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str | None = None
    typ: str = "JWT"


class _Payload(msgspec.Struct, frozen=True):
    """The claims that are read; integers are integers here, neither 1.0 nor "1" nor true."""

    sub: str
    iat: int
    exp: int
    aud: str | list[str]
    iss: str | None = None
    nbf: int | None = None


_header_decoder: Final = msgspec.json.Decoder(dict[str, Any])
_payload_decoder: Final = msgspec.json.Decoder(_Payload)
_hmac: Final = HMACAlgorithm(HMACAlgorithm.SHA256)


class TokenVerifier:
    """Checks tokens against the secret, the key set, or both."""

    def __init__(self, options: TokenOptions, keys: KeySet | None = None) -> None:
        """
        Args:
            options: at least one of secret and keys must be there.
            keys: public keys; None accepts HS256 only.
        """
        if options.secret is None and keys is None:
            raise ValueError("no token can be verified without a secret or a key set")
        self._options = options
        self._secret = None if options.secret is None else options.secret.encode()
        self._keys = keys

    def verify(self, token: str, now_s: float) -> Claims | TokenRefused:
        """Say who a token belongs to; uses the CPU only, takes the keys as they are known now.

        Args:
            token: as the peer sent it, of any length.
            now_s: Unix seconds.
        """
        parts = _COMPACT(token) if len(token) <= limits.TOKEN_BYTES else None
        if parts is None:
            return TokenRefused(_BAD)
        try:
            header = _read_header(_decode(parts[2]))
            if header is None:
                return TokenRefused(_BAD)
            is_signed = self._is_signed(header, parts[1].encode(), _decode(parts[4]))
            if not is_signed:
                return TokenRefused(_BAD, names_unknown_key=is_signed is None)
            payload = _payload_decoder.decode(_decode(parts[3]))
        except (ValueError, RecursionError):
            return TokenRefused(_BAD)
        return self._claims(payload, now_s)

    async def verify_or_refresh(self, token: str, now_s: float) -> Claims | TokenRefused:
        """Verify; where the key is unknown, look once for newly published keys and verify again.

        The look is shared by all who wait for it and happens only so often (`KeySet.refresh`).
        """
        result = self.verify(token, now_s)
        if self._keys is None or not (isinstance(result, TokenRefused) and result.names_unknown_key):
            return result
        await self._keys.refresh()
        return self.verify(token, now_s)

    def _is_signed(self, header: _Header, signed: bytes, signature: bytes) -> bool | None:
        """Check the signature; None when the key is unknown.

        The kind of algorithm decides where the key is looked for, so a public key never serves as a secret.
        """
        if header.alg == "HS256":
            return self._secret is not None and _hmac.verify(signed, self._secret, signature)
        if header.alg not in PUBLIC_KEY_ALGORITHMS or self._keys is None:
            return False
        key = self._keys.find(header.kid, header.alg)
        return None if key is None else key.Algorithm.verify(signed, key.key, signature)

    def _claims(self, payload: _Payload, now_s: float) -> Claims | TokenRefused:
        options = self._options
        audiences = [payload.aud] if isinstance(payload.aud, str) else payload.aud
        if options.audience not in audiences or not is_name(payload.sub):
            return TokenRefused(_BAD)
        if options.issuer is not None and payload.iss != options.issuer:
            return TokenRefused(_BAD)
        latest_start_s = now_s + options.leeway_s
        if payload.iat < 0 or payload.iat > latest_start_s or (payload.nbf or 0) > latest_start_s:
            return TokenRefused(_BAD)
        if not 0 < payload.exp - payload.iat <= options.max_ttl_s:
            return TokenRefused(_BAD)
        if now_s >= payload.exp + options.leeway_s:
            return TokenRefused(_EXPIRED)
        return Claims(payload.sub, payload.iat, payload.exp)


def _read_header(document: bytes) -> _Header | None:
    """Read the header, before anything is verified; None where it asks for what is not done here."""
    values = _header_decoder.decode(document)
    if not _FORBIDDEN.isdisjoint(values):
        return None
    header = msgspec.convert(values, _Header)
    return header if header.typ.lower() in _TYPES else None


def _decode(segment: str) -> bytes:
    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def mint(
    secret: str,
    user: str,
    *,
    now_s: float,
    ttl_s: int = 3600,
    audience: str = "greenroom",
    issuer: str | None = None,
) -> str:
    """Sign a token with HS256, for development, tests and the command line.

    Args:
        secret: at least SECRET_BYTES bytes.
        user: an id, as `domain.ids.is_name` says.
        now_s: Unix seconds; becomes ``iat``.
        ttl_s: seconds until it expires, at least 1.
        audience: becomes ``aud``.
        issuer: becomes ``iss``; None leaves it out.

    Raises:
        ValueError: the secret is too short, the user is not an id, or the time is not positive.
    """
    if len(secret.encode()) < SECRET_BYTES:
        raise ValueError(f"a token secret needs at least {SECRET_BYTES} bytes")
    if not is_name(user):
        raise ValueError("a user id has 1 to 64 letters, digits, '_', '.' or '-', and begins with a letter or digit")
    if ttl_s < 1:
        raise ValueError("a token must be valid for at least a second")
    issued_at_s = int(now_s)
    claims: dict[str, str | int] = {"sub": user, "iat": issued_at_s, "exp": issued_at_s + ttl_s, "aud": audience}
    if issuer is not None:
        claims["iss"] = issuer
    header = {"alg": "HS256", "typ": "JWT"}
    signed = b".".join(urlsafe_b64encode(msgspec.json.encode(part)).rstrip(b"=") for part in (header, claims))
    signature = urlsafe_b64encode(_hmac.sign(signed, secret.encode())).rstrip(b"=")
    return b".".join((signed, signature)).decode()
