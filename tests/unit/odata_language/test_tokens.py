"""Query strings and tokens: decoding once, splitting before decoding, places in the decoded text."""

from __future__ import annotations

import pytest

from api.odata.language.literals import Kind
from api.odata.language.tokens import T, Token, decode, split_query, token_at
from models.errors import SyntaxProblem


def tokenize(text: str, target: str | None = None) -> list[Token]:
    found = [token_at(text, 0, target)]
    while found[-1].type is not T.END:
        found.append(token_at(text, found[-1].end, target))
    return found


def test_percent_decoding_happens_exactly_once() -> None:
    assert decode("a%2541%27") == "a%41'"
    assert decode("%C3%A9%F0%9F%91%8D") == "é👍"


def test_a_plus_stays_a_plus() -> None:
    assert decode("a+b%2Bc") == "a+b+c"


@pytest.mark.parametrize(
    ("raw", "position"), [("ab%", 2), ("a%2", 1), ("%zz", 0), ("ab%C3", 2), ("x%41%ff", 4), ("\ud800", 0)]
)
def test_broken_encoding_names_the_place(raw: str, position: int) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        decode(raw, "$filter")
    assert (caught.value.position, caught.value.target) == (position, "$filter")


def test_the_query_is_split_before_it_is_decoded() -> None:
    parts = split_query("%24filter=A%26B%3DC&&@p=1=2&flag")
    assert parts == (("$filter", "A%26B%3DC"), ("@p", "1=2"), ("flag", None))


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("'a''b'", Kind.STRING, "a'b"),
        ("''", Kind.STRING, ""),
        ("duration'PT1H'", Kind.DURATION, "PT1H"),
        ("2026-01-31", Kind.DATE, "2026-01-31"),
        ("2026-01-31T05:00Z", Kind.INSTANT, "2026-01-31T05:00Z"),
        ("2026-01-31T05:00:00.1234567-05:00", Kind.INSTANT, "2026-01-31T05:00:00.1234567-05:00"),
        ("05:00:00.5", Kind.TIME, "05:00:00.5"),
        ("01234567-89ab-cdef-0123-456789abcdef", Kind.GUID, "01234567-89ab-cdef-0123-456789abcdef"),
        ("-42", Kind.DOUBLE, "-42"),
        ("+4.2e-3", Kind.DOUBLE, "+4.2e-3"),
        ("-INF", Kind.DOUBLE, "-INF"),
    ],
)
def test_literals(text: str, kind: Kind, value: str) -> None:
    token, end = tokenize(text)
    assert (token.type, token.kind, token.text, token.start, token.end) == (T.LITERAL, kind, value, 0, len(text))
    assert end.type is T.END


def test_white_space_is_a_property_of_the_next_token() -> None:
    assert [(token.text, token.start, token.spaced) for token in tokenize("a \t(b,c) ")] == [
        ("a", 0, False),
        ("(", 3, True),
        ("b", 4, False),
        (",", 5, False),
        ("c", 6, False),
        (")", 7, False),
        ("", 9, True),
    ]


@pytest.mark.parametrize(
    ("text", "position", "hint"),
    [
        ("At gt datetime'2026-01-01T00:00:00'", 6, "2026-01-31T05:00:00Z"),
        ("At gt datetimeoffset'2026-01-01T00:00:00Z'", 6, "2026-01-31T05:00:00Z"),
        ("Id eq guid'01234567-89ab-cdef-0123-456789abcdef'", 6, "without quotes"),
        ("T eq time'PT1H'", 5, "duration'PT5H'"),
        ("B eq X'00ff'", 5, "binary'"),
        ("A eq foo'bar'", 5, "single quotes"),
        ("A eq 5L", 5, "without L, M, D or F"),
        ("A eq 1.5M", 5, "without L, M, D or F"),
        ("At gt 2026-01-01T00:00:00", 6, "offset"),
        ("Day gt 2026-01-01Z", 7, "2026-01-31"),
        ("A eq 'open", 5, "written twice"),
        ('A eq "open', 5, "single quotes"),
        ("A eq 5 # 3", 7, "single quotes"),
        ("A eq 42.", 5, "4.2"),
    ],
)
def test_what_is_no_token_says_what_to_write(text: str, position: int, hint: str) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        tokenize(text, "$filter")
    assert caught.value.position == position
    assert caught.value.hint is not None
    assert hint in caught.value.hint
    assert caught.value.target == "$filter"


def test_names_have_at_most_128_characters() -> None:
    tokenize("a" * 128)
    with pytest.raises(SyntaxProblem):
        tokenize("a" * 129)
