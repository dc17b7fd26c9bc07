"""Account names that a label introduces, such as "QQ号" or "Threema-ID", and passcodes behind links to meetings."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from greenroom_server.screening.apps import Mention
from greenroom_server.screening.normalise import View
from greenroom_server.screening.scan import Hit
from greenroom_server.screening.verdict import Kind

_SHAPED: Final = r"(?=[a-z._-]{0,39}\d|[a-z0-9]{2,30}[._][a-z0-9])[a-z][a-z0-9._-]{3,38}[a-z0-9_]"
"""An account name that no word looks like."""
_CHINESE: Final = re.compile(
    r"(?:(?:qq|扣扣)\s?(?:号码?|號碼?|id)?\s?(?:是|为|[:：])?\s?(?P<number>[1-9]\d{5,10})(?![\w@.-])"
    r"|(?:微信|v信|威信|薇信|钉钉|釘釘|飞书|企微)\s?(?:号码?|號碼?|id|账号|帐号)?\s?(?:是|为|叫|[:：])?\s?"
    r"(?P<name>(?=[a-z]{0,20}[\d_-])[a-z][a-z0-9_-]{4,20}[a-z0-9])(?![a-z0-9_@.-]))"
)
_CHINESE_NAMES: Final = re.compile("[信扣钉釘飞企]")
_WXID: Final = re.compile(r"(?<![\w.])wxid_[a-z0-9]{6,24}")
_THREEMA: Final = re.compile(r"\bthreema(?:[\s-]{0,2}id)?\W{1,3}(?P<name>(?=[a-z]{0,7}\d)[a-z0-9*][a-z0-9]{7})(?!\w)")
_ANSWER: Final = re.compile(
    r"[^?\n]{0,14}\?\s{0,2}(?:mine is|mine's|mine|i'm|im|moi c.est|moi|meins ist|meins|ich bin|yo soy|el mio es|soy"
    r"|io sono|il mio e|eu sou|o meu e|moj to|benim|benimki|у меня|мой|я)\s?[:@]?\s?"
    rf"(?P<name>{_SHAPED})(?![\w@-])"
)
"""Who asks whether one has an app, and says at once what one is called there."""
_ALONE: Final = re.compile(
    r"\W{0,4}(?:my |mi |mon |mein |meu )?"
    r"(?:snap|insta|ig|tele|tg|disc|dc|fb|kik|discord|telegram|vk|vb|skype)\W{1,3}"
    rf"(?P<name>{_SHAPED})\W{{0,4}}"
)
"""A text that is an app and a name."""
_PASSCODE: Final = re.compile(
    r"\W{1,4}(?:\w+\W{1,3}){0,2}?"
    r"(?:pass ?code|password|pass|pwd|pw|pin|code|kennwort|passwort|пароль|код|clave|contrasena|senha|codigo"
    r"|mot de passe|haslo|parola|sifre|密码|密碼)"
    r"(?: is| ist| est| es)?\W{0,3}(?P<code>(?=\D{0,11}\d)[a-z0-9]{4,12})(?![\w.])"
)
_CODE_REACH: Final = 60


def find_labelled(view: View, mentions: Sequence[Mention], code: frozenset[str]) -> Iterator[Hit]:
    """Yield the account names whose label leaves no doubt.

    Args:
        view: normalised text.
        mentions: services named in it.
        code: parts of identifiers in code, which no account has.
    """
    text = view.text
    if "qq" in text or (not text.isascii() and _CHINESE_NAMES.search(text)):
        for match in _CHINESE.finditer(text):
            yield _named(view, *match.span(match.lastgroup or 0), Kind.MESSENGER)
    if "wxid_" in text:
        for match in _WXID.finditer(text):
            yield _named(view, *match.span(), Kind.MESSENGER)
    if "threema" in text:
        for match in _THREEMA.finditer(text):
            yield _named(view, *match.span("name"), Kind.MESSENGER)
    alone = _ALONE.fullmatch(text) if mentions and len(text) <= 60 else None
    if alone and not set(re.split("[._]", alone["name"])) & code:
        yield _named(view, *alone.span("name"), mentions[0].kind)
    for mention in mentions if "?" in text else ():
        answer = _ANSWER.match(text, mention.end)
        if answer and mention.kind in (Kind.MESSENGER, Kind.SOCIAL):
            yield _named(view, *answer.span("name"), mention.kind)


def find_passcode(view: View, end: int) -> tuple[int, int] | None:
    """Where the passcode stands that follows a link to a meeting, if one does."""
    match = _PASSCODE.match(view.text, end, end + _CODE_REACH)
    return match.span("code") if match else None


def _named(view: View, start: int, end: int, kind: Kind) -> Hit:
    reason = {Kind.MESSENGER: "MSG_HANDLE", Kind.SOCIAL: "SOCIAL_PROFILE"}.get(kind, "MSG_HANDLE")
    return Hit(kind, "share", reason, 0.9, start, end, view.mark(start, end) > 0, ("ctx:label",))
