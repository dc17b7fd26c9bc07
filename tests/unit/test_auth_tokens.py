"""Tokens: who is let in, and every way of getting in that is known to have worked somewhere."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from greenroom_protocol import limits
from greenroom_server.auth.keys import KeySet
from greenroom_server.auth.tokens import Claims, TokenOptions, TokenRefused, TokenVerifier, key_set, mint

SECRET = "a-secret-of-thirty-two-bytes-or-more"
NOW = 1_800_000_000
BAD = TokenRefused("auth.bad_token")
EXPIRED = TokenRefused("auth.token_expired")

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_keys() -> dict[str, Any]:
    return {
        "keys": [
            {**RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True), "kid": "rsa", "use": "sig", "alg": "RS256"},
            {**ECAlgorithm.to_jwk(EC.public_key(), as_dict=True), "kid": "ec"},
            {**OKPAlgorithm.to_jwk(ED.public_key(), as_dict=True), "kid": "ed"},
        ]
    }


def loaded(document: object) -> KeySet:
    async def fetch() -> bytes:
        return json.dumps(document).encode()

    keys = KeySet(fetch)
    asyncio.run(keys.load())
    return keys


@pytest.fixture(scope="module")
def by_secret() -> TokenVerifier:
    return TokenVerifier(TokenOptions(secret=SECRET))


@pytest.fixture(scope="module")
def by_keys() -> TokenVerifier:
    return TokenVerifier(TokenOptions(), loaded(public_keys()))


def claims(**changes: Any) -> dict[str, Any]:
    given = {"sub": "ada", "iat": NOW - 10, "exp": NOW + 600, "aud": "greenroom", **changes}
    return {name: value for name, value in given.items() if value is not ...}


def b64(data: bytes | str) -> str:
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else data.encode()).rstrip(b"=").decode()


def by_hand(header: object, payload: object, secret: bytes = SECRET.encode()) -> str:
    """Sign with HMAC-SHA256 whatever one likes; texts are taken as they are."""
    parts = [part if isinstance(part, str) else json.dumps(part) for part in (header, payload)]
    signed = ".".join(b64(part) for part in parts)
    return f"{signed}.{b64(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def hs256(**changes: Any) -> str:
    return by_hand({"alg": "HS256", "typ": "JWT"}, claims(**changes))


def test_minted_token_names_its_user_and_times(by_secret: TokenVerifier) -> None:
    token = mint(SECRET, "ada", now_s=NOW + 0.9, ttl_s=60)
    assert by_secret.verify(token, NOW) == Claims("ada", NOW, NOW + 60)


def test_minted_token_is_read_by_an_independent_library() -> None:
    token = mint(SECRET, "ada", now_s=NOW, issuer="https://issuer.example")
    timeless: Any = {"verify_exp": False, "verify_iat": False}
    read = jwt.decode(token, SECRET, algorithms=["HS256"], audience="greenroom", options=timeless)
    assert read == {"sub": "ada", "iat": NOW, "exp": NOW + 3600, "aud": "greenroom", "iss": "https://issuer.example"}


@pytest.mark.parametrize(("key", "algorithm", "kid"), [(RSA, "RS256", "rsa"), (EC, "ES256", "ec"), (ED, "EdDSA", "ed")])
def test_public_keys_verify_what_an_independent_library_signed(
    by_keys: TokenVerifier, key: Any, algorithm: str, kid: str
) -> None:
    for headers in ({"kid": kid}, {}):
        token = jwt.encode(claims(), key, algorithm=algorithm, headers=headers)
        assert by_keys.verify(token, NOW) == Claims("ada", NOW - 10, NOW + 600)


def test_tokens_of_the_types_in_use_are_accepted(by_secret: TokenVerifier) -> None:
    for header in ({"alg": "HS256"}, {"alg": "HS256", "typ": "at+jwt"}, {"alg": "HS256", "typ": "JWT", "x5t": "abc"}):
        assert isinstance(by_secret.verify(by_hand(header, claims()), NOW), Claims)


def test_audience_may_be_one_of_several(by_secret: TokenVerifier) -> None:
    assert isinstance(by_secret.verify(hs256(aud=["mail", "greenroom"]), NOW), Claims)


REFUSED_CLAIMS: dict[str, dict[str, Any]] = {
    "wrong audience": {"aud": "mail"},
    "audience that only begins like ours": {"aud": "greenroom-admin"},
    "no audience": {"aud": ...},
    "list of audiences without ours": {"aud": ["mail"]},
    "audience that is an object": {"aud": {"greenroom": 1}},
    "no user": {"sub": ...},
    "empty user": {"sub": ""},
    "user that is a number": {"sub": 7},
    "user with a brace, which would be a cluster tag": {"sub": "{p1}"},
    "user with a line end": {"sub": "ada\n"},
    "user that is too long": {"sub": "a" * 65},
    "no expiry": {"exp": ...},
    "expiry as text": {"exp": str(NOW + 600)},
    "expiry as a float": {"exp": NOW + 600.0},
    "expiry as a float with an exponent": {"exp": 1e300},
    "expiry as true": {"exp": True},
    "expiry as null": {"exp": None},
    "huge expiry": {"exp": 2**63},
    "huger expiry": {"exp": 10**400},
    "negative expiry": {"exp": -1},
    "expiry beyond the longest time": {"iat": NOW, "exp": NOW + 86_401},
    "expiry before it was issued": {"iat": NOW, "exp": NOW},
    "no issuing time": {"iat": ...},
    "issued in the future": {"iat": NOW + 31},
    "issuing time as text": {"iat": str(NOW)},
    "issued before time began": {"iat": -1, "exp": 10},
    "not valid yet": {"nbf": NOW + 31},
    "start as text": {"nbf": "0"},
    "start as a float": {"nbf": 0.5},
}


@pytest.mark.parametrize("changes", REFUSED_CLAIMS.values(), ids=REFUSED_CLAIMS)
def test_claims_are_refused(by_secret: TokenVerifier, changes: dict[str, Any]) -> None:
    assert isinstance(by_secret.verify(hs256(), NOW), Claims)
    assert by_secret.verify(hs256(**changes), NOW) == BAD


def test_numbers_that_are_not_json_are_refused(by_secret: TokenVerifier) -> None:
    for number in ("NaN", "Infinity", "1e999", "0x7fffffff", "9" * 5000):
        payload = json.dumps(claims()).replace(str(NOW + 600), number)
        assert by_secret.verify(by_hand({"alg": "HS256"}, payload), NOW) == BAD


def test_expired_token_says_so_only_when_its_signature_is_right(by_secret: TokenVerifier) -> None:
    token = hs256(iat=NOW - 700, exp=NOW - 30)
    assert by_secret.verify(token, NOW) == EXPIRED
    assert isinstance(by_secret.verify(token, NOW - 1), Claims), "leeway"
    assert by_secret.verify(token[:-4] + "AAAA", NOW) == BAD


def test_issuer_is_compared_when_one_is_configured() -> None:
    verifier = TokenVerifier(TokenOptions(secret=SECRET, issuer="https://issuer.example"))
    assert isinstance(verifier.verify(hs256(iss="https://issuer.example"), NOW), Claims)
    for issuer in ("https://issuer.example/", "https://issuer.example.evil", ["https://issuer.example"], "", ...):
        assert verifier.verify(hs256(iss=issuer), NOW) == BAD


def none_token(header: dict[str, str], signature: str) -> str:
    return f"{b64(json.dumps(header))}.{b64(json.dumps(claims()))}.{signature}"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", "HS384", "HS512", "hs256", "PS256", "RS512"])
def test_algorithms_outside_the_list_are_refused(
    by_secret: TokenVerifier, by_keys: TokenVerifier, algorithm: str
) -> None:
    for verifier in (by_secret, by_keys):
        for signature in ("", "AA", hs256().rpartition(".")[2]):
            assert verifier.verify(none_token({"alg": algorithm, "kid": "rsa"}, signature), NOW) == BAD


def public_key_as_secret() -> list[bytes]:
    public = RSA.public_key()
    return [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(public_keys()["keys"][0]).encode(),
        b"",
    ]


@pytest.mark.parametrize("secret", public_key_as_secret(), ids=["pem", "pkcs1", "der", "jwk", "empty"])
def test_public_key_never_serves_as_a_secret(by_keys: TokenVerifier, secret: bytes) -> None:
    both = TokenVerifier(TokenOptions(secret=SECRET), loaded(public_keys()))
    for header in ({"alg": "HS256"}, {"alg": "HS256", "kid": "rsa"}, {"alg": "RS256", "kid": "rsa"}):
        token = by_hand(header, claims(), secret)
        assert by_keys.verify(token, NOW) == BAD
        assert both.verify(token, NOW) == BAD


def test_secret_never_verifies_without_being_configured(by_keys: TokenVerifier) -> None:
    assert by_keys.verify(hs256(), NOW) == BAD


def test_algorithm_of_a_key_cannot_be_chosen_by_the_token(by_keys: TokenVerifier) -> None:
    mismatches = ((RSA, "RS256", "ec"), (EC, "ES256", "rsa"), (ED, "EdDSA", "rsa"), (RSA, "PS256", "rsa"))
    for key, algorithm, kid in mismatches:
        signer: Any = key
        token = jwt.encode(claims(), signer, algorithm=algorithm, headers={"kid": kid})
        assert by_keys.verify(token, NOW) == BAD


STRANGERS_KEY = {**RSAAlgorithm.to_jwk(STRANGER.public_key(), as_dict=True), "kid": "rsa"}
BROUGHT_ALONG: dict[str, dict[str, Any]] = {
    "jku": {"jku": "https://evil.example/jwks.json"},
    "x5u": {"x5u": "https://evil.example/cert.pem"},
    "jwk": {"jwk": STRANGERS_KEY},
    "x5c": {"x5c": ["MIIB"]},
    "crit": {"crit": ["exp"]},
    "b64": {"b64": False, "crit": ["b64"]},
    "zip": {"zip": "DEF"},
}


@pytest.mark.parametrize("headers", BROUGHT_ALONG.values(), ids=BROUGHT_ALONG)
def test_token_never_brings_its_own_key_or_processing(
    by_secret: TokenVerifier, by_keys: TokenVerifier, headers: dict[str, Any]
) -> None:
    signed = jwt.encode(claims(), STRANGER, algorithm="RS256", headers={"kid": "rsa"})
    signed_so = by_hand({"alg": "RS256", "kid": "rsa", **headers}, claims()).rpartition(".")[0]
    assert by_keys.verify(f"{signed_so}.{signed.rpartition('.')[2]}", NOW) == BAD
    assert by_secret.verify(by_hand({"alg": "HS256", **headers}, claims()), NOW) == BAD, "even when rightly signed"


@pytest.mark.parametrize("kid", ["../../dev/null", "' OR 1=1 --", "|/bin/true", "rsa\0", "RSA", "", "k" * 4000])
def test_key_names_are_compared_and_never_followed(by_keys: TokenVerifier, kid: str) -> None:
    token = jwt.encode(claims(), RSA, algorithm="RS256", headers={"kid": kid})
    refused = by_keys.verify(token, NOW)
    assert refused == BAD
    assert isinstance(refused, TokenRefused)
    assert refused.names_unknown_key


@pytest.mark.parametrize("kid", [7, ["rsa"], {"rsa": 1}, True])
def test_key_name_that_is_no_text_is_refused(by_secret: TokenVerifier, kid: object) -> None:
    assert by_secret.verify(by_hand({"alg": "HS256", "kid": kid}, claims()), NOW) == BAD


@pytest.mark.parametrize("typ", ["JWE", "dpop+jwt", "secevent+jwt", "logout+jwt", 1, ""])
def test_tokens_made_for_something_else_are_refused(by_secret: TokenVerifier, typ: object) -> None:
    assert by_secret.verify(by_hand({"alg": "HS256", "typ": typ}, claims()), NOW) == BAD


def test_without_a_key_name_the_key_must_be_unambiguous() -> None:
    second = {**RSAAlgorithm.to_jwk(STRANGER.public_key(), as_dict=True), "kid": "other"}
    verifier = TokenVerifier(TokenOptions(), loaded({"keys": [*public_keys()["keys"], second]}))
    assert verifier.verify(jwt.encode(claims(), RSA, algorithm="RS256"), NOW) == BAD
    assert isinstance(verifier.verify(jwt.encode(claims(), ED, algorithm="EdDSA"), NOW), Claims)


def test_longest_token_passes_and_a_longer_one_is_not_looked_at(by_secret: TokenVerifier) -> None:
    def of_length(length: int) -> str:
        padding = (length - len(hs256(pad=""))) * 3 // 4
        return next(token for extra in range(4) if len(token := hs256(pad="x" * (padding + extra))) >= length)

    assert isinstance(by_secret.verify(of_length(limits.TOKEN_BYTES - 8), NOW), Claims)
    assert by_secret.verify(of_length(limits.TOKEN_BYTES + 1), NOW) == BAD
    assert by_secret.verify(of_length(64 * 1024), NOW) == BAD


MALFORMED: dict[str, Callable[[str], str]] = {
    "nothing": lambda _: "",
    "dots": lambda _: "..",
    "two parts": lambda token: token.rpartition(".")[0],
    "four parts": lambda token: f"{token}.AA",
    "no signature": lambda token: token.rpartition(".")[0] + ".",
    "blank before": lambda token: f" {token}",
    "line end after": lambda token: f"{token}\n",
    "bearer": lambda token: f"Bearer {token}",
    "padding": lambda token: f"{token}=",
    "plain base64": lambda token: token.replace(".", ".+", 1),
    "fullwidth dot": lambda token: token.replace(".", "\uff0e"),
    "surrogate": lambda token: f"{token}\ud800",
    "header of 1 byte": lambda token: "A." + token.partition(".")[2],
    "header that is a list": lambda token: b64("[]") + "." + token.partition(".")[2],
    "header that is deep": lambda token: b64("[" * 3000) + "." + token.partition(".")[2],
    "header that is not UTF-8": lambda token: b64(b'{"alg":"\xff"}') + "." + token.partition(".")[2],
    "another user's payload": lambda token: ".".join(
        (token.split(".")[0], b64(json.dumps(claims(sub="eve"))), token.split(".")[2])
    ),
}


@pytest.mark.parametrize("change", MALFORMED.values(), ids=MALFORMED)
def test_malformed_tokens_are_refused(by_secret: TokenVerifier, change: Callable[[str], str]) -> None:
    assert by_secret.verify(change(hs256()), NOW) == BAD


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), st.binary(max_size=200), st.binary(max_size=200))
def test_nothing_makes_the_verifier_raise(token: str, header: bytes, payload: bytes) -> None:
    verifier = TokenVerifier(TokenOptions(secret=SECRET))
    assert verifier.verify(token, NOW) == BAD
    assert verifier.verify(f"{b64(header)}.{b64(payload)}.AAAA", NOW) == BAD
    assert verifier.verify(by_hand({"alg": "HS256"}, payload.decode("latin-1")), NOW) == BAD


def test_secret_is_in_no_repr(by_secret: TokenVerifier) -> None:
    options = TokenOptions(secret=SECRET)
    assert SECRET not in repr(options) + str(options) + repr([options]) + repr(by_secret)
    assert "***" in repr(options)


def test_weak_or_contradictory_options_are_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        TokenOptions(secret="x" * 31)
    with pytest.raises(ValueError, match="both"):
        TokenOptions(jwks_file=Path("keys.json"), jwks_url="https://issuer.example/jwks")
    with pytest.raises(ValueError, match="secret or a key set"):
        TokenVerifier(TokenOptions())
    assert key_set(TokenOptions(secret=SECRET)) is None


@pytest.mark.parametrize(
    ("user", "ttl_s", "secret"), [("", 60, SECRET), ("a b", 60, SECRET), ("ada", 0, SECRET), ("ada", 60, "short")]
)
def test_nothing_unusable_is_minted(user: str, ttl_s: int, secret: str) -> None:
    with pytest.raises(ValueError):
        mint(secret, user, now_s=NOW, ttl_s=ttl_s)
