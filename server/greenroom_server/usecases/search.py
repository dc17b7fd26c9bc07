"""What the directory needs of a search: the store's own index, or an engine behind the same names."""

from collections.abc import Sequence
from typing import Protocol

from greenroom_server.store.directory import Found
from greenroom_server.store.people import Profile


class Search(Protocol):
    """Finds profiles. `store.directory.DirectoryIndex` is the one that comes along."""

    async def index(self, profile: Profile) -> None:
        """Take note of a profile that was saved, or whose badge was switched; may be repeated."""

    async def missing(self) -> list[str]:
        """List the freelancers whose profile is not indexed yet."""

    async def find(
        self, *, text: str, skills: Sequence[str], is_available: bool, cursor: str | None, limit: int
    ) -> Found:
        """Find profiles that have every word and skill, in a stable order.

        Args:
            text: words; each must begin a word of the name, the headline or the skills. Empty: everybody.
            skills: each must be one of the profile's, whole, without regard to case.
            is_available: only those whose badge is on.
            cursor: of the page before; None starts.
            limit: most profiles in the page, 1 to 50.
        """
