"""Account names and numbers of meetings, beside the name or the description of a service."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

from greenroom_server.screening.apps import HINT, STRONG_NAME, Apps, Mention
from greenroom_server.screening.cues import Cue
from greenroom_server.screening.detect_labelled import find_labelled
from greenroom_server.screening.lexicon import Lexicon
from greenroom_server.screening.normalise import View
from greenroom_server.screening.scan import Hit, Steps
from greenroom_server.screening.verdict import Kind

_CHAR: Final = "a-z0-9_а-яіїєґ"
_FREE: Final = rf"(?<![{_CHAR}.@#-])(?<![{_CHAR}]/)(?<!//)"
_NAME: Final = rf"(?P<name>(?!_)[{_CHAR}][{_CHAR}.\-]{{2,40}}(?:[#:][{_CHAR}]{{2,40}})?)(?![{_CHAR}@])"
_HANDLE: Final = re.compile(rf"{_FREE}(?P<at>@\s?|\$)?{_NAME}")
_SHAPED: Final = re.compile(
    rf"{_FREE}(?:(?P<at>@\s?|\$)|(?=[^\W_.\-]{{0,40}}[\d_.\-]|[^\W_]{{2,40}}[#:]\w)|(?<=[:=>~] )|(?<=[:=>~])){_NAME}"
)
"""The same without the plain words: those count only where the view shows that they were disguised."""
_TELLING: Final = re.compile(r"[@$_#\d:=→>~]|\.(?=[^\s.])")
"""What sets an account name apart from words, in itself or before it."""
_AT_FOREIGN: Final = re.compile(r"@(?<![a-z0-9а-я_.@].)(?=[^\x00-\x7f])(?P<name>\w[\w.·-]{1,30})")
"""An account name in a script other than Latin."""
_CALLED: Final = re.compile(
    r"(?:上|里|裡)?(?:的?(?:号|號|账号|帐号|帳號|昵称|暱稱|名字|名))?\s?(?P<verb>是|叫做?|搜索?|搜一下|找|同名|[:：])\s?[\"「『]?(?P<name>[\w·]{3,20})"
)
"""What follows the name of a service where Chinese says what somebody is called there."""
_MINE: Final = re.compile("我的?.{0,2}$")
_TAG: Final = re.compile(r".*#\d{4}")
_BARE: Final = re.compile(r"(?<![\w.@/])@[a-z0-9][\w.\-]{2,40}")
_LIVE: Final = re.compile(r"(?<![\w:])live:[\w.\-]{3,40}")
_MEET_CODE: Final = re.compile(r"(?<![\w-])[a-z]{3}-[a-z]{4}-[a-z]{3}(?![\w-])")
_MEET_ID: Final = re.compile(
    r"(?<![\w.,])(?P<id>\d{3,4}[ -]?\d{3,4}[ -]?\d{3,5}(?:[ -]?\d{2,3})?"
    r"(?:[^\d\n]{0,6}(?:passcode|password|pass|pwd|pw|pin|code|пароль|clave|senha)\W{0,3}\w{1,20})?)(?!\d)"
)
_TIGHT: Final = re.compile(r"[^\W\d_]{0,3}\s?:?\s?")
"""What stands between a name of a service, with its ending, and the account right behind it."""
_DOTTED: Final = re.compile(r"[^\W\d_]{2,}(?:\.[^\W\d_]{2,}){2,3}(?:_[^\W_]{2,})?")
"""An account name of words with dots between; versions and files have digits."""
_VERSION: Final = re.compile(r"v?\d+(?:[.x-]\d+)*|\d+(?:[.,]\d+)?[kmb]")
_ARABIZI: Final = re.compile(r"(?<![\w@.])(?=[a-z]{0,8}[235-9][a-z]{0,8}(?![\w@.]))\w{3,}")
"""Arabic in Latin letters, where digits are letters."""
_DIGITS_AS_LETTERS: Final = 3
_PARTS: Final = re.compile(r"[_.\-#:]")
_THREE_WORDS: Final = re.compile(r"[^\W_]{3,}\s+[^\W_]{3,}\s+[^\W_]{3,}")
_ENDINGS: Final = frozenset(
    ["com", "net", "org", "io", "me", "co", "app", "dev", "site", "shop", "online", "studio", "us", "ai"]
)
_ENDS_IN_DIGITS: Final = re.compile(r"[^\W\d_]{2,}[._\-]?\d{1,6}[a-z]{0,8}")
_NETWORKS: Final = frozenset(["insta", "ig", "fb", "snap", "инста", "инсте", "инсту", "vk", "вк"])
"""Short names of networks that hardly mean anything else beside an @name."""
_STOP: Final = re.compile(r"[.!?]\s|\n\n")
_AFTER, _BEFORE = 60, 40
_REASONS: Final = {
    Kind.MESSENGER: "MSG_HANDLE",
    Kind.SOCIAL: "SOCIAL_PROFILE",
    Kind.PAYMENT: "PAY_HANDLE",
    Kind.MEETING_LINK: "MEET_ID",
}


class HandleDetector:
    """Finds account names that the name of a service gives a meaning to."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.apps = Apps(lexicon)
        self._own = Cue(lexicon.handles["own"])
        self._topics = Cue(lexicon.handles["topics"])
        self._talks = Cue(lexicon.handles["talks"])
        self._code = frozenset(lexicon.handles["code"].split())

    def find(self, view: View, mentions: Sequence[Mention], steps: Steps) -> Iterator[Hit]:
        """Yield the account names of a view; several rules may yield the same span."""
        text = view.text
        steps.spend(2 * len(text))
        for match in _LIVE.finditer(text) if "live:" in text else ():
            yield self._hit(view, Kind.MESSENGER, 0.9, match.start(), match.end(), "live")
        yield from find_labelled(view, mentions, self._code)
        if not mentions:
            return
        if not text.isascii():
            yield from self._find_foreign(view, mentions)
        if view.marks is None and _TELLING.search(text) is None:
            return
        is_arabizi = len(_ARABIZI.findall(text)) >= _DIGITS_AS_LETTERS
        for match in (_HANDLE if view.marks is not None else _SHAPED).finditer(text):
            steps.spend(60)
            mention, gap = _nearest(text, mentions, match.start(), match.end())
            if mention is None:
                continue
            if is_arabizi and match["at"] is None and _ARABIZI.fullmatch(match["name"]):
                continue
            score = self._score(view, match, mention, gap)
            if score:
                start = match.start("name") if match["at"] is None else match.start()
                end = match.start("name") + len(match["name"].rstrip(".-"))
                yield self._hit(view, mention.kind, score, start, end, "app-near")
        if "@" in text:
            yield from self._find_talked(view, mentions)

    def _find_talked(self, view: View, mentions: Sequence[Mention]) -> Iterator[Hit]:
        """Yield every @name of a text that says to write to somebody on a network."""
        text = view.text
        is_named = any(
            mention.kind is Kind.SOCIAL
            and (mention.sort == STRONG_NAME or text[mention.start : mention.end] in _NETWORKS)
            for mention in mentions
        )
        if is_named and self._talks.search(text) is not None and self._topics.search(text) is None:
            for match in _BARE.finditer(text):
                end = match.start() + len(match.group().rstrip(".-"))
                yield self._hit(view, Kind.SOCIAL, 0.85, match.start(), end, "talk")

    def _find_foreign(self, view: View, mentions: Sequence[Mention]) -> Iterator[Hit]:
        """Yield account names in other scripts."""
        text = view.text
        for match in _AT_FOREIGN.finditer(text) if "@" in text else ():
            mention, gap = _nearest(text, mentions, match.start(), match.end())
            if mention is not None and not self._topics.search(gap):
                yield self._hit(view, mention.kind, 0.9, match.start(), match.end(), "app-near")
        for mention in mentions:
            if mention.kind is not Kind.SOCIAL or text[mention.start] < "\u3040":
                continue
            called = _CALLED.match(text, mention.end)
            if called and (
                called["verb"] not in "是叫做:" or _MINE.search(text, max(0, mention.start - 5), mention.start)
            ):
                yield self._hit(view, mention.kind, 0.85, *called.span("name"), "app-near")

    def find_bare(self, view: View, steps: Steps) -> Iterator[Hit]:
        """Yield every @name, also without a service."""
        steps.spend(len(view.text))
        for match in _BARE.finditer(view.text):
            yield self._hit(view, Kind.SOCIAL, 0.85, match.start(), match.end(), "surface")

    def find_meeting_ids(self, view: View, mentions: Sequence[Mention], steps: Steps) -> Iterator[Hit]:
        """Yield the numbers, with passcodes, that open a meeting elsewhere."""
        steps.spend(len(view.text))
        meetings = [mention for mention in mentions if mention.kind is Kind.MEETING_LINK]
        for pattern, group in ((_MEET_CODE, 0), (_MEET_ID, "id")):
            if not meetings:
                return
            for match in pattern.finditer(view.text):
                start, end = match.span(group)
                mention, gap = _nearest(view.text, meetings, start, end)
                if mention is not None and not (gap and self._topics.search(gap)):
                    yield self._hit(view, Kind.MEETING_LINK, 0.9, start, end, "app-near")

    def near_app(self, mentions: Sequence[Mention], start: int) -> Mention | None:
        """The service named plainly shortly before a position, if any."""
        index = bisect_left(mentions, start, key=_start)
        for mention in reversed(mentions[max(0, index - 3) : index]):
            if mention.end <= start <= mention.end + 45 and mention.sort != HINT:
                return mention
        return None

    def _score(self, view: View, match: re.Match[str], mention: Mention, gap: str) -> float:
        name = match["name"].rstrip(".-")
        text, low = view.text, min(mention.start, match.start())
        parts = [part for part in _PARTS.split(name) if part]
        if parts[:1] == [text[mention.start : mention.end]] and match["at"] is None and "." in name:
            return 0.0
        if len(name) < 3 or _VERSION.fullmatch(name) or (mention.start < match.end() and match.start() < mention.end):
            return 0.0
        is_marked = match["at"] is not None
        if match["at"] == "$" and mention.kind is not Kind.PAYMENT:
            return 0.0
        altered = view.mark(match.start("name"), match.end("name")) > 0
        is_shaped = altered or "_" in name or "#" in name or _is_mixed(name) or ("." in name and len(parts[-1]) > 1)
        is_labelled = any(sign in gap for sign in ":=→>~") or (
            mention.kind is Kind.MESSENGER and _TAG.fullmatch(name) is not None
        )
        is_adjacent = (
            name.count(".") > 1
            and mention.end <= match.start()
            and _DOTTED.fullmatch(name) is not None
            and _TIGHT.fullmatch(gap) is not None
            and mention.kind is not Kind.PAYMENT
        )
        if not (is_marked or is_shaped or is_labelled) or (
            name.count(".") > 1 and not is_marked and not altered and not is_adjacent
        ):
            return 0.0
        if (all if is_marked else any)(part in self._code for part in parts) and not (is_marked and len(parts) == 1):
            return 0.0
        if self._topics.search(text, mention.end, min(mention.end + 16, match.start())) or (
            mention.sort == STRONG_NAME and self._topics.search(text, low, match.start())
        ):
            return 0.0
        is_own = self._own.search(text, max(0, low - 24), low) is not None or (
            self._own.search(gap) is not None if gap else False
        )
        is_tight = len(gap) <= 24 and not _THREE_WORDS.search(gap)
        if "." in name and "_" not in name and parts[-1] in _ENDINGS and not (is_marked or is_labelled or altered):
            return 0.4
        return self._weighed(mention, is_marked, is_shaped, is_own, is_tight, is_labelled, altered and "_" in name)

    @staticmethod
    def _weighed(
        mention: Mention,
        is_marked: bool,
        is_shaped: bool,
        is_own: bool,
        is_tight: bool,
        is_labelled: bool,
        is_spoken: bool,
    ) -> float:
        is_strong = mention.sort == STRONG_NAME or mention.is_disguised
        if mention.kind is Kind.PAYMENT and not is_strong and not is_marked:
            return 0.3
        if is_marked:
            return 0.9 if is_strong or is_tight else 0.6
        if is_shaped:
            if is_strong:
                return 0.9 if is_own or is_labelled else 0.85 if is_tight else 0.45
            if mention.sort == HINT:
                return 0.85 if is_own or is_tight else 0.45
            return 0.85 if is_tight and (is_own or is_labelled or is_spoken) else 0.4
        return 0.45 if is_tight and is_labelled and is_strong else 0.0

    @staticmethod
    def _hit(view: View, kind: Kind, score: float, start: int, end: int, evidence: str) -> Hit:
        is_obfuscated = view.mark(start, end) > 0
        return Hit(kind, "share", _REASONS[kind], score, start, end, is_obfuscated, (f"ctx:{evidence}",))


def _is_mixed(name: str) -> bool:
    """Whether letters and digits stand together as in account names, not as in "2nd" or "v14"."""
    return _ENDS_IN_DIGITS.fullmatch(name) is not None


def _nearest(text: str, mentions: Sequence[Mention], start: int, end: int) -> tuple[Mention | None, str]:
    """The mention that a place belongs to: in the same sentence, one before it first."""
    index = bisect_left(mentions, end, key=_start)
    for mention in reversed(mentions[max(0, index - 3) : index]):
        if mention.end <= start <= mention.end + _AFTER:
            between = text[mention.end : start]
            if not _STOP.search(between) or len(between) <= 12:
                return mention, between
    if index < len(mentions) and mentions[index].start <= end + _BEFORE:
        mention = mentions[index]
        if not _STOP.search(text, end, mention.start):
            return mention, text[end : mention.start]
    return None, ""


def _start(mention: Mention) -> int:
    return mention.start
