"""The OASIS committee's own grammar cases: all valid ones are read (or are a named 501), all invalid ones answer 400.

Out of scope are the rules of `OUT_OF_SCOPE` and nothing else. `PROTOCOL` has the cases that the grammar lets through
and the text of the standard forbids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from models.errors import CrisisError, SyntaxProblem
from tests.helpers.oasis_judges import JUDGES, OUT_OF_SCOPE, Case, Names, expression, read_cases

pytestmark = pytest.mark.shared

CORE, AGGREGATION = "odata-abnf-testcases.json", "odata-aggregation-testcases.json"
DOUBLED = "an option comes twice: the grammar has no way to forbid it, the protocol (11.2.1) does"
PROTOCOL = {
    "$format=json&$Format=atom&$format=xml&$format=text/html": DOUBLED,
    "$format=JSON&$format=Atom&$format=XML&$format=text/html": DOUBLED,
}


def _status(case: Case, names: Names) -> int:
    try:
        JUDGES[case.rule](case.text, names)
    except CrisisError as error:
        return error.status
    return 200


def _is_right(case: Case, status: int) -> bool:
    return status in (200, 501) if case.is_valid and case.text not in PROTOCOL else status == 400


@pytest.mark.parametrize(("file", "title", "total"), [(CORE, "core", 760), (AGGREGATION, "aggregation", 201)])
def test_every_case_is_accepted_or_refused_as_the_standard_says(
    shared: Path, figure: Callable[[str], None], file: str, title: str, total: int
) -> None:
    names, cases = read_cases(shared / "odata" / "abnf" / file)
    in_scope = [case for case in cases if case.rule not in OUT_OF_SCOPE]
    right, wrong = Counter[str](), list[str]()
    for case in in_scope:
        status = _status(case, names)
        if _is_right(case, status):
            right[{200: "read", 501: "named 501", 400: "refused"}[status]] += 1
        else:
            wrong.append(f"{case.rule} {case.text!r}: {status}")
    scope = " in scope" if title == "core" else ""
    figure(f"OASIS cases, {title}: {right.total()} of {total}{scope}: {dict(right)}")
    if title == "core":
        figure(f"  out of scope: {len(cases) - len(in_scope)} of the rules {', '.join(OUT_OF_SCOPE)}")
        figure(f"  by the protocol, not the grammar: {len(PROTOCOL)}")
    assert not wrong, "\n".join(wrong)
    assert (len(in_scope), right.total()) == (total, total)


def test_each_judge_has_a_case_that_it_refuses_without_its_rule(shared: Path) -> None:
    """A judge that lets everything through would make every valid case right."""
    names, _ = read_cases(shared / "odata" / "abnf" / CORE)
    for rule, judge in JUDGES.items():
        with pytest.raises(CrisisError):
            judge("((=", names)
        assert rule not in OUT_OF_SCOPE


def test_places_of_errors_in_expressions(shared: Path) -> None:
    """Where the standard's cases name the character at which an expression fails, the error names it too."""
    _, cases = read_cases(shared / "odata" / "abnf" / CORE)
    near = []
    for case in cases:
        if case.fails_at is None or JUDGES.get(case.rule) is not expression:
            continue
        with pytest.raises(SyntaxProblem) as caught:
            expression(case.text, Names({}))
        assert caught.value.position is not None
        near.append(abs(caught.value.position - case.fails_at))
    print("distances from the standard's places:", sorted(near))
    assert near
    assert max(near) <= 3
