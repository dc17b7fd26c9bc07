"""The tables of error and close codes."""

import json
import re
from pathlib import Path

import pytest

from greenroom_protocol import codes
from greenroom_protocol.codes import CLOSES, ERRORS, Retry

LOCALES = Path(__file__).parents[2] / "protocol" / "locales"
CODE = re.compile(r"[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)?")


@pytest.mark.parametrize("code", ERRORS)
def test_codes_are_dotted_lower_case(code: str) -> None:
    assert CODE.fullmatch(code)


@pytest.mark.parametrize("code", ERRORS)
def test_sentences_are_for_people(code: str) -> None:
    message = ERRORS[code].message
    assert message[0].isupper()
    assert message.endswith(".")
    assert len(message) <= 100


def test_a_rate_always_passes() -> None:
    assert {row.retry for code, row in ERRORS.items() if code.startswith("rate.")} == {Retry.LATER}


@pytest.mark.parametrize("family", ["bad_request", "perm", "not_found", "wrong_state", "idempotency", "thread", "peer"])
def test_what_is_wrong_in_itself_is_never_retried(family: str) -> None:
    assert {row.retry for code, row in ERRORS.items() if code.split(".")[0] == family} == {Retry.NEVER}


def test_only_authentication_asks_for_another_token() -> None:
    assert {code.split(".")[0] for code, row in ERRORS.items() if row.retry is Retry.AFTER_REFRESH} == {"auth"}


def test_a_verdict_on_a_text_is_not_retried_unless_the_filter_failed() -> None:
    retried = {code for code, row in ERRORS.items() if code.startswith("policy.") and row.retry is not Retry.NEVER}
    assert retried == {"policy.filter_failed"}


def test_unknown_whether_saved_is_retried_with_the_same_cid() -> None:
    assert ERRORS["uncertain"].retry is Retry.LATER
    assert "same cid" in ERRORS["uncertain"].message


def test_english_sentences_are_those_of_the_table() -> None:
    sentences = json.loads((LOCALES / "en.json").read_text(encoding="utf-8"))
    assert {code: sentences.get(code) for code in ERRORS} == {code: row.message for code, row in ERRORS.items()}


@pytest.mark.parametrize("code", [code for code in CLOSES if code >= 4000])
def test_close_codes_say_in_their_number_whether_to_reconnect(code: int) -> None:
    assert CLOSES[code].reconnect == (code < 4500)
    assert codes.may_reconnect(code) == (code < 4500)


@pytest.mark.parametrize("code", [1000, 1002, 1003, 1007, 1009])
def test_final_closes_of_websocket_do_not_reconnect(code: int) -> None:
    assert not codes.may_reconnect(code)


@pytest.mark.parametrize("code", [1001, 1005, 1006, 1011, 1012, 1015, 3000, 4003, 4499])
def test_unknown_closes_reconnect(code: int) -> None:
    assert codes.may_reconnect(code)


@pytest.mark.parametrize("code", [4506, 4999])
def test_unknown_closes_of_the_final_range_do_not_reconnect(code: int) -> None:
    assert not codes.may_reconnect(code)


def test_close_names_are_distinct() -> None:
    assert len({row.name for row in CLOSES.values()}) == len(CLOSES)
