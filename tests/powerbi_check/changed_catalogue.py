"""A catalogue changed in one place -> the files that the generator makes of it: `python -m ... rename viewer FOLDER`.

A process of its own, because names of the catalogue are read when modules are imported: the change is made before any of
them. What refuses the change, the catalogue's check of itself or the generator, is printed and ends with code 3.
Called by the mutation drill.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import models.catalogue
from models.catalogue import validate
from models.catalogue.types import Catalogue

REFUSED = 3
METRIC, VIEW, COLUMN = "calls_for_service", "DailyCalls", "CallCount"
NEW_NAME = "Calls taken"


def renamed(catalogue: Catalogue) -> Catalogue:
    """A metric goes by another name."""
    metric = replace(catalogue.metrics[METRIC], name=NEW_NAME)
    return replace(catalogue, metrics={**catalogue.metrics, METRIC: metric})


def dropped(catalogue: Catalogue) -> Catalogue:
    """A column is published no longer."""
    view = catalogue.views[VIEW]
    columns = tuple(column for column in view.columns if column.name != COLUMN)
    return replace(catalogue, views={**catalogue.views, VIEW: replace(view, columns=columns, _by_name={})})


CHANGES: dict[str, Callable[[Catalogue], Catalogue]] = {
    "rename": renamed,
    "rename and translate": renamed,
    "drop": dropped,
}


def main(change: str, audience: str, folder: Path) -> int:
    """Change, check, generate, write."""
    changed = CHANGES[change](models.catalogue.CATALOGUE)
    models.catalogue.CATALOGUE = changed
    if faults := validate.problems(changed):
        sys.stdout.write("\n".join(faults))
        return REFUSED
    french = importlib.import_module("powerbi.measures.french")
    if change == "rename and translate":
        french.METRICS[NEW_NAME] = "Appels pris"
    package = importlib.import_module("powerbi.package")
    folders = importlib.import_module("powerbi.package.folders")
    try:
        files = package.project(audience)
    except (KeyError, ValueError) as refusal:
        sys.stdout.write(str(refusal))
        return REFUSED
    folders.write(folder, files)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
