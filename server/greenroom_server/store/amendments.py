"""What became of a message: edits, redactions, its erasure, and the reactions to it, as lua/_targets.lua keeps them."""

from typing import NamedTuple

from greenroom_protocol.reactions import Reaction
from greenroom_server.store.records import unpack


class Tombstone(NamedTuple):
    """What is left of an erased message."""

    erased_seq: int
    """Seq of the erasure."""
    n: int = 0
    at: int = 0
    by: str = ""
    cid: str = ""


class Amended(NamedTuple):
    """What became of one message."""

    seqs: tuple[int, ...] = ()
    """Of its edits and redactions, in order; none once it is erased."""
    is_redacted: bool = False
    """A moderator masked it."""
    erased: Tombstone | None = None
    reactions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(emoji, users), the first ones first."""

    def shown_reactions(self) -> list[Reaction]:
        """Give the reactions as the wire shows them."""
        return [Reaction(emoji=emoji, users=list(users)) for emoji, users in self.reactions]


def read_amended(raw: bytes | None, reactions: bytes | None) -> Amended:
    """Read the two fields of a message."""
    given = tuple((emoji, tuple(users)) for emoji, users in unpack(reactions)) if reactions is not None else ()
    text = raw.decode() if raw is not None else ""
    if text.startswith("e"):
        seq, *place = text[1:].split(" ")
        if not place:
            return Amended(erased=Tombstone(int(seq)))
        n, at, by, cid = place
        return Amended(erased=Tombstone(int(seq), int(n), int(at), by, cid))
    seqs = text.split(",") if text else []
    return Amended(
        tuple(int(seq.removeprefix("r")) for seq in seqs), any(seq.startswith("r") for seq in seqs), None, given
    )
