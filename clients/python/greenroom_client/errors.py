"""What the client raises.

* GreenroomError: the server refused a command; what the world looks like is said by its `code`
  * ClosedError: the client is closed; nothing more will be sent
* UnauthorizedError: raised by the application's token callback
"""

from greenroom_protocol.bases import PolicyView
from greenroom_protocol.replies import Error


class GreenroomError(Exception):
    """A command was refused. Nothing was done unless the code is `uncertain`."""

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        retry: str = "never",
        retry_after_ms: int | None = None,
        hint: str | None = None,
        policy: PolicyView | None = None,
        data: dict[str, int] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        """Key of the protocol's code table, or `client.*`."""
        self.message = message
        """English sentence for the person."""
        self.retry = retry
        """`never`, `later` (with the same cid), `after_resume` or `after_refresh`."""
        self.retry_after_ms = retry_after_ms
        self.hint = hint
        self.policy = policy
        """What a filter found in the text, when it was the filter that refused."""
        self.data = data or {}
        """Numbers that belong to the code, such as `need` and `have` of `connects.insufficient`."""

    @property
    def is_bounce(self) -> bool:
        """Whether the contact filter gave the text back: for its author to change, never to be sent again as it is."""
        return self.policy is not None and self.policy.action == "bounce"

    @classmethod
    def from_reply(cls, error: Error) -> "GreenroomError":
        """Make the exception for an error reply."""
        return cls(
            error.code,
            error.message,
            retry=error.retry,
            retry_after_ms=error.retry_after_ms,
            hint=error.hint,
            policy=error.policy,
            data=error.data,
        )


class ClosedError(GreenroomError):
    """The client is closed: by the application, or for good by the server (`close_code`)."""

    def __init__(self, reason: str, close_code: int | None = None) -> None:
        super().__init__("client.closed", reason)
        self.reason = reason
        self.close_code = close_code


class UnauthorizedError(Exception):
    """Raise it from the token callback when the person is no longer signed in: the client closes for good."""
