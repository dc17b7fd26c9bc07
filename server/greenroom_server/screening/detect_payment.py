"""Payment handles and addresses: IBAN, wallets, cash tags, UPI and payment apps."""

import re
from collections.abc import Iterator

from greenroom_server.screening.normalise import View
from greenroom_server.screening.scan import Hit, Steps
from greenroom_server.screening.verdict import Kind

_IBAN = re.compile(r"\b[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,3})?\b")
_WALLET = re.compile(r"\b(?:0x[0-9a-f]{40}|bc1 ?[02-9ac-hj-np-z](?: ?[02-9ac-hj-np-z]){37,57}|t[1-9a-z]{33})\b")
_UPI = re.compile(r"\b[a-z0-9][a-z0-9._-]{1,60}@(?:ok(?:hdfcbank|icici|axis|sbi)|ybl|ibl|axl|paytm|upi|apl|fbl|yapl)\b")
_TAG = re.compile(r"\b(?:cash ?app|cash ?tag)\b[^\n$]{0,20}(?P<tag>\$[a-z][a-z0-9_-]{2,20})")
_AT = re.compile(r"\b(?:venmo|paypal)\b[^\n@]{0,15}(?<!\w)(?P<tag>@[a-z0-9][a-z0-9_-]{2,30})(?![\w.@])")
_MONEY_WORDS = re.compile(r"usdt|erc20|trc20|\beth\b|\bbtc\b|wallet|pay|send|deposit|upfront|half|advance")


class PaymentDetector:
    """Finds identifiers that money can be sent to."""

    def find(self, view: View, steps: Steps) -> Iterator[Hit]:
        """Yield the payment identifiers of a view."""
        text = view.text
        steps.spend(5 * len(text))
        for match in _IBAN.finditer(text):
            if end := _iban_end(match.group()):
                yield self._hit(view, "PAY_IBAN", 0.95, match.start(), match.start() + end)
        for match in _WALLET.finditer(text):
            has_context = _MONEY_WORDS.search(text, max(0, match.start() - 60), match.end() + 60)
            yield self._hit(view, "PAY_WALLET", 0.9 if has_context else 0.6, match.start(), match.end())
        for match in _UPI.finditer(text):
            yield self._hit(view, "PAY_HANDLE", 0.9, match.start(), match.end())
        for pattern in (_TAG, _AT):
            for match in pattern.finditer(text):
                yield self._hit(view, "PAY_HANDLE", 0.9, match.start("tag"), match.end("tag"))

    @staticmethod
    def _hit(view: View, reason: str, score: float, start: int, end: int) -> Hit:
        return Hit(Kind.PAYMENT, "share", reason, score, start, end, view.mark(start, end) > 0)


def _iban_end(candidate: str) -> int:
    """Length of the longest prefix whose check digits hold (ISO 13616), 0 when none does."""
    end = len(candidate)
    while end >= 15:
        compact = candidate[:end].replace(" ", "")
        if 15 <= len(compact) <= 34:
            digits = "".join(str(int(char, 36)) for char in compact[4:] + compact[:4])
            if int(digits) % 97 == 1:
                return end
        end = candidate.rfind(" ", 0, end)
    return 0
