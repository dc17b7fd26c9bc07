"""Payment handles and addresses: IBAN, wallets, cards, cash tags, UPI, Pix, accounts named beside a way to pay."""

import re
from collections.abc import Iterator
from typing import Final

from greenroom_server.screening.cues import Cue, Found, entries
from greenroom_server.screening.digit_runs import count_digits, runs
from greenroom_server.screening.lexicon import Lexicon
from greenroom_server.screening.normalise import View
from greenroom_server.screening.scan import Hit, Steps
from greenroom_server.screening.verdict import Kind

_IBAN: Final = re.compile(
    r"\b[a-z][\s.]?[a-z](?:[\s.-]?\d[\s.]?\d(?:[ ./-]?[a-z0-9]{1,4}){3,8}|(?:\s[a-z0-9]){13,32})\b"
)
_WALLET: Final = re.compile(
    r"\b(?:0x[0-9a-f]{40}|0x(?:[ _-]?[0-9a-f]{2,10}){5,20}|bc1[ _-]?[02-9ac-hj-np-z](?:[ _-]?[02-9ac-hj-np-z]){37,57}"
    r"|t[1-9a-z]{33}|ltc1[a-z0-9]{39}|[13][1-9a-z]{33}|(?:bnb|addr)1[a-z0-9]{38,100})\b"
)
_WALLET_STARTS: Final = ("0x", "bc1", "ltc1", "bnb1", "addr1")
_BASE58: Final = re.compile(r"(?<![\w/=.-])(?=[a-f0-9]{0,43}[g-z])[1-9a-z]{32,44}(?![\w/=-])")
"""An address of Solana and its like; the case is folded."""
_COINS: Final = re.compile(r"\b(?:addy|wallet|solana|sol|usdc|usdt)\b")
_LONG_WORD: Final = re.compile(r"\b[13t][1-9a-z]{33}\b")
_UPI: Final = re.compile(
    r"(?<![\w.@])[a-z0-9][a-z0-9._-]{1,60}@(?:ok(?:hdfcbank|icici|axis|sbi)|ybl|ibl|axl|paytm|upi|apl|fbl|yapl|axisb|ptsbi|pthdfc"
    r"|icici|sbi|hdfcbank|freecharge|jio|ikwik|waaxis|wahdfcbank|wasbi|waicici|superyes|yescred|kotak)\b(?!\.)"
)
_TAG: Final = re.compile(r"(?<![\w$])(?P<tag>\$[a-z][a-z0-9_-]{2,20})(?![\w(=.\[{])")
_AT: Final = re.compile(
    r"\b(?:venmo|paypal|revolut\w*|picpay|cash ?app|monzo|wise|paysend|bunq|lydia|mercado ?pago)\b[^\n@]{0,30}"
    r"(?<!\w)(?P<tag>@[a-z0-9][a-z0-9_.-]{2,30})(?![\w@])"
)
_PIX: Final = re.compile(
    r"\b(?:pix|chave)\b[^\n]{0,30}?(?P<key>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b\d{2,3}\.\d{3}\.\d{3}(?:/\d{4})?-\d{2}\b)"
)
_ALIAS: Final = re.compile(
    r"\balias\b\W{0,2}(?:es |de )?(?P<tag>[a-z0-9-]{2,20}(?:\.[a-z0-9-]{2,20}){1,4})(?![\w(@./])"
)
"""What stands for an account number in Argentina."""
_CASHTAG_APPS: Final = re.compile(r"cash ?app|cash ?tag|ca\$h")
_CODE: Final = re.compile(
    r"\$(?:this|self|scope|state|props|data|env|path|home|user|event|http|router|emit|refs|store|i18n|t|el)\b"
)
_MONEY_WORDS: Final = re.compile(
    r"usdt|erc20|trc20|bep20|\bbsc\b|\beth\b|\bbtc\b|\bsol\b|wallet|crypto|крипт|кошел|cuenta|billetera|carteira|pay|send|deposit|upfront|half|advance|₿"
)
_TEST_CARDS: Final = frozenset(
    {"4242424242424242", "4000056655665556", "5555555555554444", "4111111111111111", "4012888888881881"}
)
_IBAN_SIZES: Final = {
    country_size[:2]: int(country_size[2:])
    for country_size in (  # noqa: SIM905 - a list of eighty strings is no easier to read
        "al28 ad24 at20 az28 bh22 be16 ba20 br29 bg22 cr22 hr21 cy28 cz24 dk18 ee20 fi18 fr27 ge22 de22 gi23 gr27 hu28 "
        "ie22 il23 it27 kz20 kw30 lv21 lb28 lt20 lu20 mt31 md24 mc27 me22 nl18 mk19 no15 pk24 pl28 ps29 pt25 qa29 ro24 "
        "sa24 rs22 sk24 si19 es24 se24 ch21 tn24 tr26 ae23 gb22 ua29 by28 eg29"
    ).split()
}
_NO_CHECK: Final = frozenset({"00", "01", "99"})
"""What the check digits of an IBAN never are."""
_NOBODY: Final = re.compile(r"0x0{30}")
_AROUND: Final = 60


