"""Hubs with moderators, and what is done with what they hold."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from testkit.hub import HubProcess, Room, api
from testkit.policy import policy_env
from testkit.wire import Frame, Wire

ASK: Final = "What is your WhatsApp number?"
"""Bounces."""
ASK_AGAIN: Final = "Please tell me your WhatsApp number."
"""Is held after something bounced."""


def moderated(folder: Path, changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give the environment of a hub with moderators; `changes` of the policy as for `policy_env`."""
    folder.mkdir(parents=True, exist_ok=True)
    env = policy_env(folder, {"has_moderators": "true", **(changes or {})})
    return {**env, "GREENROOM_SEAL_KEY": "a master key of at least thirty-two bytes"}


async def held_one(wire: Wire, thread: str, text: str = ASK_AGAIN, **fields: Any) -> Frame:
    """Send what bounces, then what is held; gives the reply that says so."""
    assert (await wire.say(thread, ASK))["policy"]["action"] == "bounce"
    reply = await wire.say(thread, text, **fields)
    assert (reply["type"], reply["state"], reply["seq"], reply["n"]) == ("message.send", "held", 0, 0), reply
    return reply


async def queue(hub: HubProcess | Room, thread: str, **query: Any) -> list[dict[str, Any]]:
    """Read what of a thread waits, or was decided."""
    found: list[dict[str, Any]] = []
    cursor: Any = ""
    while cursor is not None:
        parameters = "&".join(f"{name}={value}" for name, value in {"cursor": cursor, **query}.items())
        page: Any = await api(_hub(hub), "GET", f"/api/v1/held?{parameters}")
        found += [item for item in page["items"] if item["thread"] == thread]
        cursor = page["cursor"]
    return found


async def decide(hub: HubProcess | Room, held: str, decision: str, note: str = "") -> dict[str, Any]:
    """Decide as a moderator; a refusal is a RuntimeError."""
    return await api(_hub(hub), "POST", f"/api/v1/held/{held}/decision", {"decision": decision, "note": note})


async def bodies(wire: Wire, thread: str) -> list[str]:
    """Read the messages of a thread as they stand."""
    history = await wire.ask({"type": "thread.history", "thread": thread, "limit": 300})
    return [event["body"] for event in history["events"] if event["type"] == "message.sent"]


def _hub(hub: HubProcess | Room) -> HubProcess:
    return hub.hub if isinstance(hub, Room) else hub
