"""All detectors over all views of one text: from text and triggers to findings."""

import re
from bisect import bisect_left

from greenroom_server.screening.apps import STRONG_NAME, Mention
from greenroom_server.screening.detect_address import AddressDetector
from greenroom_server.screening.detect_email import EmailDetector
from greenroom_server.screening.detect_encoded import EncodedDetector
from greenroom_server.screening.detect_handle import HandleDetector
from greenroom_server.screening.detect_intent import IntentDetector
from greenroom_server.screening.detect_labelled import find_passcode
from greenroom_server.screening.detect_link import LinkDetector
from greenroom_server.screening.detect_payment import PaymentDetector
from greenroom_server.screening.detect_phone import PhoneDetector
from greenroom_server.screening.lexicon import Lexicon
from greenroom_server.screening.normalise import View, normalise
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.prefilter import Trigger
from greenroom_server.screening.scan import Hit, Steps
from greenroom_server.screening.spoken import Rewriter
from greenroom_server.screening.verdict import Finding, Kind

_MANY = 60
"""Finds from which on none takes the place of another; there are more than enough to decide."""
_INTRODUCTION = 60
"""Code points within which an identifier must stand to be what an imperative introduces."""
_BESIDE, _ADJACENT = 30, 20
"""Code points between a certain contact and a likely, or a less likely, second one."""
_LIKELY = 0.55
_LONG_NUMBER = 11
"""Characters of a number of at least nine digits in groups."""
_CONTACTS = frozenset([Kind.EMAIL, Kind.PHONE, Kind.MESSENGER, Kind.SOCIAL])
_SECOND = frozenset([Kind.PHONE, Kind.MESSENGER, Kind.SOCIAL])
_LINKS = Trigger.LINK | Trigger.SPOKEN | Trigger.SPACED
_SPOKEN = Trigger.SPOKEN | Trigger.SPACED
_MAILS = Trigger.MAIL | Trigger.SPOKEN | Trigger.SPACED
_TALK = Trigger.INTENT | Trigger.APP | Trigger.PAYMENT | Trigger.SPOKEN | Trigger.SPACED
_NAMING = Trigger.APP | Trigger.PAYMENT | Trigger.SPACED | Trigger.SPOKEN
_PAYMENTS = Trigger.PAYMENT | Trigger.MAIL | Trigger.PHONE | Trigger.SPACED
_PAYMENT_APPS = re.compile(r"\b(?:pay ?pal|venmo|zelle|cash ?app|pix|bizum|gpay|phonepe|paytm|skrill|wise|interac)\b")


