"""Who and what is on the demo page: clients with jobs, freelancers with a past, the first words of the community."""

from typing import Final, NamedTuple

from greenroom_protocol.fields import TopicKind
from greenroom_server.domain.obligation import Obligation, ObligationKind, ObligationOutcome

_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 86_400_000
_PAST_CLIENTS: Final = 4
"""Clients that the past obligations are spread over, so that a dozen of them counts."""


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
    badge_days: int = 0
    """How long the availability badge is paid for; it is switched on. 0: never bought."""
    away_days: int = 0
    """How long they are away; 0: they are here."""
    spent_connects: int = 0
    """How many Connects are gone already."""


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
        badge_days=30,
    ),
    DemoFreelancer(
        "elif", "Elif Kaya", "UX writer: forms, errors and empty pages that help",
        ("UX writing", "Research", "Accessibility"), 64.0, "EUR",
        (150, 95, 210, 48, 300, 130, 20, 185, 225, 60, 140, 165),
    ),
    DemoFreelancer(
        "kenji", "Kenji Mori", "Motion designer and illustrator",
        ("Motion design", "Illustration", "Prototyping"), 70.0, "USD", (540, None, 410, 1_020, 660, 380), away_days=6,
    ),
    DemoFreelancer(
        "lucia", "Lucía Herrera", "Backend engineer: payments, bookings, integrations",
        ("Python", "PostgreSQL", "API design"), 85.0, "EUR", (130, 95, 210, 48, 300, 160, 720),
    ),
    DemoFreelancer(
        "noor", "Noor Haddad", "Mobile engineer for iOS and Android",
        ("Swift", "Kotlin", "Prototyping"), 74.0, "EUR", (12, 51),
    ),
    DemoFreelancer(
        "priya", "Priya Raman", "Data engineer for small teams with large tables",
        ("Python", "Data pipelines", "Analytics"), 96.0, "USD", (35, 12, 180, 22, 58, 44, 15, 90),
    ),
    DemoFreelancer(
        "tomasz", "Tomasz Zieliński", "Quality engineer who automates the boring half",
        ("Testing", "Automation", "TypeScript"), 58.0, "EUR", (64, None, 33, 2_900, 4_400), spent_connects=59,
    ),
)  # fmt: skip
"""The first one is shown first. One answer of his makes his response speed appear."""


class DemoTopic(NamedTuple):
    """A topic of the community with its first answer."""

    by: str
    kind: TopicKind
    title: str
    tags: tuple[str, ...]
    body: str
    answer_by: str
    answer: str


TOPICS: Final = (
    DemoTopic(
        "noor", "question", "How much of a sketch belongs in a proposal?", ("proposals", "pricing"),
        "I like to attach a rough idea, but it easily becomes half a day of unpaid work. Where do you draw the line?",
        "amara",
        "One page: what I understood, the riskiest assumption, how I would test it. Never a screen. It fits in an "
        "hour and shows how I think.",
    ),
)  # fmt: skip

ANNOUNCEMENT: Final = (
    "Response speed is now on every profile",
    "Answers to invitations and first messages count, half of them within the time shown. Newcomers are shown as new, "
    "never as slow. Declining is an answer, too.",
)
"""Title and text."""


def history(who: DemoFreelancer, now_ms: int) -> list[Obligation]:
    """Give a freelancer's past obligations, the newest first: the last one two days ago, then one every seven days."""
    found = []
    for index, minutes in enumerate(who.answers_min):
        t0_ms = now_ms - (2 + 7 * index) * _DAY_MS
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