class PaymentDetector:
    """Finds identifiers that money can be sent to."""

    def __init__(self, lexicon: Lexicon) -> None:
        words = lexicon.payment
        self._wallets, self._moves = Cue(words["wallets"]), Cue(words["moves"])
        self._any = Cue([*entries(words["wallets"]), *entries(words["accounts"])])
        self._accounts, self._tests = Cue(words["accounts"]), Cue(words["tests"])

    def find(self, view: View, steps: Steps) -> Iterator[Hit]:
        """Yield the payment identifiers of a view."""
        text = view.text
        steps.spend(2 * len(text))
        digits = count_digits(text)
        if digits >= 9:
            yield from self._ibans(view, steps)
        if any(start in text for start in _WALLET_STARTS) or (digits >= 3 and _LONG_WORD.search(text)):
            for match in _WALLET.finditer(text):
                if _NOBODY.match(match.group()):
                    continue
                has_context = _MONEY_WORDS.search(text, max(0, match.start() - _AROUND), match.end() + _AROUND)
                yield self._hit(view, "PAY_WALLET", 0.9 if has_context else 0.45, match.start(), match.end())
        if digits >= 3 and ("addy" in text or "wallet" in text or "sol" in text or "usd" in text):
            for match in _BASE58.finditer(text):
                if count_digits(match.group()) >= 3 and _COINS.search(text, max(0, match.start() - 30), match.start()):
                    yield self._hit(view, "PAY_WALLET", 0.9, match.start(), match.end())
        if "$" in text:
            for match in _TAG.finditer(text):
                if not _CODE.match(match["tag"]):
                    low, high = max(0, match.start() - _AROUND), match.end() + _AROUND
                    score = 0.9 if _CASHTAG_APPS.search(text, low, high) else 0.3
                    yield self._hit(view, "PAY_HANDLE", score, match.start(), match.end())
        if "@" in text:
            for match in _UPI.finditer(text):
                yield self._hit(view, "PAY_HANDLE", 0.9, match.start(), match.end())
            for match in _AT.finditer(text):
                yield self._hit(view, "PAY_HANDLE", 0.9, *match.span("tag"))
        if "pix" in text or "chave" in text:
            for match in _PIX.finditer(text):
                yield self._hit(view, "PAY_HANDLE", 0.9, *match.span("key"))
        for match in _ALIAS.finditer(text) if "alias" in text else ():
            if self._is_about_money(text, match.start() - 1, match.end()):
                yield self._hit(view, "PAY_HANDLE", 0.85, *match.span("tag"))
        if digits >= 6 and self._any.search(text) is not None:
            yield from self._numbers(view, steps)

    def _ibans(self, view: View, steps: Steps) -> Iterator[Hit]:
        text = view.text
        for match in _IBAN.finditer(text):
            steps.spend(200)
            end, is_checked = _iban_end(match.group())
            if end and (is_checked or "iban" in text or self._is_about_money(text, match.start(), match.end())):
                yield self._hit(view, "PAY_IBAN", 0.95 if is_checked else 0.85, match.start(), match.start() + end)

    def _is_about_money(self, text: str, start: int, end: int) -> bool:
        low, high = max(0, start - _AROUND), end + _AROUND
        return self._moves.search(text, low, high) is not None or self._wallets.search(text, low, high) is not None

    def _numbers(self, view: View, steps: Steps) -> Iterator[Hit]:
        """Numbers of cards and accounts, beside a way to pay and a word for paying."""
        text = view.text
        for run in runs(text):
            count = len(run.digits)
            if text[run.start - 1 : run.start] == "-" and text[run.start - 2 : run.start - 1].isalpha():
                continue
            if not 6 <= count <= 26 or run.is_dull or run.digits in _TEST_CARDS:
                continue
            steps.spend(300)
            near = max(0, run.start - 40)
            wallet = _last(self._wallets.finditer(text, near, run.start))
            account = self._accounts.search(text, near, run.start)
            money = self._moves.search(text, max(0, run.start - 2 * _AROUND), run.end + _AROUND)
            if self._tests.search(text, max(0, run.start - _AROUND), run.end + 30):
                continue
            is_card = (count == 16 and _holds(run.digits) and run.digits[0] in "23456") or (
                count == 16 and (len(run.groups) == 4 or view.mark(run.start, run.end) > 0)
            )
            is_sure = (
                (wallet and (money or count >= 9 or run.start - wallet.end <= 4))
                or (account and money and count >= 8)
                or (is_card and money and (wallet or account))
                or (is_card and account and run.start - account.end <= 3)
            )
            if is_sure and (count >= 8 or wallet is not None) and "." not in "".join(run.gaps):
                yield self._hit(view, "PAY_HANDLE", 0.85, run.start, run.end)
            elif is_card and money:
                yield self._hit(view, "PAY_HANDLE", 0.45, run.start, run.end)

    @staticmethod
    def _hit(view: View, reason: str, score: float, start: int, end: int) -> Hit:
        return Hit(Kind.PAYMENT, "share", reason, score, start, end, view.mark(start, end) > 0)


def _last(found: Iterator[Found]) -> Found | None:
    """The word nearest to what follows."""
    return max(found, key=_end, default=None)


def _end(found: Found) -> int:
    return found.end


def _holds(digits: str) -> bool:
    """Whether the check digit of a card holds (ISO 7812)."""
    doubled = [int(char) * (1 + index % 2) for index, char in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _iban_end(candidate: str) -> tuple[int, bool]:
    """Length of the prefix that has an IBAN's size, and whether its check digits hold (ISO 13616); 0 when none has."""
    compact = ""
    wanted = 0
    for index, char in enumerate(candidate):
        if not char.isalnum():
            continue
        compact += char
        if len(compact) == 4:
            wanted = _IBAN_SIZES.get(compact[:2], 0)
            if not wanted or not compact[2:].isdigit() or compact[2:] in _NO_CHECK:
                return 0, False
        if wanted and len(compact) == wanted:
            digits = "".join(str(int(each, 36)) for each in compact[4:] + compact[:4] if each.isascii())
            return index + 1, int(digits) % 97 == 1
    return 0, False
