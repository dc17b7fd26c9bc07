"""The HTTP door on a real store: what the marketplace's backend may do, and what it is answered."""

import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpClient
from structlog.testing import capture_logs

from greenroom_server.screening.screen import Screen
from greenroom_server.store.people import Account
from greenroom_server.telemetry.metrics import Gauges
from greenroom_server.transport.api import add_api
from greenroom_server.transport.api_call import MAX_BODY_BYTES, ApiServices
from testkit.backend import API_KEY, Backend, Parts, new_cid, now_ms, the_screen, use_cases
from testkit.valkey import RealValkey, real_valkey

JONAS = {"name": "Jonas", "headline": "Brand designer", "skills": ["logo", "C++"], "hourly_rate": 78, "currency": "EUR"}
KEY = {"Authorization": f"Bearer {API_KEY}"}
NOWHERE = "t5_0123456789abcdef"
Serve = Callable[..., Awaitable[Backend]]


@pytest.fixture(scope="module")
def screen() -> Screen:
    return the_screen()


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    with real_valkey(tmp_path_factory.mktemp("v"), {"appendonly": "yes", "appendfsync": "always"}) as server:
        yield server


@pytest.fixture
async def parts(valkey: RealValkey, screen: Screen) -> AsyncIterator[Parts]:
    with valkey.client() as client:
        client.flushall()
    async with use_cases(valkey.address, screen) as built:
        yield built


@pytest.fixture
def serve(parts: Parts, aiohttp_client: AiohttpClient) -> Serve:
    async def start(
        *, is_ready: bool = True, is_dev: bool = False, api_keys: tuple[str, ...] = ("", API_KEY)
    ) -> Backend:
        app = web.Application()
        services = ApiServices(
            marketplace=parts.marketplace, directory=parts.directory, is_ready=lambda: is_ready,
            counters=parts.counters, gauges=lambda: Gauges(1, 1, parts.committer.pending_count, True),
            api_keys=api_keys, mint=(lambda user, ttl_s: f"{user} for {ttl_s}") if is_dev else None,
        )  # fmt: skip
        add_api(app, services)
        return Backend(await aiohttp_client(app), parts)

    return start


@pytest.fixture
async def backend(serve: Serve) -> Backend:
    return await serve()


# --- people, jobs, pairs


async def test_a_user_keeps_what_a_change_does_not_name(backend: Backend) -> None:
    seen: list[Account] = []
    backend.parts.marketplace.on_account = seen.append
    before_s = now_ms() // 1000
    saved = await backend.put("users/maya", {"name": "Maya", "suspended": True, "revoke_sessions": True})
    assert (saved["name"], saved["suspended"]) == ("Maya", True)
    assert saved["revoked_before"] > before_s
    again = await backend.put("users/maya", {"name": "Maya L."})
    assert again == {**saved, "name": "Maya L."}
    freed = await backend.put("users/maya", {"name": "Maya L.", "suspended": False})
    assert freed == {**again, "suspended": False}
    assert [account.is_suspended for account in seen] == [True, True, False]


async def test_a_profile_is_given_back_with_its_response_speed(backend: Backend) -> None:
    saved = await backend.put("freelancers/jonas", JONAS)
    assert {name: saved[name] for name in JONAS} == JONAS
    assert saved["speed"]["t50_s"] is None
    assert saved["speed"]["reason"]
    read = await backend.get("freelancers/jonas")
    assert {**read, "speed": None} == {**saved, "speed": None}
    assert (await backend.parts.people.account("jonas")) == Account("jonas", "Jonas")


async def test_saving_a_profile_does_not_lift_a_suspension(backend: Backend) -> None:
    await backend.put("users/jonas", {"name": "J", "suspended": True})
    await backend.put("freelancers/jonas", JONAS)
    assert (await backend.parts.people.account("jonas")) == Account("jonas", "Jonas", is_suspended=True)


@pytest.mark.parametrize(
    "change",
    [{"name": "jonas@fernlight.co"}, {"headline": "mail jonas@fernlight.co"}, {"skills": ["jonas@fernlight.co"]}],
)
async def test_a_profile_cannot_carry_a_contact(backend: Backend, change: dict[str, Any]) -> None:
    refused = await backend.put("freelancers/jonas", {**JONAS, **change}, 422)
    assert refused["code"] == "policy.contact_email"
    assert refused["retry"] == "never"
    assert refused["policy"]["spans"]
    assert (await backend.get("freelancers/jonas", 404))["code"] == "not_found"


