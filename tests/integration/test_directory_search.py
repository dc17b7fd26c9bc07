"""Search in a directory of 3,000 profiles: what is found, in which order, and how much of the store it takes."""

import itertools
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from greenroom_server.domain.ids import PARTITION_COUNT, user_partition
from greenroom_server.domain.search_terms import matches, profile_terms, query_terms
from greenroom_server.store import keys
from testkit.hub import HubProcess, Room, put
from testkit.valkey import RealValkey, eventually, real_valkey
from testkit.wire import Wire

COUNT = 3_000
FIRST = ["Ana", "Bea", "Carl", "Dora", "Émile", "Fritz", "Gül", "Hanna", "Iván", "Jonas"]
LAST = ["Weber", "Nwosu", "Herrera", "Mori", "Raman", "Zieliński", "Brandt", "Lindqvist"]
CRAFT = ["Designer", "Engineer", "Developer", "Writer", "Translator", "Analyst"]
SKILLS = ["Design systems", "TypeScript", "Python", "C++", "Motion design", "Research", "Accessibility"]


class Known(NamedTuple):
    """A profile as it was saved."""

    freelancer: str
    name: str
    headline: str
    skills: tuple[str, ...]


def make_profiles() -> list[Known]:
    rng = random.Random(7)
    made = []
    for number in range(COUNT):
        name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
        headline = f"{rng.choice(CRAFT)} of calm interfaces" + (" and rareness" if number % 500 == 0 else "")
        made.append(Known(f"f{number:04d}", name, headline, tuple(rng.sample(SKILLS, 2))))
    return made


PROFILES = make_profiles()


class Shop(NamedTuple):
    """A hub on a store that held the profiles before the hub had an index."""

    hub: HubProcess
    store: RealValkey

    def calls(self) -> dict[str, int]:
        """Count the store's commands so far, those inside functions included."""
        with self.store.client() as client:
            stats: dict[str, Any] = client.info("commandstats")
        return {name.removeprefix("cmdstat_"): row["calls"] for name, row in stats.items()}

    def indexed(self) -> int:
        """Count the profiles that the index knows."""
        with self.store.client() as client:
            return sum(int(client.scard(keys.indexed(p))) for p in range(PARTITION_COUNT))  # type: ignore[arg-type]

    def entries(self, freelancer: str) -> set[bytes]:
        """Give what the index holds of a freelancer, in all buckets."""
        with self.store.client() as client:
            buckets = list(client.scan_iter("*:terms:*", count=1000))
            members = itertools.chain.from_iterable(client.zrange(name, 0, -1) for name in buckets)
            return {m for m in members if isinstance(m, bytes) and m.endswith(f"\x1f{freelancer}".encode())}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with real_valkey(tmp_path_factory.mktemp("v")) as store:
        with store.client() as client, client.pipeline(transaction=False) as pipe:
            for known in PROFILES:
                partition = user_partition(known.freelancer)
                fields = {"name": known.name, "headline": known.headline, "skills": "\n".join(known.skills)}
                fields |= {"hourly_rate": "", "currency": ""}
                pipe.hset(keys.profile(partition, known.freelancer), mapping=fields)
                pipe.sadd(keys.directory(partition), known.freelancer)
            pipe.execute()
        env = {"GREENROOM_VALKEY_URL": f"unix://{store.socket}"}
        with HubProcess(tmp_path_factory.mktemp("hub"), env=env) as hub:
            yield Shop(hub, store)


@pytest.fixture
async def maya(shop: Shop) -> Any:
    await eventually(lambda: shop.indexed() >= COUNT, within_s=60)
    async with Wire(shop.hub, "maya") as wire:
        yield wire


def expected(text: str, *skills: str) -> list[str]:
    """Look at every profile, as the index must not."""
    terms = query_terms(text, skills, is_available=False)
    own = {p.freelancer: profile_terms(p.name, p.headline, p.skills, is_on=False) for p in PROFILES}
    return sorted(name for name, has in own.items() if all(matches(term, has) for term in terms))


async def search(wire: Wire, text: str = "", *skills: str, **fields: Any) -> dict[str, Any]:
    reply = await wire.ask({"type": "directory.search", "text": text, "skills": list(skills), **fields})
    assert reply["type"] == "directory.search", reply
    return reply


