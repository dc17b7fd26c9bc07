"""Account names on messengers and networks, beside the name of the app."""

import re
from collections.abc import Iterator

from greenroom_server.screening.lexicon import Lexicon, alternation
from greenroom_server.screening.normalise import View
from greenroom_server.screening.scan import Hit, Steps
from greenroom_server.screening.verdict import Kind

_CONNECTOR = (
    r"(?:id|user ?name|user|nick|nickname|handle|account|acc|name|contact|is|it'?s|me|as|at|on|my|here|just"
    r"|ник|号|ist|es|est)"
)
_HANDLE = r"@?[a-z0-9][\w.\-]{2,40}(?:[#:][\w.\-]{2,40})?"
_VERSION = re.compile(r"v?\d+(?:[.x]\d+)*")
_NOT_NAMES = re.compile(r".*\.(?:py|js|ts|md|html|net|com|io|app)$|(?:font-face|media|import|keyframes|param)$")
_TOPIC = re.compile(r"\b(?:bot|api|sdk|clone|chatbot|integration|library|plugin|mini app|ads?|campaign)\b")


class HandleDetector:
    """Finds account names that an app's name gives a meaning to."""

    def __init__(self, lexicon: Lexicon) -> None:
        kinds = (Kind.MESSENGER, Kind.SOCIAL)
        strong = lexicon.names(*kinds)
        every = lexicon.names(*kinds, is_weak_included=True)
        self._weak = frozenset(every) - frozenset(strong)
        self._kinds = {name: app.kind for app in lexicon.apps if app.kind in kinds for name in (*app.strong, *app.weak)}
        self._after = re.compile(
            rf"(?P<app>{alternation(every)})(?P<glue>[\s:=,\-–—()]{{0,3}}(?:\b{_CONNECTOR}(?!\w)[\s:=,\-–—]{{0,3}}){{0,4}})"
            rf"(?<![\w.])(?P<handle>{_HANDLE})"
        )
        self._before = re.compile(
            rf"(?<![\w.@])(?P<handle>@[a-z0-9][\w.\-]{{2,40}}),?\s(?:on|in|at|over|auf|en|sur|na|no|в)\s(?:the |my )?"
            rf"(?P<app>{alternation(every)})"
        )
        self._strong = re.compile(alternation(strong))
        self._mention = re.compile(r"(?<![\w.@])@[a-z0-9][\w.\-]{2,40}")

    def find(self, view: View, steps: Steps) -> Iterator[Hit]:
        """Yield the account names of a view; several rules may yield the same span."""
        text = view.text
        steps.spend(8 * len(text))
        for match in self._before.finditer(text):
            yield self._hit(view, match["app"], 0.9, match.start("handle"), match.end("handle"), "app-after")
        for match in self._after.finditer(text):
            score = self._score(text, match)
            if score:
                handle_end = match.start("handle") + len(match["handle"].rstrip(".-"))
                yield self._hit(view, match["app"], score, match.start("handle"), handle_end, "app-before")
        for match in self._mention.finditer(text):
            app = self._strong.search(text, max(0, match.start() - 45), match.start())
            if app and not _TOPIC.search(text, app.start(), match.start()) and not _NOT_NAMES.match(match.group()):
                yield self._hit(view, app.group(), 0.8, match.start(), match.end(), "app-near")

    def near_app(self, text: str, start: int) -> Kind | None:
        """Kind of the messenger or network named shortly before a position, if any."""
        found = None
        for match in self._strong.finditer(text, max(0, start - 45), start):
            found = self._kinds[match.group()]
        return found

    def _score(self, text: str, match: re.Match[str]) -> float:
        handle, glue, app = match["handle"].rstrip(".-"), match["glue"], match["app"]
        if _VERSION.fullmatch(handle) or _NOT_NAMES.match(handle) or len(handle) < 3:
            return 0.0
        is_weak = app in self._weak
        before = text[max(0, match.start() - 20) : match.start()]
        is_own = re.search(r"\b(?:my|add|find|i'?m|me|use|on|ник|加我)\b", before) is not None
        is_linked = ":" in glue or "=" in glue or re.search(r"\w", glue) is not None
        if handle.startswith("@"):
            return 0.0 if is_weak and app in ("line", "signal", "x") and not is_own else 0.9
        is_shaped = any(char in "._#:" or char.isdigit() for char in handle) and not handle[0].isdigit()
        if is_shaped and is_linked:
            return 0.9 if not is_weak or is_own or ":" in glue or "id" in glue else 0.6
        if is_shaped:
            return 0.85 if is_own else 0.4
        return 0.5 if is_linked and is_own and glue.strip() in ("is", ":", "id is", "id:") else 0.0

    def _hit(self, view: View, app: str, score: float, start: int, end: int, evidence: str) -> Hit:
        kind = self._kinds[app]
        reason = "MSG_HANDLE" if kind is Kind.MESSENGER else "SOCIAL_PROFILE"
        is_obfuscated = view.mark(start, end) > 0
        return Hit(kind, "share", reason, score, start, end, is_obfuscated, (f"ctx:{evidence}",))