class Detectors:
    """Everything behind the prefilter; built once, immutable."""

    def __init__(self, lexicon: Lexicon, policy: ScreeningPolicy) -> None:
        self._rewriter = Rewriter(lexicon)
        self._address = AddressDetector(lexicon) if policy.finds_addresses else None
        self._email = EmailDetector(lexicon)
        self._link = LinkDetector(lexicon)
        self._phone = PhoneDetector(lexicon)
        self._payment = PaymentDetector(lexicon)
        self._encoded = EncodedDetector(policy.certain)
        self._handle = HandleDetector(lexicon)
        self._intent = IntentDetector(lexicon)
        self._placeholders = [placeholder.lower() for placeholder in policy.placeholders.values()]
        self._recorded = policy.recorded
        self._certain = policy.certain

    def find(self, view: View, raw: str, triggers: int, steps: Steps) -> list[Finding]:
        """Findings in the coordinates of the original, in order of appearance.

        Args:
            view: normalised text.
            raw: the original.
        """
        length = len(raw)
        view, shown = self._without_placeholders(view)
        if triggers & (Trigger.SPOKEN | Trigger.MAIL):
            view = self._rewriter.decoded(view, steps)
        if triggers & Trigger.SPACED:
            view = self._rewriter.despaced(view, steps)
        hits = _Hits(length, self._recorded, self._certain)
        is_named = triggers & _NAMING or view.marks is not None
        mentions = self._handle.apps.find(view) if is_named else []
        spoken = self._rewriter.symbols(view, steps) if triggers & _SPOKEN or mentions else view
        self._addresses(view, spoken, triggers, hits, steps)
        steps.spend(2 * length)
        if mentions:
            for hit in self._handle.find_meeting_ids(view, mentions, steps):
                hits.add_new(hit.located(view))
        if triggers & (Trigger.PHONE | Trigger.NUMBER_WORDS):
            self._phones(view, triggers, mentions, hits, steps)
            if not any(hit.score >= self._certain for hit in hits.found):
                for hit in self._phone.find_scattered(view, steps):
                    hits.add_new(hit.located(view))
        if mentions or triggers & Trigger.APP:
            self._handles(view, spoken, mentions, hits, steps)
        if len(hits.found) > 1:
            hits.raise_beside()
        if triggers & Trigger.ADDRESS and self._address is not None:
            for hit in self._address.find(view, steps):
                hits.add_new(hit.located(view))
        is_sure = any(hit.score >= self._certain for hit in hits.found)
        if not is_sure and triggers & (Trigger.ENCODED | Trigger.MAIL) and not triggers & Trigger.DECODED:
            for hit in self._encoded.find(
                raw,
                view.text,
                lambda plain: self._scan(plain, steps),
                steps,
                is_hinted=bool(triggers & Trigger.ENCODED),
            ):
                hits.add_new(hit)
        if triggers & _TALK:
            starts = sorted(shown + [hit.start for hit in hits.found if hit.score >= self._certain])
            for hit in self._intent.find(view, steps):
                located = hit.located(view)
                if not (hit.introduces and _has_near(located, starts)):
                    hits.found.append(located)
        return sorted((hit.finding() for hit in hits.found), key=lambda found: (found.start, found.end))

    def find_strict(self, view: View, steps: Steps) -> list[Finding]:
        """Findings of surfaces where nobody needs a domain or an account name: names and headlines."""
        found = [*self._link.find_bare(view, steps), *self._handle.find_bare(view, steps)]
        return [hit.located(view).finding() for hit in found]

    def digits(self, text: str) -> str:
        """Write the number words of a text as digits."""
        return self._rewriter.digits(normalise(text), Steps(1_000_000)).text

    def _scan(self, plain: str, steps: Steps) -> list[Finding]:
        """Findings in a decoded text."""
        view = normalise(plain)
        return self.find(view, plain, Trigger.FRAGMENTS | Trigger.DECODED, steps)

    def _addresses(self, view: View, spoken: View, triggers: int, hits: "_Hits", steps: Steps) -> None:
        """E-mail, payment and links: in the text as written, then with words read as symbols."""
        if triggers & _PAYMENTS:
            for hit in self._payment.find(view, steps):
                hits.add_new(hit.located(view))
        views = [view] if spoken is view else [view, spoken]
        for each in views:
            if triggers & _MAILS:
                for hit in self._email.find(each, steps):
                    if hits.add_new(hit.located(each)) and _is_paid_to(each.text, hit):
                        hits.found.append(_as_payment(hit).located(each))
            if triggers & _LINKS:
                for hit in self._link.find(each, steps):
                    if hits.add_new(hit.located(each)) and hit.kind is Kind.MEETING_LINK:
                        code = find_passcode(each, hit.end)
                        if code is not None:
                            hits.add_new(hit._replace(start=code[0], end=code[1]).located(each))

    def _phones(self, view: View, triggers: int, mentions: list[Mention], hits: "_Hits", steps: Steps) -> None:
        """Telephone numbers, and the messenger or payment app they are said to belong to."""
        views = [view]
        if triggers & Trigger.NUMBER_WORDS:
            worded = self._rewriter.digits(view, steps)
            if worded is not view:
                views.append(worded)
                for hit in self._payment.find(worded, steps):
                    hits.add_new(hit.located(worded))
                if any(mention.kind is Kind.MEETING_LINK for mention in mentions):
                    for hit in self._handle.find_meeting_ids(worded, self._handle.apps.find(worded), steps):
                        hits.add_new(hit.located(worded))
        for each in views:
            for hit in self._phone.find(each, steps):
                if mentions and hit.score < self._certain and "ctx:other" not in hit.evidence:
                    hit = self._dialled_by(hit, hit.located(each).start, mentions)
                if not hits.add_new(hit.located(each)):
                    continue
                if _is_paid_to(each.text, hit):
                    hits.found.append(_as_payment(hit).located(each))
                app = self._handle.near_app(mentions, hit.located(each).start) if mentions else None
                if app is not None and app.kind in (Kind.MESSENGER, Kind.SOCIAL):
                    reason = "MSG_HANDLE" if app.kind is Kind.MESSENGER else "SOCIAL_PROFILE"
                    hits.found.append(hit._replace(kind=app.kind, reason=reason).located(each))

    def _dialled_by(self, hit: Hit, start: int, mentions: list[Mention]) -> Hit:
        """The hit, certain if a messenger is named right before a number long enough to be dialled."""
        app = self._handle.near_app(mentions, start)
        is_near = app is not None and app.kind is Kind.MESSENGER and app.sort == STRONG_NAME and start - app.end <= 16
        return hit._replace(score=self._certain) if is_near and hit.score >= 0.3 and hit.end - hit.start >= 9 else hit

    def _handles(self, view: View, spoken: View, mentions: list[Mention], hits: "_Hits", steps: Steps) -> None:
        """Account names, as written and with words read as symbols."""
        for hit in self._handle.find(view, mentions, steps):
            hits.add_new(hit.located(view))
        if spoken is not view:
            for hit in self._handle.find(spoken, self._handle.apps.find(spoken), steps):
                if hit.is_obfuscated:
                    hits.add_new(hit.located(spoken))

    def _without_placeholders(self, view: View) -> tuple[View, list[int]]:
        """The view with our own placeholders blanked, and where they start in the original."""
        text = view.text
        if "hidden" not in text:
            return view, []
        shown: list[int] = []
        for placeholder in self._placeholders:
            at = text.find(placeholder)
            while at >= 0:
                shown.append(view.source_span(at, at + 1)[0])
                at = text.find(placeholder, at + 1)
            text = text.replace(placeholder, "\0" * len(placeholder))
        return view._replace(text=text), shown


