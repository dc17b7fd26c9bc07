"""What a profile is found by."""

import pytest

from greenroom_server.domain.search_terms import (
    AVAILABLE,
    EVERYBODY,
    MOST_WORDS,
    matches,
    profile_terms,
    query_terms,
    words,
)

JONAS = profile_terms("Jonás Wéber", "Senior C++ and C# engineer, node.js", ["Design systems", "R"], is_on=False)


def finds(text: str, *skills: str, is_available: bool = False) -> bool:
    return all(matches(term, JONAS) for term in query_terms(text, skills, is_available=is_available))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("jonas", ["jonas"]),
        ("Lucía  LUCIA", ["lucia"]),
        ("C++ c# .NET node.js", ["c++", "c#", "net", "node", "js"]),
        ("a_b / «x»", ["a", "b", "x"]),
        ("---", []),
    ],
)
def test_words_have_no_case_and_no_accents(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize("text", ["", "jo", "JONAS web", "engineer c++", "node.js", "r", "systems sen"])
def test_each_word_of_a_query_begins_one_of_the_profile(text: str) -> None:
    assert finds(text)


@pytest.mark.parametrize("text", ["onas", "j", "jonas java", "jonass", "c+"])
def test_a_word_that_begins_none_finds_nothing(text: str) -> None:
    assert finds(text) is (text == "c+")


def test_skills_are_compared_as_wholes() -> None:
    assert finds("", "design  SYSTEMS")
    assert finds("jonas", "r", "Design systems")
    assert not finds("", "design")


def test_an_empty_query_asks_for_everybody() -> None:
    assert query_terms(" - ", [], is_available=False) == [EVERYBODY]
    assert query_terms("", [], is_available=True) == [AVAILABLE]
    assert not finds("", is_available=True)


def test_a_profile_of_many_words_is_indexed_by_the_first() -> None:
    terms = profile_terms("Jonas", " ".join(f"word{n}" for n in range(100)), ["logo"], is_on=True)
    assert len(terms) == MOST_WORDS + 3
    assert all(matches(term, terms) for term in query_terms("jonas logo word57", ["logo"], is_available=True))
