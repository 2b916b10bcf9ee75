"""Addresses that are nearly right: a valid one with a few characters, tokens, names or encodings changed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from urllib.parse import quote

from tests.conformance.grammar.names import NAMES

_PIECES = (
    *(
        "'",
        '"',
        "(",
        ")",
        ",",
        "/",
        "$",
        "@",
        "=",
        ";",
        ":",
        "%20",
        " ",
        "+",
        "-",
        ".",
        "*",
        "[",
        "]",
        "%7B",
        "%7D",
        "%27",
        "%22",
    ),
    *(
        "%20eq%20",
        "%20and%20",
        "not%20",
        "null",
        "INF",
        "$it",
        "$count",
        "%20as%20",
        "%20with%20sum",
        "%20asc",
        "any()",
        "$these",
    ),
    *(
        "%2F",
        "%2C",
        "%3B",
        "%28",
        "%29",
        "%24",
        "%40",
        "%3D",
        "%23",
        "%26",
        "%2B",
        "%00",
        "%C3%A9",
        "%09",
        "0",
        "_",
        "é",
        "1e5",
    ),
)
_TOKEN = re.compile(r"%[0-9A-Fa-f]{2}|\w+|.", re.DOTALL)
_NAME = re.compile(r"(?<![%\w])[A-Za-z_]\w*")
_EVERY_NAME = tuple(name for names in NAMES.values() for name in names)


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)


def _insert(text: str, random_: random.Random, _other: str) -> str:
    place = random_.randrange(len(text) + 1)
    return text[:place] + random_.choice(_PIECES) + text[place:]


def _delete(text: str, random_: random.Random, _other: str) -> str:
    place = random_.randrange(len(text))
    return text[:place] + text[place + random_.choice((1, 1, 1, 2, 3)) :]


def _replace(text: str, random_: random.Random, _other: str) -> str:
    place = random_.randrange(len(text))
    return text[:place] + random_.choice(_PIECES) + text[place + 1 :]


def _swap(text: str, random_: random.Random, _other: str) -> str:
    place = random_.randrange(len(text))
    return text[:place] + text[place + 1 : place + 2] + text[place : place + 1] + text[place + 2 :]


def _without_token(text: str, random_: random.Random, _other: str) -> str:
    tokens = _tokens(text)
    del tokens[random_.randrange(len(tokens))]
    return "".join(tokens)


def _token_twice(text: str, random_: random.Random, _other: str) -> str:
    tokens = _tokens(text)
    place = random_.randrange(len(tokens))
    return "".join((*tokens[: place + 1], *tokens[place:]))


def _splice(text: str, random_: random.Random, other: str) -> str:
    """A few tokens of another text instead of some of this one."""
    tokens, others = _tokens(text), _tokens(other)
    place, taken = random_.randrange(len(tokens)), random_.randrange(len(others))
    length, count = random_.randrange(4), random_.randrange(1, 6)
    return "".join((*tokens[:place], *others[taken : taken + count], *tokens[place + length :]))


def _other_name(text: str, random_: random.Random, _other: str) -> str:
    """Another name of the model, perhaps of another kind."""
    found = [match.span() for match in _NAME.finditer(text)]
    if not found:
        return _insert(text, random_, text)
    start, end = random_.choice(found)
    return text[:start] + random_.choice(_EVERY_NAME) + text[end:]


def _encode(text: str, random_: random.Random, _other: str) -> str:
    place = random_.randrange(len(text))
    character = text[place]
    encoded = quote(character, safe="") if not character.isalnum() else f"%{ord(character):02X}"
    return (
        text[:place]
        + (encoded if len(encoded) > 1 and ord(character) < 128 else f"%{ord('-'):02X}")
        + text[place + 1 :]
    )


def _decode(text: str, random_: random.Random, _other: str) -> str:
    found = [
        match for match in re.finditer(r"%([2-7][0-9A-Fa-f])", text) if match[1].upper() not in ("23", "25", "26", "7F")
    ]
    if not found:
        return _swap(text, random_, text)
    chosen = random_.choice(found)
    return text[: chosen.start()] + chr(int(chosen[1], 16)) + text[chosen.end() :]


def _another_case(text: str, random_: random.Random, _other: str) -> str:
    tokens = _tokens(text)
    place = random_.randrange(len(tokens))
    tokens[place] = tokens[place].swapcase()
    return "".join(tokens)


def _as_clients_write(text: str, random_: random.Random, _other: str) -> str:
    """Forms that the grammar does not know and clients send."""
    place, form = random_.choice(
        (
            ("%20", "+"),
            ("not%20(", "not("),
            ("not%20", "not+"),
            (",", ",%20"),
            (")/", ")%20/"),
            (")/", ")/ "),
            ("&", "&&"),
        )
    )
    return text.replace(place, form) if place in text else f"{text}%20"


MUTATIONS: tuple[Callable[[str, random.Random, str], str], ...] = (
    *(_insert, _delete, _replace, _swap, _without_token, _token_twice, _splice, _splice, _other_name, _other_name),
    *(_encode, _decode, _another_case, _as_clients_write),
)


def mutated(text: str, random_: random.Random, other: str) -> str:
    """`text` with one to three changes."""
    for _ in range(random_.choice((1, 1, 1, 2, 3))):
        if not text:
            break
        text = random_.choice(MUTATIONS)(text, random_, other)
    return text
