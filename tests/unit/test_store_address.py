"""Addresses of stores: what is understood, what is refused, and that no password is shown."""

import pytest

from greenroom_server.store.connect import StoreAddress, is_replica, ordinary_client
from greenroom_server.store.errors import StoreRefused, Unavailable, from_error_reply


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://db.internal", StoreAddress(host="db.internal")),
        ("valkey://127.0.0.1:7000/2", StoreAddress(host="127.0.0.1", port=7000, db=2)),
        ("redis://:p%40ss@[::1]:7000", StoreAddress(host="::1", port=7000, password="p@ss")),
        ("redis://host?db=4", StoreAddress(host="host", db=4)),
        (
            "rediss://hub:secret@host:6380/0?ssl_ca_certs=/etc/ca.pem",
            StoreAddress(host="host", port=6380, user="hub", password="secret", is_tls=True, ca_file="/etc/ca.pem"),
        ),
        ("valkeys://host", StoreAddress(host="host", is_tls=True)),
        ("unix:///run/val%20key.sock?db=1", StoreAddress(path="/run/val key.sock", db=1)),
        ("unix://hub:secret@/run/s", StoreAddress(path="/run/s", user="hub", password="secret")),
    ],
)
def test_address_is_understood(url: str, expected: StoreAddress) -> None:
    assert StoreAddress.parse(url) == expected


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("http://host", "must begin with one of redis://"),
        ("host:6379", "must begin with one of"),
        ("redis://:s3cret@", "names no host"),
        ("redis://:s3cret@host:port", "port"),
        ("redis://:s3cret@host:0", "port"),
        ("redis://:s3cret@host:70000", "port"),
        ("redis://:s3cret@host/zero", "database"),
        ("redis://:s3cret@host/-1", "database"),
        ("redis://:s3c#ret@host", "%23"),
        ("redis://s3cret@host", "no password"),
        ("redis://host?protocol=3", "unknown option 'protocol'"),
        ("redis://host?ssl_ca_certs=x", "unknown option 'ssl_ca_certs'"),
        ("unix://run/valkey.sock", "unix:///run/valkey.sock"),
        ("unix://", "unix:///run/valkey.sock"),
    ],
)
def test_wrong_address_is_refused_without_quoting_its_password(url: str, complaint: str) -> None:
    with pytest.raises(ValueError) as refusal:
        StoreAddress.parse(url)
    assert complaint in str(refusal.value)
    assert "s3c" not in str(refusal.value)


def test_repr_and_label_hide_the_password() -> None:
    address = StoreAddress.parse("rediss://hub:s3cret@host:6380/1")
    assert repr(address) == "StoreAddress(host:6380, db=1, tls, password=***)"
    assert address.label == "host:6380"


def test_ordinary_client_never_sends_a_command_twice() -> None:
    for url in ("redis://host", "rediss://host", "unix:///run/s"):
        client = ordinary_client(StoreAddress.parse(url))
        retry = client.connection_pool.make_connection().retry
        assert retry.get_retries() == 0


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("LOADING Valkey is loading the dataset in memory", "store.loading"),
        ("MOVED 3999 127.0.0.1:6381", "store.moved"),
        ("READONLY You can't write against a read only replica.", "store.not_primary"),
        ("OOM command not allowed when used memory > 'maxmemory'.", "store.full"),
        ("NOREPLICAS Not enough good replicas to write.", "store.unwritable"),
    ],
)
def test_a_store_that_declines_to_execute_is_unavailable(line: str, code: str) -> None:
    error = from_error_reply(line)
    assert isinstance(error, Unavailable)
    assert error.code == code


def test_other_error_replies_are_refusals_with_code_and_text() -> None:
    error = from_error_reply("CONFLICT rev moved")
    assert isinstance(error, StoreRefused)
    assert (error.code, error.text) == ("CONFLICT", "rev moved")


def test_only_a_reply_that_says_so_is_taken_for_a_replica() -> None:
    assert is_replica([b"slave", b"127.0.0.1", 1, b"connect", -1])
    assert not is_replica([b"master", 0, []])
    assert not is_replica(from_error_reply("NOPERM no permission to run 'role'"))
