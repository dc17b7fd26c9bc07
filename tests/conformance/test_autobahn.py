"""The core groups of the Autobahn suite, driven by kosoku against the echo server."""

import re
from pathlib import Path

from kosoku import FailureError, run_fuzzingclient

from testkit.echo_server import running_echo_server

_GROUPS = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"]
_CASE_COUNT = 247
_DOCUMENT = Path(__file__).parents[2] / "server" / "docs" / "conformance.md"


def _explained() -> dict[str, str]:
    """Case -> verdict, from the table of the document."""
    rows = re.findall(r"^\| ([\d.]+) \| ([A-Z-]+) \|", _DOCUMENT.read_text(), re.MULTILINE)
    return dict(rows)


async def test_every_autobahn_case_passes_or_is_explained() -> None:
    with running_echo_server() as port:
        try:
            results = await run_fuzzingclient(f"ws://127.0.0.1:{port}/ws", _GROUPS, concurrency=8)
        except FailureError as failure:
            raise AssertionError([(case.case_id, case.result) for case in failure.results]) from failure
    assert len(results) == _CASE_COUNT
    assert {case.case_id for case in results if case.behavior_close.value not in ("OK", "INFORMATIONAL")} == set()
    not_ok = {case.case_id: case.behavior.value for case in results if case.behavior.value != "OK"}
    assert not_ok == _explained()
