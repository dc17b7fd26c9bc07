"""Signatures, answers and pauses of webhooks; what their bodies tell, and what they never do."""

import base64
import hashlib
import hmac
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from greenroom_protocol.events import AnyEvent, InvitationDeclined, InvitationSent, MessageSent
from greenroom_server.config.reading import ConfigError
from greenroom_server.config.settings import Settings
from greenroom_server.domain.head import Head
from greenroom_server.domain.policy import default_policy
from greenroom_server.domain.relationship import Relationship
from greenroom_server.domain.thread_state import ThreadState
from greenroom_server.domain.webhook import Answer, meaning, pause_s, read_secret, sign
from greenroom_server.usecases.follow_changes import Change, Note
from greenroom_server.usecases.webhook_bodies import SAFE_STRINGS, letter_of, letters_of

PAGE = Path(__file__).parents[2] / "server/docs/webhooks.md"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"b" * 32).decode()
POLICY = default_policy().webhooks
ENV = {"GREENROOM_TOKEN_SECRET": "t" * 32, "GREENROOM_API_KEYS": "k" * 32}


def test_signature_is_that_of_the_published_example() -> None:
    """The example of the Standard Webhooks specification."""
    found = sign([read_secret(SECRET)], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_is_replaced_both_sign() -> None:
    both = sign([read_secret(SECRET), read_secret(OTHER)], "evt_1", 1, b"{}")
    assert both.split(" ") == [sign([read_secret(each)], "evt_1", 1, b"{}") for each in (SECRET, OTHER)]


@pytest.mark.parametrize(
    "text", ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_***", "whsec_c2hvcnQ=", "whsec_" + "A" * 88]
)
def test_other_secrets_are_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="secret") as refused:
        read_secret(text)
    assert text.removeprefix("whsec_") not in str(refused.value)


@pytest.mark.parametrize(
    ("statuses", "answer"),
    [
        ((200, 202, 204, 299), Answer.TAKEN),
        ((0, 302, 307, 408, 425, 429, 500, 503), Answer.NOT_NOW),
        ((400, 401, 404, 410, 422), Answer.REFUSED),
    ],
)
def test_what_an_answer_means(statuses: tuple[int, ...], answer: Answer) -> None:
    assert {meaning(status) for status in statuses} == {answer}


def test_pauses_double_up_to_their_limit_with_full_jitter() -> None:
    assert [pause_s(POLICY, failures, 0.0) for failures in (1, 5, 99)] == [1.0, 1.0, 1.0]
    assert [pause_s(POLICY, failures, 1.0) for failures in (1, 2, 3, 8, 9, 99)] == [2.0, 4.0, 8.0, 256.0, 300.0, 300.0]


# --- bodies

HEAD = Head(
    thread="t17_ab", rev="3", state=ThreadState.INVITED, why=None, client="maya", freelancer="jonas", job="logo",
    title="A private title", gate_opened_at=0, expires_at=0, participants={}, relationship=Relationship(), bounces={},
)  # fmt: skip


def change(*events: AnyEvent, kinds: tuple[str, ...] = ()) -> Change:
    return Change(17, "1790000000000-0", "t17_ab", kinds, list(events), HEAD)


def bodies(told: Change) -> list[dict[str, Any]]:
    return [msgspec.json.decode(letter.body) for letter in letters_of(told)]


def test_an_opening_is_told_before_what_it_opened_with() -> None:
    sent = InvitationSent(
        seq=1, at=1790000000001, by="maya", job="logo", title="A private title", body="Shall we?", expires_at=5,
        state="invited",
    )  # fmt: skip
    assert bodies(change(sent, kinds=("thread.opened", "invitation.sent"))) == [
        {
            "id": "evt_17_1790000000000-0_open", "type": "thread.opened", "at": 1790000000000, "thread": "t17_ab",
            "seq": 1, "state": "invited", "client": "maya", "freelancer": "jonas", "job": "logo",
        },
        {
            "id": "evt_17_1790000000000-0_1", "type": "invitation.sent", "at": 1790000000001, "thread": "t17_ab",
            "seq": 1, "state": "invited", "client": "maya", "freelancer": "jonas", "job": "logo", "by": "maya",
            "data": {"job": "logo", "expires_at": 5, "submitted_at": 0},
        },
    ]  # fmt: skip


def test_messages_are_nobody_elses_business() -> None:
    assert bodies(change(MessageSent(seq=1, by="maya", body="Hello."))) == []


def test_reasons_are_told_and_notes_are_not() -> None:
    declined = InvitationDeclined(seq=2, by="jonas", reason="too_busy", note="My mother is ill.", state="closed")
    [told] = bodies(change(declined))
    assert (told["data"], told["state"]) == ({"reason": "too_busy"}, "closed")