async def test_search_goes_through_all_pages(backend: Backend) -> None:
    for number in range(5):
        await backend.put(f"freelancers/f{number}", {**JONAS, "name": f"Nr {number}"})
    await backend.put("freelancers/other", {**JONAS, "headline": "Cellist"})
    found, cursor = [], ""
    while True:
        page = await backend.get(f"freelancers?text=brand+designer&limit=2{cursor}")
        found += [each["freelancer"] for each in page["freelancers"]]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert found == [f"f{number}" for number in range(5)]


async def test_a_job_keeps_its_client(backend: Backend) -> None:
    saved = await backend.put("jobs/bakery", {"client": "maya", "title": "A logo", "open": True})
    assert saved == {"job": "bakery", "client": "maya", "title": "A logo", "open": True}
    assert (await backend.put("jobs/bakery", {**_without(saved, "job"), "client": "oliver"}, 409))[
        "code"
    ] == "job.not_owner"
    assert (await backend.put("jobs/bakery", {**_without(saved, "job"), "open": False}))["open"] is False


async def test_flags_of_a_pair_change_one_by_one(backend: Backend) -> None:
    plain: dict[str, Any] = {
        "client": "maya",
        "freelancer": "jonas",
        "origin": "platform",
        "conversion": "none",
        "blocked": False,
        "exempt_plan": False,
    }
    plain["first_contract_at"] = None
    assert await backend.get("pairs/maya/jonas") == plain
    assert await backend.put("pairs/maya/jonas", {"conversion": "paid"}) == {**plain, "conversion": "paid"}
    assert await backend.put("pairs/maya/jonas", {"blocked": True}) == {**plain, "conversion": "paid", "blocked": True}
    external = await backend.put("pairs/maya/jonas", {"origin": "external", "blocked": False})
    assert external == {**plain, "conversion": "paid", "origin": "external"} == await backend.get("pairs/maya/jonas")
    assert (await backend.put("pairs/maya/jonas", {"origin": "platform"}, 403))["code"] == "perm.denied"
    assert (await backend.put("pairs/maya/maya", {}, 409))["code"] == "thread.self"


def _without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


# --- threads


async def test_a_contract_goes_through_its_states_and_opens_the_gate(backend: Backend) -> None:
    await backend.a_marketplace()
    thread = await backend.parts.an_interview()
    before = await backend.get(f"threads/{thread}")
    assert (before["state"], before["contact"], before["gate_opened_at"]) == ("candidacy", "blocked", 0)
    assert before["participants"] == [{"user": "maya", "role": "client"}, {"user": "jonas", "role": "freelancer"}]
    steps = ["offer", "withdraw_offer", "offer", "decline_offer", "offer", "accept_offer"]
    steps += ["pause_contract", "resume_contract", "end_contract"]
    answers = [await backend.move(thread, step, cid=new_cid()) for step in steps]
    states = ["offer", "candidacy", "offer", "candidacy", "offer", "contract", "paused", "contract", "ended"]
    assert [answer["state"] for answer in answers] == states
    seqs = [answer["seq"] for answer in answers]
    assert seqs == sorted(set(seqs))
    after = await backend.get(f"threads/{thread}")
    assert (after["state"], after["contact"]) == ("ended", "allowed")
    assert after["gate_opened_at"] > 0
    pair = await backend.get("pairs/maya/jonas")
    assert abs(pair["first_contract_at"] - answers[5]["at"]) < 1_000, "by the hub's clock, not the store's"


async def test_a_repeated_move_gets_the_first_answer(backend: Backend) -> None:
    await backend.a_marketplace()
    thread = await backend.parts.an_interview()
    name = new_cid()
    first = await backend.move(thread, "start_contract", cid=name)
    await backend.move(thread, "pause_contract", cid=new_cid())
    again = await backend.move(thread, "start_contract", cid=name)
    assert again == {**first, "dup": True, "state": "paused"}
    header = await backend.ask(
        "POST", f"/api/v1/threads/{thread}/moves", {"move": "start_contract"}, headers={"Idempotency-Key": name}
    )
    assert header == again
    assert (await backend.move(thread, "start_contract", 409, cid=new_cid()))["code"] == "contract.already_started"
    assert (await backend.move(thread, "end_contract", 409, cid=name))["code"] == "idempotency.conflict"


async def test_two_ids_for_one_move_are_refused(backend: Backend) -> None:
    path = f"/api/v1/threads/{NOWHERE}/moves"
    refused = await backend.ask(
        "POST", path, {"move": "offer", "cid": new_cid()}, 400, headers={"Idempotency-Key": new_cid()}
    )
    assert refused["code"] == "bad_request.field"
    bad = await backend.ask("POST", path, {"move": "offer"}, 400, headers={"Idempotency-Key": "order 17"})
    assert bad["code"] == "cid.invalid"


