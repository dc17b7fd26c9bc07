"""The sentences in other languages: complete, of one form, and found by any language tag."""

import json
import re
import unicodedata
from pathlib import Path
from string import Formatter

import pytest

from greenroom_protocol.codes import ERRORS
from greenroom_protocol.locale import sentence
from greenroom_protocol.sentences import HINTS, KINDS, english
from greenroom_server.screening.verdict import Kind
from greenroom_server.usecases.redaction import KIND as MODERATED

PROTOCOL = Path(__file__).parents[2] / "protocol"
FILES = sorted((PROTOCOL / "locales").glob("*.json"))
LANGUAGES = [path.stem for path in FILES if path.stem != "en"]
TABLES: dict[str, dict[str, str]] = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FILES}
ENGLISH = english()

ALIKE_ANYWHERE = {"kind.website"}
"""Keys whose word some languages took from English."""

LONGEST = 160
"""Characters that fit a line of a push notification."""

KEPT = re.compile(r"`connect`|\bcid\b|\bUUIDv7\b|\bConnects\b|\bJSON\b|\bMessagePack\b")
"""Names that are the same in every language."""

NUMBER = re.compile(r"\d+(?:[ .,\u00a0\u202f]\d{3})*")


def parameters(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def numbers(text: str) -> list[str]:
    return sorted(re.sub(r"\D", "", number) for number in NUMBER.findall(text))


def scripts(word: str) -> set[str]:
    return {unicodedata.name(letter).split()[0] for letter in word if letter.isalpha()}


def test_the_page_lists_every_language() -> None:
    page = (PROTOCOL / "spec" / "locales.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE)) == sorted(TABLES)


def test_every_hint_of_a_code_has_a_sentence() -> None:
    assert {row.hint for row in ERRORS.values() if row.hint} <= set(HINTS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_files_have_one_form(path: Path) -> None:
    """A key given twice, another order of keys or escaped letters show up here."""
    assert path.read_text(encoding="utf-8") == json.dumps(TABLES[path.stem], indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_keys_are_those_of_english_in_its_order(lang: str) -> None:
    assert list(TABLES[lang]) == list(ENGLISH)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_parameters_are_those_of_english(lang: str) -> None:
    assert {key: parameters(text) for key, text in TABLES[lang].items()} == {
        key: parameters(text) for key, text in ENGLISH.items()
    }


@pytest.mark.parametrize("lang", LANGUAGES)
def test_numbers_and_names_are_those_of_english(lang: str) -> None:
    for key, text in TABLES[lang].items():
        assert numbers(text) == numbers(ENGLISH[key]), key
        assert set(KEPT.findall(text)) == set(KEPT.findall(ENGLISH[key])), key


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_is_left_in_english(lang: str) -> None:
    assert {key for key, text in TABLES[lang].items() if text == ENGLISH[key]} <= ALIKE_ANYWHERE


@pytest.mark.parametrize("lang", TABLES)
def test_sentences_are_short_and_printable(lang: str) -> None:
    for key, text in TABLES[lang].items():
        assert 0 < len(text) <= LONGEST, key
        assert text == unicodedata.normalize("NFC", text.strip()), key
        assert "  " not in text, key
        assert {unicodedata.category(letter) for letter in text}.isdisjoint({"Cc", "Cf", "Co", "Cn"}), key


@pytest.mark.parametrize("lang", LANGUAGES)
def test_sentences_end_as_in_english(lang: str) -> None:
    """What is a sentence in English is one everywhere; what is a word to stand beside something stays one."""
    ended = {key for key, text in TABLES[lang].items() if text.endswith((".", "。"))}
    assert ended == {key for key, text in ENGLISH.items() if text.endswith(".")}


@pytest.mark.parametrize("lang", TABLES)
def test_no_word_mixes_scripts(lang: str) -> None:
    """A Latin letter in a Cyrillic word looks right and cannot be searched for."""
    words = {word for text in TABLES[lang].values() for word in re.findall(r"\w+", text)}
    assert {word for word in words if len(scripts(word)) > 1} == set()


@pytest.mark.parametrize("tag", ["pt", "PT", "pt-BR", "pt_BR", "pt-Latn-BR"])
def test_a_tag_finds_its_base_language(tag: str) -> None:
    assert sentence("perm.denied", tag) == TABLES["pt"]["perm.denied"]


@pytest.mark.parametrize("tag", ["hi-Latn", "hi_latn", "hi-Latn-IN"])
def test_a_script_has_a_file_of_its_own(tag: str) -> None:
    assert sentence("perm.denied", tag) == TABLES["hi-Latn"]["perm.denied"]


@pytest.mark.parametrize("tag", ["fil", "fil-PH", "FIL_ph"])
def test_filipino_is_found_by_its_other_code(tag: str) -> None:
    assert sentence("perm.denied", tag) == TABLES["tl"]["perm.denied"]


def test_every_kind_of_finding_has_a_word() -> None:
    assert {kind.value for kind in Kind} | {MODERATED} == set(KINDS)


@pytest.mark.parametrize("tag", ["", "hi", "xx", "-", "../locales/es", "es.json", "e\u0455", "x" * 10_000])
def test_any_other_tag_means_english(tag: str) -> None:
    assert sentence("perm.denied", tag) == ENGLISH["perm.denied"]


@pytest.mark.parametrize("lang", TABLES)
def test_every_sentence_can_be_filled_in(lang: str) -> None:
    for key, text in ENGLISH.items():
        values = {name: f"<{name}>" for name in parameters(text)}
        assert all(value in sentence(key, lang, **values) for value in values.values()), key


def test_a_missing_parameter_is_an_error() -> None:
    with pytest.raises(KeyError, match="at"):
        sentence("data.invitation.already_answered", "es")


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"no\.such"):
        sentence("no.such", "es")