async def every_page(wire: Wire, text: str, *skills: str, limit: int = 50) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page = await search(wire, text, *skills, limit=limit, cursor=cursor)
        assert len(page["profiles"]) <= limit
        found += [profile["freelancer"] for profile in page["profiles"]]
        cursor = page["cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize(
    ("text", "skills"),
    [
        ("rareness", []),
        ("jon web", []),
        ("EMILE zielinski", []),
        ("de", ["c++", "design SYSTEMS"]),
        ("hanna mori engineer calm interfaces", ["Python"]),
        ("nobody is called so", []),
    ],
)
async def test_pages_give_every_match_once_in_the_order_of_ids(maya: Wire, text: str, skills: list[str]) -> None:
    """The profiles were saved before there was an index: it was built when the hub started."""
    wanted = expected(text, *skills)
    assert await every_page(maya, text, *skills, limit=50) == wanted
    assert await every_page(maya, text, *skills, limit=7) == wanted


async def test_an_empty_query_pages_through_everybody(maya: Wire) -> None:
    page = await search(maya, limit=50, cursor="f1499")
    assert [profile["freelancer"] for profile in page["profiles"]] == [f"f{n:04d}" for n in range(1500, 1550)]
    assert page["cursor"] == "f1549"
    last = await search(maya, limit=50, cursor="f2949")
    assert (len(last["profiles"]), last["cursor"]) == (50, None)


@pytest.mark.parametrize(
    ("text", "skills", "texts", "profiles"),
    [
        ("rareness", [], 1, 6),
        ("designer", [], 1, 21),
        ("", [], 1, 21),
        ("weber", ["C++"], 2, 63),
        ("de", [], 3, 21),
    ],
)
async def test_a_query_costs_a_call_for_each_term_and_the_profiles_it_shows(
    shop: Shop, maya: Wire, text: str, skills: list[str], texts: int, profiles: int
) -> None:
    before = shop.calls()
    page = await search(maya, text, *skills)
    after = shop.calls()
    spent = {name: after.get(name, 0) - before.get(name, 0) for name in ("zrangebylex", "hgetall", "smembers")}
    assert page["profiles"]
    assert spent["smembers"] == 0, "nothing lists the directory"
    assert spent["zrangebylex"] <= 2 * texts + 1
    assert spent["hgetall"] <= profiles


async def test_a_profile_is_found_by_what_it_says_now_and_leaves_nothing_behind(shop: Shop, maya: Wire) -> None:
    one = Room(shop.hub).id("one")
    path = f"/api/v1/freelancers/{one}"
    await put(shop.hub, path, {"name": "Uniquely", "headline": "Glassblower", "skills": ["Oven"]})
    assert [p["freelancer"] for p in (await search(maya, "glassb", "oven"))["profiles"]] == [one]
    await put(shop.hub, path, {"name": "Uniquely", "headline": "Potter", "skills": ["Wheel"]})
    assert (await search(maya, "glassb"))["profiles"] == []
    assert (await search(maya, "", "oven"))["profiles"] == []
    assert [p["freelancer"] for p in (await search(maya, "uni potter", "WHEEL"))["profiles"]] == [one]
    assert shop.entries(one) == {f"{text}\x1f{one}".encode() for text in ("", "uniquely", "wheel", "potter")}


async def test_entries_that_no_longer_hold_are_repaired_when_they_are_met(shop: Shop, maya: Wire) -> None:
    with shop.store.client() as client:
        client.zadd(keys.bucket("wza"), {"zaffre\x1ff0001": 0, "zaffre\x1fgone": 0})
    assert (await search(maya, "zaf"))["profiles"] == []
    with shop.store.client() as client:
        assert client.zcard(keys.bucket("wza")) == 0
    assert [p["freelancer"] for p in (await search(maya, cursor="f0000", limit=1))["profiles"]] == ["f0001"]


async def test_only_badges_that_are_on_and_paid_pass_the_filter(shop: Shop, maya: Wire) -> None:
    with shop.store.client() as client:
        for name, badge in (("f0007", "9999999999999 1"), ("f0008", "1 1"), ("f0009", "9999999999999 0")):
            client.hset(keys.profile(user_partition(name), name), "badge", badge)
            client.zadd(keys.bucket("available"), {f"\x1f{name}": 0})
    page = await search(maya, available=True)
    assert [(p["freelancer"], p["available"]) for p in page["profiles"]] == [("f0007", True)]
    both = await search(maya, cursor="f0006", limit=2)
    assert [p["available"] for p in both["profiles"]] == [True, False]
