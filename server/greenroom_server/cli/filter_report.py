"""What `greenroom filter eval` shows: lines for a terminal, one JSON object, one HTML page."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Final

from greenroom_server.cli.filter_measure import Count, Judged, Measured

_TITLES: Final = {
    "tiers": "By tier",
    "langs": "Violations by language",
    "kinds": "Violations by kind",
    "evasions": "Violations by evasion",
    "langs_clean": "Clean messages by language",
}
_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --bad: #b3261e; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } td, th { padding: .25rem .6rem; border-bottom: 1px solid var(--line);
text-align: left; vertical-align: top; } td.n { text-align: right; font-variant-numeric: tabular-nums; }
mark { background: #f9d77e; color: #222; } .grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem,
1fr)); gap: 0 2rem; } .bar { background: linear-gradient(90deg, #4a8f6a var(--p), #8882 var(--p)); width: 6rem; }
"""


def as_json(measured: Measured, name: str, ruleset: str) -> dict[str, Any]:
    """Give everything as plain data."""
    return {
        "file": name,
        "ruleset": ruleset,
        **{what: {key: _count(count) for key, count in counts.items()} for what, counts in measured.by.items()},
        "leaks": {
            tier: {
                "gold": leak.gold,
                "delivered": leak.delivered,
                "rate": round(leak.delivered / leak.gold, 4) if leak.gold else 0.0,
                "masked_more_per_finding": round(leak.masked_more / leak.findings, 2) if leak.findings else 0.0,
            }
            for tier, leak in measured.leaks.items()
        },
        "latency_us": measured.latency_us,
        "missed": [_row(each) for each in measured.missed()],
        "false_positives": [_row(each) for each in measured.false_positives()],
    }


def as_lines(measured: Measured, *, with_texts: bool) -> Iterator[str]:
    """Give what a terminal shows."""
    for what, counts in measured.by.items():
        yield f"{_TITLES[what]}:"
        for key, count in counts.items():
            yield f"  {key:<28} {count.flagged:>5} of {count.n:<5} flagged  {count.share:6.1%}"
    yield "Delivered code points of gold places:"
    for tier, leak in measured.leaks.items():
        if leak.gold:
            more = leak.masked_more / leak.findings if leak.findings else 0.0
            yield f"  {tier:<28} {leak.delivered:>5} of {leak.gold:<5} {leak.delivered / leak.gold:6.1%}" + (
                f", masked beside them {more:.1f} a finding" if leak.findings else ""
            )
    yield "Latency, us: " + ", ".join(f"{name} {value:g}" for name, value in measured.latency_us.items())
    if with_texts:
        for title, rows in (("Missed", measured.missed()), ("False positives", measured.false_positives())):
            yield f"{title}: {len(rows)}"
            for each in rows:
                yield f"  [{each.case.name} {each.case.tier} {each.case.lang} {_reasons(each)}] {_shown(each)}"


def as_html(measured: Measured, name: str, ruleset: str) -> str:
    """Give a page that needs nothing else."""
    tables = "".join(_table(_TITLES[what], counts) for what, counts in measured.by.items() if counts)
    leaks = "".join(
        f"<tr><td>{escape(tier)}</td><td class=n>{leak.delivered} of {leak.gold}</td>"
        f"<td class=n>{leak.delivered / leak.gold:.1%}</td></tr>"
        for tier, leak in measured.leaks.items()
        if leak.gold
    )
    times = ", ".join(f"{key} {value:g}" for key, value in measured.latency_us.items())
    lists = "".join(
        f"<h2>{title} ({len(rows)})</h2><table><tr><th>case<th>tier<th>lang<th>reasons<th>text</tr>"
        f"{_rows(rows)}</table>"
        for title, rows in (("Missed", measured.missed()), ("False positives", measured.false_positives()))
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Contact filter: {escape(name)}</title>"
        f"<style>{_STYLE}</style><h1>Contact filter: {escape(name)}</h1>"
        f"<p>Ruleset {escape(ruleset)}. A message is flagged when its action is not <code>allow</code>. "
        f"Latency in microseconds: {times}.</p><div class=grid>{tables}"
        f"<section><h2>Delivered code points of gold places</h2><table>{leaks}</table></section></div>{lists}</html>\n"
    )


def _table(title: str, counts: dict[str, Count]) -> str:
    rows = "".join(
        f"<tr><td>{escape(key)}</td><td class=n>{count.flagged} of {count.n}</td>"
        f'<td class=n>{count.share:.1%}</td><td class=bar style="--p:{count.share:.0%}"></td></tr>'
        for key, count in counts.items()
    )
    return f"<section><h2>{title}</h2><table>{rows}</table></section>"


def _rows(judged: Sequence[Judged]) -> str:
    return "".join(
        f"<tr><td>{escape(each.case.name)}<td>{escape(each.case.tier)}<td>{escape(each.case.lang)}"
        f"<td>{escape(_reasons(each))}<td>{' <b>/</b> '.join(_marked(each))}</tr>"
        for each in judged
    )


def _marked(judged: Judged) -> Iterator[str]:
    for line in judged.case.lines:
        out, at = [], 0
        for start, end in sorted(line.spans):
            out += [escape(line.text[at:start]), f"<mark>{escape(line.text[start:end])}</mark>"]
            at = end
        yield "".join(out) + escape(line.text[at:])


def _count(count: Count) -> dict[str, Any]:
    return {"n": count.n, "flagged": count.flagged, "share": round(count.share, 4)}


def _row(judged: Judged) -> dict[str, Any]:
    case = judged.case
    return {
        "id": case.name, "tier": case.tier, "lang": case.lang, "kinds": case.kinds, "evasion": case.evasion,
        "action": judged.action, "reasons": _reasons(judged).split(), "text": _shown(judged),
    }  # fmt: skip


def _reasons(judged: Judged) -> str:
    found = dict.fromkeys(finding.reason for verdict in judged.verdicts for finding in verdict.findings)
    return " ".join(found) or "-"


def _shown(judged: Judged) -> str:
    return " / ".join(line.text for line in judged.case.lines).replace("\n", "\\n")