def _filled(kind: Any, word: str) -> Any:
    """Make an event in which every string of free form holds a word."""
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if not field.required and field.name in {"seq", "at", "n", "cid", "state", "by"}:
            continue
        for value in (word, 7, True, [], {}, "USD", "1.5"):
            try:
                values[field.name] = msgspec.convert(value, field.type)
                break
            except msgspec.ValidationError:
                continue
        else:
            info = msgspec.inspect.type_info(field.type)
            values[field.name] = info.values[0] if isinstance(info, msgspec.inspect.LiteralType) else None
    return kind(**values)


@pytest.mark.parametrize("kind", AnyEvent.__args__, ids=lambda kind: kind.__struct_config__.tag)
def test_no_event_tells_a_text_that_was_not_looked_at(kind: Any) -> None:
    tag = kind.__struct_config__.tag
    event = _filled(kind, "secret words")
    for letter in letters_of(change(event)):
        data = msgspec.json.decode(letter.body).get("data", {})
        leaked = {name for name, value in data.items() if "secret words" in str(value)}
        assert {(tag, name) for name in leaked} <= SAFE_STRINGS


def test_fields_named_as_safe_exist_and_none_of_them_is_for_texts() -> None:
    fields = {(str(k.__struct_config__.tag), f.name) for k in AnyEvent.__args__ for f in msgspec.structs.fields(k)}
    assert {pair for pair in SAFE_STRINGS if pair[0] != "offer_terms"} <= fields
    assert not {name for _, name in SAFE_STRINGS} & {"body", "note", "title", "email", "purpose", "headline", "text"}


def test_a_note_is_told_with_its_fields() -> None:
    letter = letter_of(Note(3, "1790000000000-2", "availability.changed", "jonas", {"state": "away"}))
    assert msgspec.json.decode(letter.body) == {
        "id": "evt_3_1790000000000-2", "type": "availability.changed", "at": 1790000000000, "subject": "jonas",
        "data": {"state": "away"},
    }  # fmt: skip


# --- configuration


def settings(**env: str) -> Settings:
    return Settings.from_env({**ENV, **{f"GREENROOM_WEBHOOK_{name}": value for name, value in env.items()}})


def test_addresses_and_secrets_are_read_and_never_shown() -> None:
    found = settings(URLS="https://shop.example/hooks?key=hidden,http://127.0.0.1:9/x", SECRETS=f"{SECRET}, {OTHER}")
    assert found.webhooks.secrets == (read_secret(SECRET), read_secret(OTHER))
    shown = found.shown()
    assert shown["GREENROOM_WEBHOOK_URLS"] == "https://shop.example/***,http://127.0.0.1:9/***"
    for text in (str(shown), repr(found)):
        assert "hidden" not in text
        assert SECRET not in text


@pytest.mark.parametrize(
    "env",
    [
        {"URLS": "http://shop.example/hooks?key=hidden", "SECRETS": SECRET},
        {"URLS": "ftp://shop.example/hidden", "SECRETS": SECRET},
        {"URLS": "https://u:hidden@shop.example/", "SECRETS": SECRET},
        {"URLS": "https://shop.example/hidden"},
        {"URLS": "https://shop.example/", "SECRETS": "hidden"},
        {"URLS": "https://shop.example/", "SECRETS": f"{SECRET},{SECRET}"},
        {"URLS": ",".join(f"https://shop{i}.example/" for i in range(5)), "SECRETS": SECRET},
        {"TIMEOUT_S": "0"},
    ],
)
def test_what_cannot_be_used_is_refused_without_secrets(env: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as refused:
        settings(**env)
    assert len(refused.value.problems) == 1
    assert "hidden" not in str(refused.value)


def test_plain_http_to_another_machine_needs_the_switch() -> None:
    found = settings(URLS="http://backend.internal/hooks", SECRETS=SECRET, ALLOW_HTTP="yes")
    assert found.webhooks.urls == ("http://backend.internal/hooks",)


# --- the page


def test_the_code_of_the_page_verifies_what_is_sent() -> None:
    """The Python of the page, executed as it stands."""
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, "webhooks.md", "exec"), names)
    verify = names["verify"]
    body, now_s = b'{"id": "evt_1"}', 1_790_000_000
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(now_s),
        "webhook-signature": sign([read_secret(SECRET), read_secret(OTHER)], "evt_1", now_s, body),
    }
    assert verify(OTHER, headers, body, now_s + 60) == {"id": "evt_1"}
    digest = hmac.new(read_secret(OTHER), b"evt_1.1790000000." + body, hashlib.sha256).digest()
    single = {**headers, "webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}
    assert verify(OTHER, single, body, now_s) == {"id": "evt_1"}
    for wrong in (
        (SECRET, single, body, now_s),
        (OTHER, headers, body + b" ", now_s),
        (OTHER, headers, body, now_s + 301),
        (OTHER, headers, body, now_s - 301),
        (OTHER, {**headers, "webhook-id": "evt_2"}, body, now_s),
        (OTHER, {**headers, "webhook-signature": "v2,x"}, body, now_s),
    ):
        with pytest.raises(ValueError, match="webhook"):
            verify(*wrong)
