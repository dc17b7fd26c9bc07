"""Demonstration data of the development mode: a small marketplace with people, jobs and a past.

The main freelancer has one answer too few for a published response speed, so the first one given on the demo page makes
the number appear.
"""

import asyncio
from typing import Final, NamedTuple

from greenroom_server.domain.obligation import Obligation, ObligationKind, ObligationOutcome
from greenroom_server.store.people import People, Profile
from greenroom_server.usecases.marketplace import Marketplace

_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 86_400_000
_PAST_CLIENTS: Final = 3
"""Clients that the past obligations are spread over: as many as a published number needs."""


class DemoJob(NamedTuple):
    """A job of a demo client."""

    job: str
    title: str


class DemoClient(NamedTuple):
    """A client one can be on the demo page."""

    user: str
    name: str
    about: str
    jobs: tuple[DemoJob, ...]


class DemoFreelancer(NamedTuple):
    """A freelancer one can be on the demo page."""

    user: str
    name: str
    headline: str
    skills: tuple[str, ...]
    hourly_rate: float
    currency: str
    answers_min: tuple[int | None, ...]
    """Past obligations, the newest first: minutes until the answer, None for one that was never answered."""


CLIENTS: Final = (
    DemoClient(
        "maya", "Maya Lindqvist", "Founder, Fernlight Studio",
        (
            DemoJob("clinic-design-system", "Design system for a clinic app"),
            DemoJob("studio-booking", "Booking flow for a ceramics studio"),
        ),
    ),
    DemoClient(
        "oliver", "Oliver Brandt", "Head of product, Radweg Data",
        (DemoJob("bicycle-counts", "Pipeline for bicycle counts of twelve cities"),),
    ),
)  # fmt: skip
"""The first one is shown first."""

FREELANCERS: Final = (
    DemoFreelancer(
        "jonas", "Jonas Weber", "Frontend engineer for calm, accessible interfaces",
        ("TypeScript", "Accessibility", "Web components"), 78.0, "EUR", (18, 42, 95, 190),
    ),
    DemoFreelancer(
        "amara", "Amara Nwosu", "Product designer, from first sketch to design system",
        ("Product design", "Design systems", "Research"), 92.0, "EUR", (6, 25, 31, 14, 52, 75, 9, 40, 120),
    ),
    DemoFreelancer(
        "lucia", "Lucía Herrera", "Backend engineer: payments, bookings, integrations",
        ("Python", "PostgreSQL", "API design"), 85.0, "EUR", (130, 95, 210, 48, 300, 160, 720),
    ),
    DemoFreelancer(
        "kenji", "Kenji Mori", "Motion designer and illustrator",
        ("Motion design", "Illustration", "Prototyping"), 70.0, "USD", (540, None, 410, 1_020, 660, 380),
    ),
    DemoFreelancer(
        "priya", "Priya Raman", "Data engineer for small teams with large tables",
        ("Python", "Data pipelines", "Analytics"), 96.0, "USD", (35, 12, 180, 22, 58, 44, 15, 90),
    ),
    DemoFreelancer(
        "tomasz", "Tomasz Zieliński", "Quality engineer who automates the boring half",
        ("Testing", "Automation", "TypeScript"), 58.0, "EUR", (64, 33),
    ),
)  # fmt: skip
"""The first one is shown first."""


async def seed(marketplace: Marketplace, people: People, now_ms: int) -> None:
    """Write the demo people with their past; run again, it writes the same people with a past that ends today."""
    await asyncio.gather(*(_seed_client(marketplace, client) for client in CLIENTS))
    await asyncio.gather(*(_seed_freelancer(marketplace, people, who, now_ms) for who in FREELANCERS))


async def _seed_client(marketplace: Marketplace, client: DemoClient) -> None:
    await marketplace.save_user(client.user, client.name, is_suspended=False, revoked_before=None)
    for each in client.jobs:
        await marketplace.save_job(each.job, client.user, each.title, is_open=True)


async def _seed_freelancer(marketplace: Marketplace, people: People, who: DemoFreelancer, now_ms: int) -> None:
    await marketplace.save_profile(Profile(who.user, who.name, who.headline, who.skills, who.hourly_rate, who.currency))
    await asyncio.gather(*(people.save_obligation(who.user, past) for past in history(who, now_ms)))


def history(who: DemoFreelancer, now_ms: int) -> list[Obligation]:
    """Give a freelancer's past obligations, the newest first: the last one two days ago, then one every nine days."""
    found = []
    for index, minutes in enumerate(who.answers_min):
        t0_ms = now_ms - (2 + 9 * index) * _DAY_MS
        is_invitation = index % 2 == 0
        answered = ObligationOutcome.ACCEPTED if is_invitation else ObligationOutcome.ANSWERED
        found.append(
            Obligation(
                id=f"demo.{who.user}.{index}",
                kind=ObligationKind.INVITATION if is_invitation else ObligationKind.FIRST,
                thread="",
                client=f"past-client-{index % _PAST_CLIENTS}",
                t0_ms=t0_ms,
                t1_ms=None if minutes is None else t0_ms + minutes * _MINUTE_MS,
                outcome=ObligationOutcome.OPEN if minutes is None else answered,
            )
        )
    return found
