"""The Python client's verbs: every command of the protocol, every field of it, and the reply's own type."""

import inspect
import types
import typing
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import pytest

from greenroom_client.asking import Area
from greenroom_client.verbs import Verbs
from greenroom_protocol import limits
from greenroom_protocol.bases import Command, Reply
from greenroom_protocol.codec import client_codec, server_codec
from greenroom_protocol.commands import VERBS
from greenroom_protocol.offers import OfferTerms
from greenroom_protocol.personal import QuietHours
from greenroom_protocol.profiles import ShiftView
from greenroom_protocol.replies import AnyReply

CID = "01890a5d-ac96-774b-bcce-b302099a8057"
OF_THE_CLIENT = {
    "connect", "token.refresh", "inbox.changes", "delivered",  # the connection's own
    "message.send", "typing.set", "presence.set",  # `send` and `post`, `typing`, `set_state`
}  # fmt: skip
"""Commands that the client sends by itself or by a method that does more; tested against the hub."""
VALUES: dict[Any, Any] = {
    str: "something", int: 7, OfferTerms: OfferTerms(note="x"),
    QuietHours: QuietHours(from_="20:00", to="08:00", tz="UTC"), ShiftView: ShiftView(day=1, begin=2, until=3),
}  # fmt: skip
SPECIAL = {"cursor": "next", "cid": CID, "email": "a@example.com", "tags": ["logo"], "tag": "logo", "target": 3}
REPLY_OF = {reply.__struct_config__.tag: reply for reply in AnyReply.__args__}


class Recorder(Verbs):
    """Notes what is asked for, and answers with a bare reply of the command's type."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Command] = []

    async def request(self, command: Command) -> Reply:
        self.asked.append(command)
        kind = REPLY_OF[command.__struct_config__.tag]
        return typing.cast(Reply, kind(**dict.fromkeys(kind.__struct_fields__)))

    def new_cid(self) -> str:
        return CID


def verbs() -> Iterator[tuple[str, Callable[..., Awaitable[Any]]]]:
    """Give every method of the client and of its areas that asks for something, by its name."""
    client = Recorder()
    areas = [(name, area) for name, area in vars(client).items() if isinstance(area, Area)]
    for prefix, owner in [("", client), *((f"{name}.", area) for name, area in areas)]:
        for name, method in inspect.getmembers(owner, inspect.iscoroutinefunction):
            if not name.startswith("_") and (owner is not client or name not in ("request", "ask")):
                yield prefix + name, method


def value_for(name: str, hint: Any, default: object = None) -> Any:
    """Make an argument of a type, other than its default."""
    if name in SPECIAL:
        return SPECIAL[name]
    origin = get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return value_for(name, next(each for each in get_args(hint) if each is not type(None)), default)
    if origin is Literal:
        return next(each for each in get_args(hint) if each != default)
    if origin is typing.Annotated:
        return value_for(name, get_args(hint)[0], default)
    if hint is bool:
        return default is not True
    return VALUES[hint] if origin is None else [value_for(name, get_args(hint)[0])]


async def command_of(method: Callable[..., Awaitable[Any]], *, bare: bool) -> tuple[Command, Any]:
    hints = get_type_hints(method)
    arguments = {
        each.name: value_for(each.name, hints[each.name], each.default)
        for each in inspect.signature(method).parameters.values()
        if not bare or each.default is each.empty
    }
    owner = typing.cast(Any, method).__self__
    reply = await method(**arguments)
    client: Recorder = owner if isinstance(owner, Recorder) else owner._asker
    assert isinstance(reply, hints["return"])
    return client.asked[-1], reply


def default_of(field: msgspec.structs.FieldInfo) -> Any:
    """Give what a field is when it is left out; NODEFAULT when it may not be."""
    return field.default_factory() if callable(field.default_factory) else field.default


ALL = dict(verbs())


async def test_every_command_of_the_protocol_has_a_verb() -> None:
    tags = [(await command_of(method, bare=True))[0].__struct_config__.tag for method in ALL.values()]
    assert len(tags) == len(set(tags)), "one way in: two methods for one command"
    assert set(tags) == VERBS.keys() - OF_THE_CLIENT
    assert VERBS.keys() >= OF_THE_CLIENT


@pytest.mark.parametrize("name", ALL)
async def test_every_field_can_be_given_and_the_command_is_valid(name: str) -> None:
    command, reply = await command_of(ALL[name], bare=False)
    assert reply.__struct_config__.tag == command.__struct_config__.tag
    valid = msgspec.structs.replace(command, id=1)
    for each in msgspec.structs.fields(command):
        assert each.name == "id" or getattr(command, each.name) != default_of(each), f"{name} cannot set {each.name}"
    wire = client_codec(limits.SUBPROTOCOL_JSON).encode(valid)
    assert server_codec(limits.SUBPROTOCOL_JSON).decode(wire) == [valid]


@pytest.mark.parametrize("name", ALL)
async def test_what_is_left_out_takes_the_defaults_of_the_protocol(name: str) -> None:
    command, _ = await command_of(ALL[name], bare=True)
    required = {
        param.name for param in inspect.signature(ALL[name]).parameters.values() if param.default is param.empty
    }
    for each in msgspec.structs.fields(command):
        if each.name not in required and default_of(each) is not msgspec.NODEFAULT:
            assert getattr(command, each.name) == default_of(each), f"{name}: {each.name}"
