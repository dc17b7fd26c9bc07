"""Many operations in one request: in order, each answered as it would be on its own."""

import io
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpClient

from greenroom_server.screening.screen import Screen
from greenroom_server.telemetry.metrics import Gauges
from greenroom_server.transport.api import add_api
from greenroom_server.transport.api_bulk import MAX_BULK_BYTES
from greenroom_server.transport.api_call import MAX_BODY_BYTES, ApiServices
from testkit.backend import API_KEY, Backend, Parts, new_cid, the_screen, use_cases
from testkit.valkey import RealValkey, real_valkey


@pytest.fixture(scope="module")
def screen() -> Screen:
    return the_screen()


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    with real_valkey(tmp_path_factory.mktemp("v")) as server:
        yield server


@pytest.fixture
async def parts(valkey: RealValkey, screen: Screen) -> AsyncIterator[Parts]:
    with valkey.client() as client:
        client.flushall()
    async with use_cases(valkey.address, screen) as built:
        yield built


@pytest.fixture
async def backend(parts: Parts, aiohttp_client: AiohttpClient) -> Backend:
    app = web.Application()
    services = ApiServices(
        marketplace=parts.marketplace, directory=parts.directory, is_ready=lambda: True, counters=parts.counters,
        gauges=lambda: Gauges(1, 1, 0, True), api_keys=(API_KEY,), mint=None,
    )  # fmt: skip
    add_api(app, services)
    return Backend(await aiohttp_client(app), parts)


def put(path: str, body: object) -> dict[str, Any]:
    return {"method": "PUT", "path": f"/api/v1/{path}", "body": body}


async def bulk(backend: Backend, *operations: object, status: int = 200, **more: Any) -> Any:
    return await backend.ask("POST", "/api/v1/bulk", {"operations": operations, **more}, status)


async def test_operations_are_carried_out_in_order_and_answered_each(backend: Backend) -> None:
    found = await bulk(
        backend,
        put("users/maya", {"name": "Maya"}),
        put("freelancers/jonas", {"name": "Jonas", "headline": "Brand designer", "skills": ["logo"]}),
        put("jobs/bakery", {"client": "maya", "title": "A logo for a bakery", "open": True}),
        {"method": "GET", "path": "/api/v1/freelancers?text=brand&limit=5"},
        {"method": "GET", "path": "/api/v1/freelancers/jonas"},
    )
    assert [result["status"] for result in found["results"]] == [200] * 5
    assert found["failed"] == 0
    assert found["results"][0]["body"] == await backend.put("users/maya", {"name": "Maya"})
    assert found["results"][3]["body"]["freelancers"][0]["freelancer"] == "jonas"
    assert found["results"][4]["body"]["name"] == "Jonas"


async def test_what_fails_says_why_and_the_rest_goes_on(backend: Backend) -> None:
    operations = [
        put("users/maya", {"name": "maya@fernlight.co"}),
        put("users/maya", {"nick": "Maya"}),
        put("users/m%20m", {"name": "Maya"}),
        {"method": "GET", "path": "/api/v1/freelancers/nobody"},
        {"method": "GET", "path": "/api/v1/nowhere"},
        {"method": "DELETE", "path": "/api/v1/users/maya"},
        {"method": "PUT", "path": "/api/v1/users/maya"},
        {"method": "POST", "path": "/api/v1/bulk", "body": {"operations": []}},
        {"method": "GET", "path": "/api/v1/openapi.json"},
        put("users/ben", {"name": "Ben"}),
    ]
    found = await bulk(backend, *operations)
    answers = [(result["status"], result["body"].get("code")) for result in found["results"]]
    assert answers == [
        (422, "policy.contact_email"),
        (400, "bad_request.field"),
        (400, "bad_request.field"),
        (404, "not_found"),
        (404, "not_found"),
        (405, "bad_request.type"),
        (400, "bad_request.json"),
        (404, "not_found"),
        (404, "not_found"),
        (200, None),
    ]
    assert found["failed"] == 9
    assert found["results"][0]["body"] == await backend.put("users/maya", {"name": "maya@fernlight.co"}, 422)


async def test_on_request_it_stops_at_the_first_failure(backend: Backend) -> None:
    found = await bulk(
        backend, put("users/maya", {"name": "Maya"}), put("users/ben", {}), put("users/ada", {"name": "Ada"}),
        stop_on_error=True,
    )  # fmt: skip
    assert [result["status"] for result in found["results"]] == [200, 400]
    assert await backend.parts.people.account("ada") is None


async def test_a_move_repeated_under_its_key_is_done_once(backend: Backend) -> None:
    await backend.a_marketplace()
    thread = await backend.parts.an_interview()
    move = {
        "method": "POST", "path": f"/api/v1/threads/{thread}/moves", "body": {"move": "offer"},
        "idempotency_key": new_cid(),
    }  # fmt: skip
    found = await bulk(backend, move, move, {**move, "idempotency_key": new_cid()})
    first, second, third = found["results"]
    assert (first["status"], first["body"]["dup"]) == (200, False)
    assert (second["status"], second["body"]["dup"]) == (200, True)
    assert second["body"]["seq"] == first["body"]["seq"]
    assert third["status"] == 409


async def test_a_whole_request_is_refused_for_its_own_faults_alone(backend: Backend) -> None:
    assert (await bulk(backend, status=400))["code"] == "bad_request.field"
    too_many = [put("users/maya", {"name": "Maya"})] * 201
    assert (await bulk(backend, *too_many, status=400))["code"] == "bad_request.field"
    assert (await bulk(backend, {"method": "GET", "path": "/metrics"}, status=400))["code"] == "bad_request.field"
    large = io.BytesIO(b'{"operations": [' + b" " * MAX_BULK_BYTES + b"]}")
    key = {"Authorization": f"Bearer {API_KEY}"}
    async with backend.http.post("/api/v1/bulk", data=large, headers=key) as answer:
        assert (answer.status, (await answer.json())["code"]) == (413, "bad_request")
    async with backend.http.post("/api/v1/bulk", data=b"{}") as answer:
        assert answer.status == 401


async def test_one_operation_takes_no_more_than_a_request_and_the_whole_far_more(backend: Backend) -> None:
    long = put("users/maya", {"name": "Maya", "filler": "x" * MAX_BODY_BYTES})
    many = [put(f"users/u{number}", {"name": "n" * 80}) for number in range(199)]
    found = await bulk(backend, long, *many)
    assert [result["status"] for result in found["results"]] == [413] + [200] * 199
