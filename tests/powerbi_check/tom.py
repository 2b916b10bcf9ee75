"""Microsoft's own words about a semantic model: its object model loads it, its serializer writes the same bytes.

`judged` takes any project folder, so that a broken copy can be shown to fail; the rows take the committed ones.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from tests.powerbi_check.bench import Bench
from tests.powerbi_check.installing import ask
from tests.powerbi_check.rows import AUDIENCES, Outcome, Row

SHOWN = 5
JOINED = re.compile(r"^relationship (\S+)$(?:\n\t.*)*?\n\tfromColumn: (.+)\n\ttoColumn: (.+)$", re.MULTILINE)


def definition(project: Path) -> Path:
    """The folder of TMDL in a project."""
    (found,) = project.glob("*.SemanticModel/definition")
    return found


def document(project: Path) -> str | None:
    """The JSON document inside the project's template; None where there is no template."""
    for template in project.glob("*.pbit"):
        with zipfile.ZipFile(template) as archive:
            return archive.read("DataModelSchema").decode("utf-16-le")
    return None


def spelled(refusal: str, folder: Path) -> str:
    """A refusal in which relationships, which have no name but an identity, are said by the columns that they join."""
    file = folder / "relationships.tmdl"
    written = file.read_text("utf-8") if file.exists() else ""
    for identity, start, end in JOINED.findall(written):
        refusal = refusal.replace(identity, f"{start} -> {end}")
    return refusal


def judged(project: Path) -> Outcome:
    """Loaded, checked, written back and compared."""
    text = document(project)
    answer = ask("tom.py", {"definition": str(definition(project)), "document": text})
    if refusal := answer.get("refused"):
        return Outcome("refused", good=False, remarks=(spelled(refusal, definition(project)),))
    faults, differing, unlike = answer["faults"], answer["differing"], answer["unlike"]
    facts = answer["facts"]
    compared = "no template" if text is None else f"template: {len(unlike)} differences"
    figure = (
        f"{len(faults)} errors; {len(differing)} of {answer['lines']} lines in {answer['files']} files differ; {compared}; "
        f"{facts['tables']} tables, {facts['measures']} measures"
    )
    good = not faults and not differing and not unlike and text is not None
    return Outcome(figure, good, (*faults[:SHOWN], *differing[:SHOWN], *unlike[:SHOWN]))


def row(audience: str) -> Row:
    """The row of an audience."""

    def run(bench: Bench) -> Outcome:
        return judged(bench.project(audience))

    return Row(
        f"tom {audience}",
        "Microsoft's object model loads the TMDL and writes back the same bytes; the template's JSON says the same",
        run,
    )


ROWS = tuple(row(audience) for audience in AUDIENCES)
