"""The row of broken templates: every mutation is found by the judge that it is meant for, whose message names what breaks.

The unmutated project passes the same judges. Called by the table.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from powerbi.model import build
from powerbi.package.folders import read
from powerbi.report import report
from tests.conftest import ROOT
from tests.powerbi_check import model_mutations, mutants, report_mutations
from tests.powerbi_check.bench import Bench
from tests.powerbi_check.changed_catalogue import REFUSED
from tests.powerbi_check.drill_judges import JUDGES
from tests.powerbi_check.mutants import Mutant, Mutation
from tests.powerbi_check.rows import AUDIENCES, Outcome, Row

GENERATOR = "generator"
MUTATIONS = (*model_mutations.MUTATIONS, *report_mutations.MUTATIONS)


def judged(mutation: Mutation, audience: str, bench: Bench) -> list[str]:
    """What the judge says."""
    if mutation.catalogue is None:
        return JUDGES[mutation.judge](changed(mutation, audience), bench)
    folder = bench.folder / f"changed-{audience}-{mutation.catalogue.replace(' ', '-')}"
    command = [sys.executable, "-m", "tests.powerbi_check.changed_catalogue", mutation.catalogue, audience, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == REFUSED:
        return done.stdout.splitlines() if mutation.judge == GENERATOR else []
    assert done.returncode == 0, done.stderr
    return JUDGES[mutation.judge](with_old_report(audience, folder), bench) if mutation.judge != GENERATOR else []


def changed(mutation: Mutation, audience: str) -> Mutant:
    """The project with that fault."""
    model, pages = build.model(audience), report(audience)
    mutant = mutants.made(
        audience,
        mutation.model(model) if mutation.model else model,
        mutation.report(pages) if mutation.report else pages,
    )
    if mutation.files:
        mutation.files(mutant.files)
    return mutant


def with_old_report(audience: str, folder: Path) -> Mutant:
    """A model made anew beside the report that readers have in their hands."""
    mutant = mutants.unchanged(audience)
    anew = {path: content for path, content in read(folder).items() if ".Report/" not in path}
    mutant.files |= anew
    return mutant


def named(mutation: Mutation, messages: list[str]) -> str | None:
    """The first message that names what would break, on one line."""
    return next((" ".join(said.split()) for said in messages if all(text in said for text in mutation.says)), None)


def chosen(audience: str, *, short: bool) -> list[Mutation]:
    """The mutations of an audience."""
    return [each for each in MUTATIONS if audience in each.audiences and (each.short or not short)]


def row(audience: str) -> Row:
    """The row of an audience."""

    def run(bench: Bench) -> Outcome:
        drilled = chosen(audience, short=bench.short)
        lines, missed = [], []
        for each in drilled:
            messages = judged(each, audience, bench)
            found = named(each, messages)
            lines.append(f"{each.kind}, {each.what} -> {each.judge}: {found}")
            if found is None:
                missed.append(f"not found: {each.kind}, {each.what}: {each.judge} said {messages[:3]}")
        judges = sorted({each.judge for each in drilled} - {GENERATOR})
        control = [f"{name}: {said}" for name in judges for said in JUDGES[name](mutants.unchanged(audience), bench)]
        kinds = len({each.kind for each in drilled})
        figure = (
            f"{len(drilled) - len(missed)} of {len(drilled)} found, {kinds} kinds; "
            f"unmutated: {len(control)} findings by {len(judges)} judges"
        )
        remarks = [*(f"unmutated: {said}" for said in control), *missed, *lines]
        return Outcome(figure, not missed and not control, tuple(remarks))

    return Row(f"drill {audience}", "each broken template is found, and the message names what would break", run)


ROWS = tuple(row(audience) for audience in AUDIENCES)
