"""Key sets over HTTP and from files: rotation, failures, and how often anybody asks."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ed25519
from jwt.algorithms import OKPAlgorithm

from greenroom_server.auth.fetch import DOCUMENT_BYTES, fetch_jwks, read_jwks
from greenroom_server.auth.keys import JwksError, KeySet
from greenroom_server.auth.tokens import Claims, TokenOptions, TokenRefused, TokenVerifier, key_set

NOW = 1_800_000_000
KEYS = {kid: ed25519.Ed25519PrivateKey.generate() for kid in ("old", "new")}


def document(*kids: str) -> bytes:
    published = [{**OKPAlgorithm.to_jwk(KEYS[kid].public_key(), as_dict=True), "kid": kid} for kid in kids]
    return json.dumps({"keys": published}).encode()


def token(kid: str) -> str:
    claims = {"sub": "ada", "iat": NOW, "exp": NOW + 60, "aud": "greenroom"}
    return jwt.encode(claims, KEYS[kid], algorithm="EdDSA", headers={"kid": kid})


class Issuer:
    """A server of key sets on this machine."""

    def __init__(self) -> None:
        self.body = document("old")
        self.status = 200
        self.asked_count = 0
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked_count += 1
        self.asked.set()
        await self.may_answer.wait()
        if self.status == 302:
            raise web.HTTPFound(f"{self.url}?again")
        return web.Response(body=self.body, status=self.status)


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    app = web.Application()
    app.router.add_get("/jwks.json", issuer.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    issuer.url = f"http://127.0.0.1:{runner.addresses[0][1]}/jwks.json"
    yield issuer
    issuer.may_answer.set()
    await runner.cleanup()


async def loaded(
    issuer: Issuer, *, min_interval_s: float = 0.0, max_age_s: float = 300.0
) -> tuple[KeySet, TokenVerifier]:
    keys = KeySet(lambda: fetch_jwks(issuer.url), min_interval_s=min_interval_s, max_age_s=max_age_s)
    await keys.load()
    return keys, TokenVerifier(TokenOptions(), keys)


async def test_newly_published_key_is_found_by_the_token_that_names_it(issuer: Issuer) -> None:
    _, verifier = await loaded(issuer)
    issuer.body = document("old", "new")
    refused = verifier.verify(token("new"), NOW)
    assert isinstance(refused, TokenRefused)
    assert refused.names_unknown_key
    assert isinstance(await verifier.verify_or_refresh(token("new"), NOW), Claims)
    assert isinstance(verifier.verify(token("old"), NOW), Claims)
    assert issuer.asked_count == 2


async def test_withdrawn_key_is_refused_after_the_next_look(issuer: Issuer) -> None:
    keys, verifier = await loaded(issuer)
    issuer.body = document("new")
    await keys.refresh()
    assert verifier.verify(token("old"), NOW) == TokenRefused("auth.bad_token")


async def test_known_keys_stay_while_the_issuer_is_in_trouble(issuer: Issuer) -> None:
    keys, verifier = await loaded(issuer)
    for body, status in (
        (b"down", 503),
        (b"not JSON", 200),
        (b'{"keys": []}', 200),
        (b"", 302),
        (document("new"), 404),
    ):
        issuer.body, issuer.status = body, status
        await keys.refresh()
        assert isinstance(verifier.verify(token("old"), NOW), Claims)
    assert issuer.asked_count == 6, "redirects are not followed"


async def test_many_unknown_keys_cause_one_question(issuer: Issuer) -> None:
    _, verifier = await loaded(issuer)
    issuer.may_answer.clear()
    issuer.asked.clear()
    issuer.body = document("old", "new")
    waiting = [asyncio.create_task(verifier.verify_or_refresh(token("new"), NOW)) for _ in range(20)]
    await issuer.asked.wait()
    waiting[0].cancel()
    issuer.may_answer.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert all(isinstance(result, Claims) for result in results[1:]), "one that gives up does not stop the others"
    assert issuer.asked_count == 2


async def test_unknown_keys_cannot_make_the_hub_ask_again_and_again(issuer: Issuer) -> None:
    _, verifier = await loaded(issuer, min_interval_s=3600)
    for _ in range(3):
        assert await verifier.verify_or_refresh(token("new"), NOW) == TokenRefused("auth.bad_token")
    assert issuer.asked_count == 1


async def test_bad_tokens_with_known_or_no_keys_ask_nobody(issuer: Issuer) -> None:
    _, verifier = await loaded(issuer)
    for bad in ("", "a.b.c", token("old")[:-8] + "AAAAAAAA", "eyJhbGciOiJub25lIn0.e30.AA"):
        assert await verifier.verify_or_refresh(bad, NOW) == TokenRefused("auth.bad_token")
    assert issuer.asked_count == 1


async def test_background_looks_without_being_asked(issuer: Issuer) -> None:
    keys, verifier = await loaded(issuer, max_age_s=0.0)
    issuer.body = document("new")
    issuer.asked.clear()
    running = asyncio.create_task(keys.run())
    while not isinstance(verifier.verify(token("new"), NOW), Claims):
        issuer.asked.clear()
        await issuer.asked.wait()
    running.cancel()
    await keys.close()


async def test_first_load_says_why_it_failed(issuer: Issuer, tmp_path: Path) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"status": 500}, "answered 500"),
        ({"status": 302}, "answered 302"),
        ({"body": b"x" * (DOCUMENT_BYTES + 1)}, "more than"),
        ({"body": b"{}"}, "keys"),
    ]
    for changes, words in cases:
        for name, value in {"status": 200, **changes}.items():
            setattr(issuer, name, value)
        with pytest.raises(JwksError, match=words):
            await loaded(issuer)
    nobody = key_set(TokenOptions(jwks_url="http://127.0.0.1:1/jwks.json"))
    missing = key_set(TokenOptions(jwks_file=tmp_path / "missing.json"))
    for keys, words in ((nobody, "did not answer"), (missing, "cannot be read")):
        assert keys is not None
        with pytest.raises(JwksError, match=words):
            await keys.load()


async def test_replaced_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(document("old"))
    keys = KeySet(lambda: read_jwks(path), min_interval_s=0.0)
    assert await keys.load() == 1
    path.write_bytes(document("old", "new"))
    verifier = TokenVerifier(TokenOptions(jwks_file=path), keys)
    assert isinstance(await verifier.verify_or_refresh(token("new"), NOW), Claims)
