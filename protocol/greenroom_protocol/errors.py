"""Errors of the wire: who broke which promise.

* ProtocolError
  * RemoteProtocolError: the peer sent something that is not a valid frame.
  * LocalProtocolError: our own side tried something that the protocol does not allow.
"""

from greenroom_protocol import codes


class ProtocolError(Exception):
    """Base of both."""


class RemoteProtocolError(ProtocolError):
    """The peer broke the wire.

    `command_id` is the id of the command if it could be read: then an error reply is due; otherwise the connection
    cannot go on. `code` is a key of `codes.ERRORS`. `detail` names the field; it never repeats the peer's values.

    Source: protocol/spec/connection.md, "Frames that are not valid".
    """

    def __init__(self, code: str, *, command_id: int | None = None, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.command_id = command_id
        self.detail = detail

    @property
    def close_code(self) -> int | None:
        """Say how the connection ends, or None when it goes on after the error reply.

        INVALID_DATA: the payload could not be decoded at all. PROTOCOL_ERROR: it could, but names no command that
        can be answered; an error frame with id 0 goes first.
        """
        if self.command_id is not None:
            return None
        undecodable = self.code in {"bad_request.json", "bad_request.msgpack"}
        return codes.INVALID_DATA if undecodable else codes.PROTOCOL_ERROR


class LocalProtocolError(ProtocolError):
    """Our own side broke the wire: a bug, nothing was sent."""