class _Hits:
    """Hits found so far, and which code points of the original they cover."""

    def __init__(self, length: int, lowest_score: float, certain: float) -> None:
        self.found: list[Hit] = []
        self._taken = bytearray(length)
        self._lowest_score = lowest_score
        self._certain = certain

    def add_new(self, hit: Hit) -> bool:
        """Keep a located hit unless it overlaps an earlier one; a certain one takes the place of doubtful ones."""
        if hit.score < self._lowest_score:
            return False
        if self._taken.find(1, hit.start, hit.end) >= 0:
            if hit.score < self._certain or len(self.found) > _MANY:
                return False
            over = [each for each in self.found if each.start < hit.end and hit.start < each.end]
            if any(each.score >= self._certain for each in over):
                return False
            self.found = [each for each in self.found if each not in over]
        self._taken[hit.start : hit.end] = b"\1" * (hit.end - hit.start)
        self.found.append(hit)
        return True

    def raise_beside(self) -> None:
        """Make doubtful numbers and names certain that stand beside something certain: a second way is added to one."""
        sure = [hit for hit in self.found if hit.score >= self._certain and hit.kind in _CONTACTS]
        if not sure:
            return
        for index, hit in enumerate(self.found):
            if hit.score >= self._certain or hit.kind not in _SECOND or "ctx:other" in hit.evidence:
                continue
            reach = _BESIDE if hit.score >= _LIKELY else _ADJACENT
            if any(hit.start - each.end <= reach and each.start - hit.end <= reach for each in sure):
                is_long = hit.kind is not Kind.PHONE or hit.end - hit.start >= _LONG_NUMBER
                is_same = hit.kind is Kind.PHONE or any(each.kind is hit.kind for each in sure)
                if is_long and is_same:
                    evidence = (*hit.evidence, "ctx:beside")
                    self.found[index] = hit._replace(score=max(hit.score, 0.85), evidence=evidence)


def _is_paid_to(text: str, hit: Hit) -> bool:
    return _PAYMENT_APPS.search(text, max(0, hit.start - 40), hit.start) is not None


def _as_payment(hit: Hit) -> Hit:
    return hit._replace(kind=Kind.PAYMENT, reason="PAY_HANDLE")


def _has_near(hit: Hit, starts: list[int]) -> bool:
    """Whether an identifier starts close to a hit; ``starts`` is sorted."""
    index = bisect_left(starts, hit.start - _INTRODUCTION)
    return index < len(starts) and starts[index] <= hit.end + _INTRODUCTION
