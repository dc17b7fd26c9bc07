"""What the filter makes of one text, step by step, for people who tune it."""

from collections.abc import Iterator

from greenroom_server.screening.context import Context
from greenroom_server.screening.normalise import normalise
from greenroom_server.screening.screen import Screen
from greenroom_server.screening.verdict import Action


def explain(screen: Screen, text: str, context: Context) -> Iterator[str]:
    """Give the path of a text through the filter, a line for each step."""
    verdict = screen(text, context)
    yield f"text         {text}"
    yield f"context      state {context.state}, surface {context.surface.value}, grants {len(context.granted_emails)}"
    if screen.is_plainly_clean(text):
        yield "prefilter    no trigger: allowed without a closer look"
    else:
        read = normalise(text).text
        yield "prefilter    triggers found, or not ASCII: looked at closely"
        if read != text.lower():
            yield f"read as      {read}"
    for finding in verdict.findings:
        place = text[finding.start : finding.end]
        yield (
            f"finding      {finding.reason} {finding.kind.value}/{finding.intent} score {finding.score:.2f}"
            f"{' obfuscated' if finding.is_obfuscated else ''} [{finding.start}:{finding.end}] {place!r}"
            f"{' ' + ' '.join(finding.evidence) if finding.evidence else ''}"
        )
    if not verdict.findings:
        yield "finding      none"
    code = f", code {verdict.code}" if verdict.code else ""
    hint = f", hint {verdict.hint}" if verdict.hint else ""
    yield f"decision     {verdict.action.value}{code}{hint}{', final' if verdict.final else ''}"
    if verdict.notice:
        yield f"notice       {verdict.notice}"
    if verdict.action is Action.REDACT:
        yield f"delivered    {verdict.text}"
    yield f"work         {verdict.steps} steps; ruleset {verdict.ruleset}, policy {verdict.policy_version}"
