"""Errors of the wire: who broke which promise.

* ProtocolError
  * RemoteProtocolError: the peer sent something that is not a valid frame.
  * LocalProtocolError: our own side tried something that the protocol does not allow.
"""


class ProtocolError(Exception):
    """Base of both."""


class RemoteProtocolError(ProtocolError):
    """The peer broke the wire.

    `command_id` is the id of the command if it could be read: then an error reply is due; otherwise the connection
    cannot go on. `code` is a key of `codes.ERRORS`. `detail` names the field; it never repeats the peer's values.
    """

    def __init__(self, code: str, *, command_id: int | None = None, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.command_id = command_id
        self.detail = detail


class LocalProtocolError(ProtocolError):
    """Our own side broke the wire: a bug, nothing was sent."""
