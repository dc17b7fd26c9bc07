"""What the demo page's own addresses give, and to whom."""

import aiohttp
import pytest

from greenroom_protocol.cid import make_cid
from greenroom_server.domain.policy import default_policy
from greenroom_server.domain.response_speed import measure
from greenroom_server.usecases.demo_people import FREELANCERS, history
from testkit.hub import HubProcess

NOW_MS = 1_800_000_000_000
CID = make_cid(NOW_MS, bytes(10))


def test_the_main_freelancer_has_one_answer_too_few() -> None:
    report = measure(history(FREELANCERS[0], NOW_MS), NOW_MS, default_policy())
    assert (report.n, report.n_clients, report.need, report.reason) == (4, 4, 5, "insufficient_data")


def test_the_others_show_newcomers_and_numbers() -> None:
    reports = [measure(history(who, NOW_MS), NOW_MS, default_policy()) for who in FREELANCERS[1:]]
    assert {report.reason for report in reports} == {None, "insufficient_data"}
    assert len({report.label for report in reports if report.label}) >= 3


@pytest.mark.parametrize("path", ["/", "/demo/demo.js", "/demo/views.css", "/demo/setup", "/demo/held"])
async def test_every_file_forbids_what_it_does_not_need(dev_hub: HubProcess, path: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(dev_hub.url + path) as response:
        assert response.status == 200
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/demo/token", {"user": "maya"}, 200),
        ("/demo/token", {"user": "somebody"}, 403),
        ("/demo/token", {"user": ["maya"]}, 400),
        ("/demo/token", [], 400),
        ("/demo/marketplace", {"type": "contract", "thread": "t1_none", "move": "start_contract", "cid": CID}, 409),
        ("/demo/marketplace", {"type": "contract", "thread": "t1_none", "move": "close_job", "cid": CID}, 400),
        ("/demo/marketplace", {"type": "pair", "thread": "t1_none", "flag": "conversion_paid"}, 409),
        ("/demo/marketplace", {"type": "job", "job": "of-nobody", "is_open": True}, 409),
        ("/demo/marketplace", {"type": "sale", "freelancer": "maya", "sale": "connects"}, 409),
        ("/demo/marketplace", {"type": "sale", "freelancer": "jonas", "sale": "fame"}, 400),
        ("/demo/marketplace", {"type": "held", "held": "m.none", "decision": "release"}, 409),
        ("/demo/marketplace", {"type": "held", "held": "m.none", "decision": "burn"}, 400),
        ("/demo/marketplace", {"type": "user", "user": "maya"}, 400),
    ],
)
async def test_only_demo_people_and_known_moves_are_served(
    dev_hub: HubProcess, path: str, body: object, status: int
) -> None:
    async with aiohttp.ClientSession() as session, session.post(dev_hub.url + path, json=body) as response:
        assert response.status == status


async def test_a_foreign_page_cannot_post_without_asking_first(dev_hub: HubProcess) -> None:
    simple = {"Content-Type": "text/plain", "Origin": "https://elsewhere.example"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{dev_hub.url}/demo/token", data='{"user": "maya"}', headers=simple) as response,
    ):
        assert response.status == 415
