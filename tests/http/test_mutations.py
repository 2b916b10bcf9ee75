"""Thousands of mutated requests through the whole HTTP edge: each is answered, or refused in the one error shape.

`CRISIS_GENERATED_CASES` sets the number of cases, another seed for each hundred thousand; the counts are printed, and
too few answers of a kind mean that the mutations no longer reach what they should.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable

import pytest

from api.observe import UnexpectedFailure
from tests.conftest import SHARED
from tests.helpers.mutations import SEEDS, Mutations, recorded
from tests.helpers.service import Service
from tests.http.test_bad_input import error_of

CASES = int(os.environ.get("CRISIS_GENERATED_CASES", "2000"))
ANSWERED = (200, 204, 304)


def ask(service: Service, target: bytes, who: str = "viewer") -> tuple[int, str]:
    """Status and error code of a request of exactly these bytes. Fails for anything unforeseen."""
    service.seen.clear()
    path, _, query = target.partition(b"?")
    answer = service.raw(path, query, who)
    unforeseen = [seen for seen in service.seen if isinstance(seen, UnexpectedFailure)]
    assert not unforeseen, (target, unforeseen)
    if answer.status_code in ANSWERED:
        return answer.status_code, "answered"
    assert answer.status_code != 500, target
    return answer.status_code, str(error_of(answer)["code"])


@pytest.mark.parametrize("target", SEEDS, ids=lambda seed: seed.decode())
def test_seeds_are_valid(service: Service, target: bytes) -> None:
    """Mutations of what is wrong already would only ever see the first error."""
    status, code = ask(service, target)
    assert status in (200, 204) or code == ODD.get(target.partition(b"?")[2][:12], "NotFound" if b"=" in target else "")


ODD = {b"$skiptoken=a": "InvalidPageToken", b"$filter=Call": "InvalidValue"}
"""Seeds that are refused on purpose: the beginnings of their queries and what they answer."""


def test_mutated_requests(service: Service, figure: Callable[[str], None]) -> None:
    seeds = recorded(SHARED) if SHARED.is_dir() else SEEDS
    ours, theirs = iter(Mutations(SEEDS, CASES)), iter(Mutations(seeds, CASES + 1))
    seen = Counter[tuple[int, str]]()
    for number in range(CASES):
        target = next(theirs if number % 3 == 0 else ours)
        seen[ask(service, target, "analyst" if number % 2 else "viewer")] += 1
    figure(f"mutated requests: {CASES}, of {len(seeds) + len(SEEDS)} seeds; answers by status and code:")
    for (status, code), count in sorted(seen.items()):
        figure(f"  {status} {code:18} {count:6}")
    codes = Counter[str]()
    for (_, code), count in seen.items():
        codes[code] += count
    blind = {code: codes[code] for code, share in SHARES.items() if codes[code] < share * CASES}
    assert not blind, f"of {CASES} too few are {blind}"


SHARES = {
    "answered": 0.1,
    "SyntaxError": 0.15,
    "NotFound": 0.05,
    "UnknownName": 0.05,
    "NotImplemented": 0.01,
    "TypeMismatch": 0.004,
    "InvalidValue": 0.001,
    "InvalidPageToken": 0.001,
}
"""The least share of each outcome: with less, the mutations do not reach what they are for."""
