"""Connects as their freelancer reads them, as commits are charged for them, and as the backend changes them."""

from collections.abc import Callable

from greenroom_protocol.connects import ConnectsEntry, ConnectsGet, ConnectsPage, ConnectsView
from greenroom_server.domain import connects as rules
from greenroom_server.domain.connects import EntryKind, Period
from greenroom_server.domain.connects_policy import ConnectsPolicy
from greenroom_server.store.append import Charge
from greenroom_server.store.people import People
from greenroom_server.store.purses import LedgerEntry, LedgerPage, Purses, Short
from greenroom_server.usecases.charges import cost
from greenroom_server.usecases.notices import Notices
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError


class Connects:
    """Reads and changes freelancers' Connects."""

    def __init__(
        self, purses: Purses, people: People, notices: Notices, policy: ConnectsPolicy, now_ms: Callable[[], int]
    ) -> None:
        self._purses = purses
        self._people = people
        self._notices = notices
        self._policy = policy
        self._now_ms = now_ms

    async def view(self, user: str) -> ConnectsView | None:
        """Show a freelancer's Connects without writing anything; None for somebody without a profile."""
        if not await self._people.has_profile(user):
            return None
        held = await self._purses.held(user)
        now_ms = self._now_ms()
        period = rules.period_of(now_ms, held.billing_day or self._policy.billing_day)
        purse = rules.refill(held.purse, period, self._policy.monthly_free, now_ms)
        return self._view(purse.balance, period)

    async def get(self, user: str, command: ConnectsGet) -> ConnectsPage:
        """Read one's own Connects and a page of the ledger."""
        before = None if command.cursor is None else _number(command.cursor)
        page, period = await self._page(user, before, command.limit)
        return ConnectsPage(
            id=command.id,
            connects=self._view(page.balance, period),
            entries=[entry_view(entry) for entry in page.entries],
            cursor=str(page.entries[-1].number) if len(page.entries) == command.limit else None,
        )

    async def acceptance(self, freelancer: str) -> Charge | None:
        """Make the charge of accepting an invitation; None when that costs nothing."""
        return await self.charge(freelancer, EntryKind.INVITATION, self._policy.invite_accept_cost)

    async def charge(self, freelancer: str, kind: EntryKind, amount: int) -> Charge | None:
        """Make the charge of a commit; None when it costs nothing, and then the store is not asked."""
        return cost(freelancer, kind, amount, await self._period(freelancer), self._policy) if amount else None

    async def enter(self, freelancer: str, key: str, kind: EntryKind, amount: int) -> tuple[LedgerEntry, bool]:
        """Make an entry of the backend's; gives it, and whether its key was there before.

        Args:
            freelancer: with a profile.
            key: the backend's own; the same one again changes nothing.
            kind: what it is called.
            amount: negative only for corrections.

        Raises:
            RefusedError: nothing was written.
        """
        if abs(amount) > self._policy.max_purchase:
            raise RefusedError(Refused("bad_request.field", detail=f"amount: at most {self._policy.max_purchase}"))
        period = await self._period(freelancer)
        entered = await self._purses.enter(
            freelancer, f"api {key}", kind.value, amount, period, self._policy.monthly_free
        )
        if entered is None:
            raise RefusedError(NOT_FOUND)
        if isinstance(entered, Short):
            if amount > 0:
                raise RefusedError(Refused("connects.limit"))
            data = {"need": -amount, "have": entered.have, "next_refill_at": period.next_refill_ms}
            raise RefusedError(Refused("connects.insufficient", data=data))
        if entered.is_repeat and (entered.entry.kind, entered.entry.amount) != (kind.value, amount):
            raise RefusedError(Refused("idempotency.conflict"))
        if entered.event is not None and entered.noticed is not None:
            self._notices.told(freelancer, entered.event, entered.noticed)
        return entered.entry, entered.is_repeat

    async def set_billing_day(self, freelancer: str, day: int) -> ConnectsView:
        """Keep the day on which a freelancer's periods begin; no month gets a second refill by it."""
        if not await self._people.has_profile(freelancer):
            raise RefusedError(NOT_FOUND)
        await self._purses.set_billing_day(freelancer, day)
        page, period = await self._page(freelancer, None, 1)
        return self._view(page.balance, period)

    async def _page(self, user: str, before: int | None, limit: int) -> tuple[LedgerPage, Period]:
        period = await self._period(user)
        page = await self._purses.page(user, period, self._policy.monthly_free, before, limit)
        if page is None:
            raise RefusedError(NOT_FOUND)
        return page, period

    async def _period(self, freelancer: str) -> Period:
        held = await self._purses.held(freelancer)
        return rules.period_of(self._now_ms(), held.billing_day or self._policy.billing_day)

    def _view(self, balance: int, period: Period) -> ConnectsView:
        return ConnectsView(
            balance=balance, period=period.id, next_refill_at=period.next_refill_ms,
            monthly_free=self._policy.monthly_free,
        )  # fmt: skip


def entry_view(entry: LedgerEntry) -> ConnectsEntry:
    """Show an entry as the wire does."""
    return ConnectsEntry(
        entry=entry.number, kind=entry.kind, amount=entry.amount, balance=entry.balance, at=entry.at,  # type: ignore[arg-type]  # the store gives these words
        thread=entry.thread,
    )  # fmt: skip


def _number(cursor: str) -> int:
    if not cursor.isdecimal() or len(cursor) > 15:
        raise RefusedError(Refused("bad_request.field", detail="cursor"))
    return int(cursor)
