"""Near matches of a misspelt name, for messages. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def near(word: str, names: Iterable[str]) -> tuple[str, ...]:
    """The one of `names` that is `word` but for case and separators, else up to three that look like it."""
    plain = {_plain(name): name for name in names}
    if _plain(word) in plain:
        return (plain[_plain(word)],)
    return tuple(plain[found] for found in get_close_matches(_plain(word), plain, n=3, cutoff=0.6))


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """`; did you mean 'call_arrival'?`, or nothing."""
    found = near(word, names)
    return f"; did you mean {' or '.join(repr(name) for name in found)}?" if found else ""


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