async def test_a_refused_move_says_which_state_it_lost_to(backend: Backend) -> None:
    await backend.a_marketplace()
    thread = await backend.parts.an_interview()
    assert (await backend.move(thread, "accept_offer", 409))["code"] == "offer.none"
    assert (await backend.move(thread, "end_contract", 409))["code"] == "contract.none"
    assert (await backend.move(thread, "close_job"))["state"] == "closed"
    assert (await backend.get(f"threads/{thread}"))["why"] == "job_closed"
    assert (await backend.move(thread, "offer", 409))["code"] == "thread.closed"


async def test_the_thread_of_a_pair_is_found_by_its_job(backend: Backend) -> None:
    await backend.a_marketplace()
    assert await backend.get("pairs/maya/jonas/threads?job=bakery") == {"threads": []}
    thread = await backend.parts.an_interview()
    found = await backend.get("pairs/maya/jonas/threads?job=bakery")
    assert found == {"threads": [await backend.get(f"threads/{thread}")]}
    assert await backend.get("pairs/maya/jonas/threads") == {"threads": []}


async def test_an_answer_never_holds_text_of_the_thread(backend: Backend) -> None:
    await backend.a_marketplace()
    thread = await backend.parts.an_interview()
    async with backend.http.get(f"/api/v1/threads/{thread}", headers=KEY) as answer:
        assert "Tell me" not in await answer.text()


@pytest.mark.parametrize("thread", [NOWHERE, "t999_abc", "thread", "t5_%7Bx%7D"])
async def test_an_unknown_thread_is_not_found(backend: Backend, thread: str) -> None:
    assert (await backend.get(f"threads/{thread}", 404))["code"] == "not_found"
    assert (await backend.move(thread, "offer", 404))["code"] == "not_found"


# --- keys, health, metrics, development


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {API_KEY}", API_KEY, f"Bearer {API_KEY}x", "Bearer \u00e4"],
)
async def test_without_a_key_nothing_opens(serve: Serve, authorization: str | None) -> None:
    backend = await serve()
    headers = {} if authorization is None else {"Authorization": authorization}
    for path in ("/api/v1/freelancers", "/metrics"):
        async with backend.http.get(path, headers=headers) as answer:
            assert answer.status == 401
            assert (await answer.json())["code"] == "auth.api_key"
            assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_no_keys_means_closed(serve: Serve) -> None:
    backend = await serve(api_keys=())
    assert (await backend.get("freelancers", 401))["code"] == "auth.api_key"


async def test_health_follows_readiness_and_needs_no_key(serve: Serve) -> None:
    async with (await serve()).http.get("/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "ok"})
    async with (await serve(is_ready=False)).http.get("/healthz") as answer:
        assert answer.status == 503
        body = await answer.json()
        assert body["status"] == "unavailable"
        assert body["reason"]


async def test_metrics_are_open_in_development_only(serve: Serve) -> None:
    for is_dev, headers in ((True, {}), (False, KEY)):
        async with (await serve(is_dev=is_dev)).http.get("/metrics", headers=headers) as answer:
            assert answer.status == 200
            assert answer.content_type == "text/plain"
            assert "greenroom_store_up 1.0" in await answer.text()


async def test_tokens_are_minted_in_development_only(serve: Serve) -> None:
    dev, production = await serve(is_dev=True), await serve()
    minted = await dev.ask("POST", "/api/v1/dev/tokens", {"user": "maya", "ttl_s": 60})
    assert minted == {"token": "maya for 60", "ttl_s": 60}
    assert (await dev.ask("POST", "/api/v1/dev/tokens", {"user": "maya\n"}, 400))["code"] == "bad_request.field"
    assert (await production.ask("POST", "/api/v1/dev/tokens", {"user": "maya"}, 404))["code"] == "not_found"


async def test_the_document_is_served_without_a_key(backend: Backend) -> None:
    async with backend.http.get("/api/v1/openapi.json") as answer:
        assert (await answer.json())["openapi"] == "3.1.0"


# --- bad requests


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad_request.json"),
        (b"{", 400, "bad_request.json"),
        (b'{"name": "a"} x', 400, "bad_request.json"),
        (b'{"name": "\xff"}', 400, "bad_request.json"),
        (b'{"name": "\\ud800"}', 400, "bad_request.json"),
        (b"[]", 400, "bad_request.field"),
        (b"[" * 50_000, 400, "bad_request.field"),
        (b"{}", 400, "bad_request.field"),
        (b'{"name": 7}', 400, "bad_request.field"),
        (b'{"name": ""}', 400, "bad_request.field"),
        (b'{"name": "a\\nb"}', 400, "bad_request.field"),
        (b'{"name": "a", "suspended": "yes"}', 400, "bad_request.field"),
        (b'{"name": "a", "admin": true}', 400, "bad_request.field"),
        (b'{"name": "' + b"a" * MAX_BODY_BYTES + b'"}', 413, "bad_request"),
    ],
)  # fmt: skip
async def test_a_bad_body_is_refused_in_the_one_shape(backend: Backend, body: bytes, status: int, code: str) -> None:
    refused = await backend.put("users/maya", body, status)
    assert (refused["code"], refused["retry"]) == (code, "never")
    assert await backend.parts.people.account("maya") is None


