"""A wrong name -> the name that was probably meant, among those that the caller may see. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST = 64


def did_you_mean(word: str, names: Iterable[str]) -> str | None:
    """A hint that names the nearest of `names`, or None when none is near; another case is nearest of all."""
    known = list(names)
    same = [name for name in known if name.lower() == word.lower()]
    if same:
        return f"Did you mean {same[0]}? Names are case-sensitive."
    lowered = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word[:_LONGEST].lower(), lowered, n=1, cutoff=0.6)
    return f"Did you mean {lowered[near[0]]}?" if near else None
