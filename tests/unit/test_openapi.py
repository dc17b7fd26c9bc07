"""The OpenAPI document says what the server API does, and nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
from aiohttp import web

from greenroom_protocol.codes import ERRORS
from greenroom_server.domain.thread_actions import TABLE, Denied
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.telemetry.counters import Counters
from greenroom_server.telemetry.metrics import Gauges
from greenroom_server.transport import api_bodies
from greenroom_server.transport.api import HANDLERS, add_api
from greenroom_server.transport.api_call import ApiServices
from greenroom_server.transport.api_errors import STATUSES
from greenroom_server.transport.api_routes import ROUTES
from greenroom_server.transport.openapi import document, refusals
from greenroom_server.usecases.marketplace import MOVES

METHODS = {"get", "put", "post", "delete"}
PAGE = Path(__file__).parents[2] / "server/docs/server-api.md"


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from walk(each)


def test_the_document_is_json_of_openapi_3_1() -> None:
    found = document()
    assert found["openapi"].startswith("3.1.")
    assert set(found) == {"openapi", "info", "servers", "security", "paths", "components"}
    assert msgspec.json.decode(msgspec.json.encode(found)) == found


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    found = document()
    wanted = {part["$ref"].removeprefix("#/components/schemas/") for part in walk(found) if "$ref" in part}
    assert wanted == set(found["components"]["schemas"])


def test_every_operation_has_an_id_its_parameters_and_an_answer() -> None:
    names = []
    for method, path, operation in operations():
        assert method in METHODS
        names.append(operation["operationId"])
        in_path = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", path))
        assert all(each["required"] for each in operation["parameters"] if each["in"] == "path")
        assert "200" in operation["responses"]
        assert all(answer["description"] for answer in operation["responses"].values())
        assert "requestBody" in operation or method != "put"
        assert "requestBody" not in operation or method not in ("get", "delete")
    assert len(names) == len(set(names))


def test_request_bodies_refuse_unknown_fields() -> None:
    schemas = document()["components"]["schemas"]
    for _, _, operation in operations():
        if "requestBody" in operation:
            reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            assert schemas[reference.rpartition("/")[2]]["additionalProperties"] is False


def test_document_and_application_have_the_same_routes() -> None:
    app = web.Application()
    services = ApiServices(
        marketplace=None, directory=None, is_ready=lambda: True, counters=Counters(),  # type: ignore[arg-type]
        gauges=lambda: Gauges(0, 0, 0, True), api_keys=(), mint=None,
    )  # fmt: skip
    add_api(app, services)
    bound = {(route.method.lower(), route.resource.canonical) for route in app.router.routes() if route.resource}
    assert {each for each in bound if each[0] != "head"} == {(method, path) for method, path, _ in operations()}
    assert {route.operation for route in ROUTES} == set(HANDLERS)


def test_every_error_code_has_a_status_and_every_family_exists() -> None:
    assert {code.partition(".")[0] for code in ERRORS} == set(STATUSES)


def test_routes_name_codes_that_exist() -> None:
    assert {code for route in ROUTES for code in refusals(route)} <= set(ERRORS)


def test_moves_and_states_are_those_of_the_domain() -> None:
    assert set(get_args(api_bodies.MoveName)) == set(MOVES)
    assert set(get_args(api_bodies.State)) == set(ThreadState)


def test_what_the_table_refuses_the_backend_is_documented() -> None:
    (route,) = (route for route in ROUTES if route.operation == "post_move")
    outcomes = [TABLE[state, action][Role.SERVICE] for state in ThreadState for action in MOVES.values()]
    assert {outcome.code for outcome in outcomes if isinstance(outcome, Denied)} <= set(refusals(route))


def test_the_page_names_every_route_and_every_status() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [f"{route.method} {route.path}" for route in ROUTES if f"`{route.method} {route.path}`" not in text] == []
    rows = dict(re.findall(r"^\| (\d{3}) \| (.*?) \|", text, re.MULTILINE))
    assert {int(status): set(re.findall(r"`(\w+)", families)) for status, families in rows.items()} == {
        status: {family for family, each in STATUSES.items() if each == status} for status in STATUSES.values()
    }