async def test_a_compressed_body_counts_with_its_true_size(backend: Backend) -> None:
    headers = {"Content-Encoding": "gzip"}
    small, bomb = gzip.compress(b'{"name": "Maya"}'), gzip.compress(b" " * 10_000_000)
    assert (await backend.ask("PUT", "/api/v1/users/maya", small, headers=headers))["name"] == "Maya"
    assert (await backend.ask("PUT", "/api/v1/users/maya", bomb, 413, headers=headers))["code"] == "bad_request"
    assert (await backend.ask("PUT", "/api/v1/users/maya", b"not gzip", 400, headers=headers))["code"] == "bad_request"


@pytest.mark.parametrize("name", ["a%20b", "a:b", "-a", "a%2Fb", "%C3%A9", "a" * 65, "a%00", "a%0A"])
async def test_a_bad_id_is_refused(backend: Backend, name: str) -> None:
    assert (await backend.put(f"users/{name}", {"name": "A"}, 400))["code"] == "bad_request.field"
    job = {"client": "a\n", "title": "T", "open": True}
    assert (await backend.put("jobs/j", job, 400))["code"] == "bad_request.field"


@pytest.mark.parametrize("query", ["limit=0", "limit=51", "limit=x", "page=2", "limit=1&limit=2", f"text={'a' * 201}"])
async def test_a_bad_query_is_refused(backend: Backend, query: str) -> None:
    assert (await backend.get(f"freelancers?{query}", 400))["code"] == "bad_request.field"


async def test_unknown_routes_and_methods_get_the_same_shape(backend: Backend) -> None:
    for path in (
        "/",
        "/api/v1/",
        "/api/v2/users/maya",
        "/api/v1/users/a/b",
        "/api/v1/users/",
        "/api/v1/threads/%7Bx%7D",
    ):
        assert (await backend.ask("GET", path, None, 404))["code"] == "not_found"
    async with backend.http.delete("/api/v1/users/maya", headers=KEY) as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "PUT"
        assert (await answer.json())["code"] == "bad_request.type"


async def test_a_broken_promise_shows_only_a_correlation_id(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_job: str) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(backend.parts.people, "job", broken)
    with capture_logs() as logs:
        failed = await backend.put("jobs/bakery", {"client": "maya", "title": "A private title", "open": True}, 500)
    assert failed["code"] == "internal"
    assert "secret" not in str(failed)
    (line,) = logs
    assert line["correlation_id"] == failed["correlation_id"]
    assert line["route"] == "/api/v1/jobs/{job}"
    assert not {"maya", "bakery"} & set(str({**line, "exc_info": None}).split("'"))
    assert "A private title" not in str(line)


async def test_refusals_log_their_code_and_route_alone(backend: Backend) -> None:
    with capture_logs() as logs:
        await backend.put("users/maya", {"name": "maya@fernlight.co"}, 422)
    assert logs == [
        {
            "event": "api_refused",
            "route": "/api/v1/users/{user}",
            "code": "policy.contact_email",
            "status": 422,
            "log_level": "info",
        }
    ]


async def test_without_the_store_nothing_was_saved_and_the_caller_may_retry(backend: Backend) -> None:
    await backend.parts.committer.close()
    async with backend.http.put("/api/v1/users/maya", data=b'{"name": "Maya"}', headers=KEY) as answer:
        assert answer.status == 503
        body = await answer.json()
        assert (body["code"], body["retry"]) == ("unavailable", "later")
        assert int(answer.headers["Retry-After"]) * 1000 >= body["retry_after_ms"]
