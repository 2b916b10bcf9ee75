"""What the clients of the kill drill would notice: answers and walks that are not one whole published version."""

from __future__ import annotations

import pytest

from models.snapshot.manifest import Manifest, ViewFacts
from tests.drill.readers import Clients, Got, Walk, identity, judged, lines, of_rows
from tests.drill.twins import Twins

NIGHT_1, NIGHT_2 = "20260201T090000Z-aaaaaaaaaaaa", "20260202T090000Z-bbbbbbbbbbbb"


def row(number: int, version: str) -> bytes:
    """A row of the view Calls."""
    return f'{{"CallId":{number},"SnapshotId":"{version}"}}'.encode()


ROWS = {version: tuple(row(number, version) for number in (1, 2, 3)) for version in (NIGHT_1, NIGHT_2)}


@pytest.fixture
def twins() -> Twins:
    """Two published nights of three calls each."""
    made = Twins.__new__(Twins)
    made.rows = {(version, "Calls"): rows for version, rows in ROWS.items()}
    made.published = {version: facts(identity(rows), len(rows)) for version, rows in ROWS.items()}
    return made


def facts(found: str, rows: int) -> Manifest:
    """A manifest that says this of Calls."""
    empty = dict.fromkeys(Manifest.__dataclass_fields__)
    return Manifest(**(empty | {"views": {"Calls": ViewFacts(rows, found, "")}}))  # type: ignore[arg-type]


ANSWERS = """
answer                                  | rows       | verdict
one version                             | 1a 2a 3a   | whole
the next version                        | 1b 2b 3b   | whole
two versions                            | 1a 2b 3b   | torn
a row too few                           | 1a 2a      | torn
a row twice                             | 1a 2a 2a   | torn
other order                             | 2a 1a 3a   | torn
no row at all                           |            | torn
a version that nobody published         | 1c 2c 3c   | torn
"""


@pytest.mark.parametrize("line", ANSWERS.strip().splitlines()[1:])
def test_an_answer_is_whole_or_torn(twins: Twins, line: str) -> None:
    _, words, verdict = (cell.strip() for cell in line.split("|"))
    rows = rows_of(words)
    body = b'{"@odata.context":"x","value":[\n' + b",\n".join(rows) + b"\n]}\n"
    clients = Clients("", ("", ""), walks=[Walk("Calls", ROWS[NIGHT_1], 1, 0.0, 1.0)])
    clients.got.append(got(lines(body)))
    found = judged(clients, twins)
    assert (len(found.torn), found.good) == ((0, True) if verdict == "whole" else (1, False))


WALKS = """
walk                 | rows       | versions mixed | rows astray
whole                | 1a 2a 3a   | 0              | 0
changed over amid it | 1a 2a 3b   | 1              | 2
one lost             | 1a 3a      | 0              | 1
one twice            | 1a 1a 2a 3a| 0              | 1
nothing came         |            | 1              | 0
"""


@pytest.mark.parametrize("line", WALKS.strip().splitlines()[1:])
def test_a_walk_is_whole_or_says_what_went_astray(twins: Twins, line: str) -> None:
    _, words, mixed, astray = (cell.strip() for cell in line.split("|"))
    clients = Clients("", ("", ""), walks=[Walk("Calls", rows_of(words), 3, 0.0, 2.0)])
    clients.got.append(got(ROWS[NIGHT_1]))
    clients.events += [(1.0, "kill"), (3.0, "publish")]
    found = judged(clients, twins)
    assert (found.mixed, found.astray, dict(found.over)) == (int(mixed), int(astray), {"kill": 1})
    assert found.good == (int(mixed) + int(astray) == 0)


def test_a_request_that_failed_is_no_success_and_neither_is_silence(twins: Twins) -> None:
    clients = Clients("", ("", ""))
    assert not judged(clients, twins).good
    clients.walks.append(Walk("Calls", ROWS[NIGHT_1], 1, 0.0, 1.0))
    clients.got.append(got(ROWS[NIGHT_1]))
    assert judged(clients, twins).good
    clients.got.append(Got("/odata/v1/Calls", fault="ConnectError"))
    assert judged(clients, twins).failed == ("/odata/v1/Calls: ConnectError",)
    assert not judged(clients, twins).good


def rows_of(words: str) -> tuple[bytes, ...]:
    """`1a 2b` as rows: number and version."""
    names = {"a": NIGHT_1, "b": NIGHT_2, "c": "20260203T090000Z-cccccccccccc"}
    return tuple(row(int(word[0]), names[word[1]]) for word in words.split())


def got(rows: tuple[bytes, ...]) -> Got:
    """Rows of Calls as a client got them."""
    return of_rows("/odata/v1/Calls", "Calls", rows)
