"""Exports a conversation as JSON or as one HTML page, as the person who asks sees it now.

Edits and erasures are applied, what the contact filter hid stays hidden, and all text is escaped: a transcript is a
document, never a program. Shared e-mail addresses are left out.

    GREENROOM_TOKEN=... python export_transcript.py ws://127.0.0.1:8080/ws t12_k3v9q2 transcript.html
"""

import asyncio
import html
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from greenroom_client import Client, Item, Items

STYLE = "body{font:1rem/1.5 system-ui;max-width:45rem;margin:2rem auto}article{margin:1rem 0}p{white-space:pre-wrap}"


class Line(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One item of a transcript."""

    seq: int
    at: int
    """UTC milliseconds."""
    kind: str
    by: str = ""
    """User id; empty for the marketplace."""
    text: str = ""
    is_edited: bool = False
    is_erased: bool = False
    reactions: dict[str, list[str]] = {}
    """User ids by emoji."""


class Transcript(msgspec.Struct, kw_only=True):
    """A conversation."""

    thread: str
    title: str
    state: str
    exported_by: str
    names: dict[str, str]
    """Display names by user id."""
    lines: list[Line]


def line(item: Item) -> Line:
    """Give what a transcript says of an item."""
    event = item.event
    return Line(
        seq=event.seq,
        at=event.at,
        kind=str(event.__struct_config__.tag),
        by=event.by,
        text=item.body,
        is_edited=item.is_edited,
        is_erased=item.is_erased,
        reactions={reaction.emoji: reaction.users for reaction in item.reactions},
    )


async def read(client: Client, thread: str) -> Transcript:
    """Read a whole thread, page by page."""
    head = await client.thread(thread)
    items = Items()
    async for event in client.log(thread):
        items.page([event], as_of=head.seq)
    return Transcript(
        thread=thread,
        title=head.title,
        state=head.state,
        exported_by=client.user,
        names={person.user: person.name for person in head.participants},
        lines=[line(item) for item in items.in_order()],
    )


def as_json(transcript: Transcript) -> str:
    """Give a transcript as JSON."""
    return msgspec.json.format(msgspec.json.encode(transcript)).decode()


def as_html(transcript: Transcript) -> str:
    """Give a transcript as a page that needs nothing else and runs nothing."""
    title = html.escape(transcript.title or transcript.thread)
    articles = "\n".join(_article(each, transcript.names) for each in transcript.lines)
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n{articles}\n</html>\n"
    )


def _article(each: Line, names: dict[str, str]) -> str:
    moment = datetime.fromtimestamp(each.at / 1000, UTC).isoformat(timespec="seconds")
    author = html.escape(names.get(each.by) or each.by or "Marketplace")
    text = html.escape("erased" if each.is_erased else each.text or each.kind)
    mark = " (edited)" if each.is_edited else ""
    found = " ".join(f"{html.escape(emoji)} {len(users)}" for emoji, users in each.reactions.items())
    return (
        f'<article><bdi>{author}</bdi> <time datetime="{moment}">{moment}</time>{mark}'
        f'<p dir="auto">{text}</p>{found}</article>'
    )


async def fetch(url: str, token: str, thread: str) -> Transcript:
    """Connect and read a thread."""
    async with Client(url, token=token, state="background") as client:
        return await read(client, thread)


def save(transcript: Transcript, path: Path) -> None:
    """Write a transcript; the file's ending says how."""
    path.write_text(as_html(transcript) if path.suffix == ".html" else as_json(transcript), "utf-8")


if __name__ == "__main__":
    save(asyncio.run(fetch(sys.argv[1], os.environ["GREENROOM_TOKEN"], sys.argv[2])), Path(sys.argv[3]))
