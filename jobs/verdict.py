"""The id of a declared check and what was found -> CheckResult, blocking or not as the catalogue says; and what stands.

Pure values. Called by jobs.source and jobs.refresh wherever something is checked.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from difflib import get_close_matches

from models.catalogue import CATALOGUE
from models.catalogue.types import Stage
from models.errors import CheckFailed, ConfigurationError
from models.snapshot.manifest import CheckResult

PASSED, WARNED, FAILED, ACCEPTED = "passed", "warned", "failed", "accepted"
ACCEPTABLE = frozenset(
    check.id for check in CATALOGUE.checks.values() if check.stage is Stage.DELIVERY and check.blocking
)
"""The checks whose failure an operator who knows better may accept."""


def passed(check: str, detail: str = "") -> CheckResult:
    """The check holds; without a detail, what holds stands there."""
    declared = CATALOGUE.checks[check]
    return CheckResult(check, declared.blocking, PASSED, detail or declared.holds)


def broken(check: str, detail: str) -> CheckResult:
    """The check does not hold: failed where it blocks, else warned."""
    blocking = CATALOGUE.checks[check].blocking
    return CheckResult(check, blocking, FAILED if blocking else WARNED, detail)


def verdict(check: str, fault: str, held: str = "") -> CheckResult:
    """Broken with `fault` where there is one, else passed."""
    return broken(check, fault) if fault else passed(check, held)


def acceptable(checks: Collection[str]) -> frozenset[str]:
    """The ids as a set. Raises ConfigurationError for one that is none, or that nobody may accept."""
    allowed = ", ".join(sorted(ACCEPTABLE))
    for name in sorted(set(checks) - ACCEPTABLE):
        declared = CATALOGUE.checks.get(name)
        if declared is None:
            near = get_close_matches(name, CATALOGUE.checks, 1)
            hint = f"Did you mean {near[0]}?" if near else f"These may be accepted: {allowed}."
            raise ConfigurationError(f"there is no check {name!r}", hint=hint)
        why = (
            "does not block"
            if not declared.blocking
            else "is about finished figures, which must not contradict themselves"
        )
        raise ConfigurationError(f"{name} cannot be accepted: it {why}", hint=f"These may be accepted: {allowed}.")
    return frozenset(checks)


def standing(checks: Sequence[CheckResult], accepted: Collection[str]) -> tuple[CheckResult, ...]:
    """The checks, with those that failed and were accepted marked so: they stand in the night and block nothing."""
    return tuple(
        replace(found, blocking=False, outcome=ACCEPTED)
        if found.check in accepted and found.outcome == FAILED
        else found
        for found in checks
    )


def refuse(checks: Sequence[CheckResult]) -> None:
    """Raises CheckFailed, with title and detail of each, where a blocking check failed."""
    failed = [found for found in checks if found.blocking and found.outcome == FAILED]
    if failed:
        raise CheckFailed(f"What is published stays. {' '.join(map(sentence, failed))}")


def sentence(found: CheckResult) -> str:
    """What was found, for people: title, id, detail."""
    declared = CATALOGUE.checks.get(found.check)
    return f"{declared.title if declared else 'A check failed'} ({found.check}): {found.detail}."
