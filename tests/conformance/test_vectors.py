"""The golden vectors, run in Python: another language runs the same files.

Source: protocol/vectors/README.md.
"""

import json
from pathlib import Path
from typing import Any

import msgpack
import msgspec
import pytest

from greenroom_protocol import cid, codes, inbox, limits
from greenroom_protocol.bases import Command
from greenroom_protocol.codec import Codec, client_codec, server_codec
from greenroom_protocol.errors import RemoteProtocolError
from greenroom_protocol.replies import Row
from greenroom_protocol.session import Refusal, ServerSession

VECTORS = Path(__file__).parents[2] / "protocol" / "vectors"
SUBPROTOCOLS = {"json": limits.SUBPROTOCOL_JSON, "msgpack": limits.SUBPROTOCOL_MSGPACK}


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def by_name(cases: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(case, id=f"{case.get('codec', '')} {case['name']}".strip()) for case in cases]


def make_codec(name: str, sender: str) -> Codec[Any]:
    return (server_codec if sender == "client" else client_codec)(SUBPROTOCOLS[name])


# -- frames ---------------------------------------------------------------------------------------------------------


def test_both_codecs_and_independent_decoders_read_the_same_valid_frame() -> None:
    for case in load("valid.json"):
        text, packed = case["json"].encode(), bytes.fromhex(case["msgpack_hex"])
        assert json.loads(text) == case["frame"], case["name"]
        assert msgpack.unpackb(packed) == case["frame"], case["name"]
        from_json = make_codec("json", case["from"]).decode(text)
        from_msgpack = make_codec("msgpack", case["from"]).decode(packed)
        assert from_json == from_msgpack, case["name"]
        frames = case["frame"] if isinstance(case["frame"], list) else [case["frame"]]
        assert [msgspec.to_builtins(frame) for frame in from_json] == frames, case["name"]


def test_frames_of_an_independent_encoder_are_read_alike() -> None:
    for case in load("valid.json"):
        spaced = json.dumps(case["frame"], indent=1).encode()
        assert make_codec("json", case["from"]).decode(spaced) == make_codec("msgpack", case["from"]).decode(
            msgpack.packb(case["frame"])
        ), case["name"]


@pytest.mark.parametrize("case", by_name(load("hostile.json")))
def test_hostile_input_gets_the_documented_refusal(case: dict[str, Any]) -> None:
    data = bytes.fromhex(case["hex"])
    assert case.get("text", data.decode("latin-1")) == data.decode("latin-1")
    with pytest.raises(RemoteProtocolError) as refused:
        make_codec(case["codec"], "client").decode(data)
    error = refused.value
    assert (error.code, error.command_id, error.close_code) == (case["code"], case["id"], case["close"])


# -- sessions -------------------------------------------------------------------------------------------------------


class Player:
    """Plays a trace against the session machine, as protocol/vectors/README.md tells to."""

    def __init__(self, trace: dict[str, Any]) -> None:
        start = trace["start"]
        self.session = ServerSession(start["t_s"], first_beat_early_s=start["first_beat_early_s"])
        self.codec = server_codec(trace["subprotocol"])

    def play(self, step: dict[str, Any]) -> dict[str, Any]:
        """Give what a step produced, under the names that `expect` uses."""
        t_s = step["t_s"]
        got: dict[str, Any] = {"close": None}
        if step["from"] == "clock":
            got["beat"] = self.session.tick(t_s).value
        elif step["from"] == "server":
            self._act(step)
        else:
            self.session.heard(t_s)
            got["admitted"], got["errors"] = self._receive(self._bytes(step))
        return got | {"close": self.session.close_code or None, "state": self.session.state.value}

    def _act(self, step: dict[str, Any]) -> None:
        match step["action"]:
            case "close":
                self.session.close(step["code"])
            case "connected":
                self.session.connected(step["t_s"] + step["token_life_s"])
            case "refreshed":
                self.session.refreshed(step["t_s"] + step["token_life_s"])
            case other:
                raise ValueError(other)

    def _bytes(self, step: dict[str, Any]) -> bytes:
        if "hex" in step:
            return bytes.fromhex(step["hex"])
        if "text" in step:
            return str(step["text"]).encode()
        is_text = self.codec.is_text
        return json.dumps(step["frame"]).encode() if is_text else bytes(msgpack.packb(step["frame"]))

    def _receive(self, data: bytes) -> tuple[list[str], list[dict[str, Any]]]:
        try:
            commands = self.codec.decode(data)
        except RemoteProtocolError as error:
            return [], self._refused(error)
        admitted: list[str] = []
        for command in commands:
            refusal = self.session.admit(command)
            if refusal is not None:
                return admitted, self._answer(command, refusal)
            admitted.append(str(command.__struct_config__.tag))
        return admitted, []

    def _refused(self, error: RemoteProtocolError) -> list[dict[str, Any]]:
        close = error.close_code or self.session.bad_frame()
        if close is not None:
            self.session.close(close)
        if close == codes.INVALID_DATA:
            return []
        return [{"id": error.command_id or 0, "code": error.code}]

    def _answer(self, command: Command, refusal: Refusal) -> list[dict[str, Any]]:
        if refusal.close is not None:
            self.session.close(refusal.close)
        return [{"id": getattr(command, "id", 0), "code": refusal.code}]


TRACES = sorted(path.name for path in (VECTORS / "traces").glob("*.json"))


@pytest.mark.parametrize("name", TRACES)
def test_session_follows_the_trace(name: str) -> None:
    trace = load(f"traces/{name}")
    assert trace["name"] == name.removesuffix(".json")
    player = Player(trace)
    for step in trace["steps"]:
        got = player.play(step)
        assert {key: got[key] for key in step["expect"]} == step["expect"], step


def test_a_close_is_never_unannounced_in_a_trace() -> None:
    for name in TRACES:
        trace = load(f"traces/{name}")
        player = Player(trace)
        closed_by = [step["expect"].get("close") for step in trace["steps"] if player.play(step)["close"]]
        assert all(closed_by[:1]), name


# -- inbox and cid --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", by_name(load("inbox_merge.json")))
def test_rows_merge_to_the_same_inbox_in_any_order_and_number(case: dict[str, Any]) -> None:
    before, changes, expected = (msgspec.convert(case[key], list[Row]) for key in ("rows", "changes", "expect"))
    for order in (changes, changes[::-1], changes + changes, changes[::-1] + changes):
        rows = {row.thread: row for row in before}
        inbox.apply(rows, order)
        assert sorted(rows.values(), key=lambda row: row.thread) == expected
        assert {thread: inbox.unread(row) for thread, row in rows.items()} == case["unread"]


def test_cids_are_made_and_read_as_in_the_vectors() -> None:
    for case in load("cid.json")["made"]:
        assert cid.make_cid(case["now_ms"], bytes.fromhex(case["random_hex"])) == case["cid"]
        assert cid.cid_time_ms(case["cid"]) == case["now_ms"]


def test_what_is_not_a_cid_is_refused() -> None:
    for case in load("cid.json")["not_a_cid"]:
        assert cid.cid_time_ms(case["text"]) is None, case["why"]


def test_window_of_cids_is_the_documented_one() -> None:
    for case in load("cid.json")["window"]:
        made_ms = cid.cid_time_ms(case["cid"])
        assert made_ms is not None
        ahead_s = (made_ms - case["store_now_ms"]) / 1000
        assert (-limits.CID_PAST_S <= ahead_s <= limits.CID_FUTURE_S) == case["accepted"], case
