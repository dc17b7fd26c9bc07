"""Key sets as documents, and API keys: what is taken and what is refused."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from greenroom_server.auth.api_keys import ApiKeys
from greenroom_server.auth.keys import JwksError, parse_jwks

ED: dict[str, Any] = OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate().public_key(), as_dict=True)
EC: dict[str, Any] = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True)


def parse(*keys: object) -> set[tuple[str | None, str]]:
    return set(parse_jwks(json.dumps({"keys": keys}).encode()))


def test_each_key_is_bound_to_the_one_algorithm_that_fits_it() -> None:
    assert parse({**ED, "kid": "a"}, {**EC, "kid": "a"}, EC) == {("a", "EdDSA"), ("a", "ES256"), (None, "ES256")}


def test_keys_for_other_uses_and_algorithms_are_passed_over() -> None:
    other_curve = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()).public_key(), as_dict=True)
    other_edwards = OKPAlgorithm.to_jwk(ed448.Ed448PrivateKey.generate().public_key(), as_dict=True)
    assert parse(
        {**ED, "kid": "good", "use": "sig", "key_ops": ["verify"]},
        {**ED, "kid": "encrypts", "use": "enc"},
        {**ED, "kid": "wraps", "key_ops": ["wrapKey"]},
        {**EC, "kid": "misnamed", "alg": "RS256"},
        {**other_curve, "kid": "curve"},
        {**other_edwards, "kid": "edwards"},
        {"kty": "XYZ", "kid": "kind"},
        {"kty": ["RSA"], "kid": "list"},
        {"kty": "EC", "crv": {"P-256": 1}},
        {},
    ) == {("good", "EdDSA")}


@pytest.mark.parametrize(
    "document",
    [b"", b"{}", b"[]", b'{"keys": 1}', b'{"keys": [1]}', b'{"keys": []}', b'{"keys": [{}]}', b"\xff", b"[" * 100_000],
)
def test_documents_without_a_usable_key_are_refused(document: bytes) -> None:
    with pytest.raises(JwksError):
        parse_jwks(document)


def test_secret_and_private_keys_are_refused_without_being_quoted() -> None:
    private = OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate(), as_dict=True)
    for key in (private, {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0", "alg": "HS256"}):
        with pytest.raises(JwksError, match="private") as refused:
            parse(ED, key)
        assert str(key.get("d") or key.get("k")) not in str(refused.value)


def test_weak_rsa_keys_are_refused() -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.raises(JwksError, match="1024"):
        parse(RSAAlgorithm.to_jwk(weak.public_key(), as_dict=True))


@pytest.mark.parametrize("change", [{"x": "AA"}, {"x": None}, {"x": 7}, {"x": "!"}, {"y": "AA"}])
def test_malformed_keys_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(JwksError, match="malformed"):
        parse({**EC, **change})


def test_key_names_are_texts_and_unique() -> None:
    for kid in (7, ["a"], "k" * 257):
        with pytest.raises(JwksError, match="kid"):
            parse({**ED, "kid": kid})
    with pytest.raises(JwksError, match="same"):
        parse({**ED, "kid": "a"}, {**ED, "kid": "a"})
    with pytest.raises(JwksError, match="at most"):
        parse(*[{**ED, "kid": str(number)} for number in range(65)])


def test_any_of_the_api_keys_is_accepted_and_nothing_else() -> None:
    keys = ApiKeys(["first-key", "second-key"])
    assert keys.accept("first-key")
    assert keys.accept("second-key")
    for other in ("", "first-ke", "first-keyy", "FIRST-KEY", "first-key,second-key", "\ud800", "k\u00e9y"):
        assert not keys.accept(other)
    assert not ApiKeys([]).accept("")
