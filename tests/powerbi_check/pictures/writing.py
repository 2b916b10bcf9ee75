"""Both reports -> pictures of every page with what is wrong with them, and the record by which a stale picture is known.

`sheets` draws without writing; `write` leaves PNG under docs/powerbi and `pictures.json` beside them, page -> hash of its
PBIR parts. Called by `python -m tests.powerbi_check.pictures` and by the row of the table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from powerbi.model import build
from tests.conftest import ROOT
from tests.powerbi_check.bench import TEMPLATES
from tests.powerbi_check.city import NOW
from tests.powerbi_check.installing import ask
from tests.powerbi_check.pictures import asking, reading, sheet
from tests.powerbi_check.pictures.grids import City, Grid, grids
from tests.powerbi_check.pictures.look import Look
from tests.powerbi_check.pictures.sheet import Sheet

FOLDER = ROOT / "docs" / "powerbi"
RECORD = FOLDER / "pictures.json"
LOOKED_AT = NOW + timedelta(hours=2)
"""Seven in the morning in the city, two hours after the figures were made."""


def parts(audience: str) -> dict[str, bytes]:
    """The report of an audience as it is committed: path below its folder to bytes."""
    (folder,) = (TEMPLATES / audience).glob("*.Report")
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def digests(audience: str) -> dict[str, str]:
    """File name of each picture of an audience -> hash of the page's parts and of the theme."""
    found = parts(audience)
    theme = json.dumps(reading.theme(found), sort_keys=True).encode()
    pages = reading.pages(found)
    named = {f"{audience}-{page.slug}": page for page in pages}
    named |= {f"{audience}-{page.slug}-phone": page for page in pages if any(v.phone for v in page.visuals)}
    return {f"{name}.png": page.digest(theme) for name, page in sorted(named.items())}


def recorded() -> dict[str, str]:
    """What the pictures that lie there were drawn from."""
    return dict(json.loads(RECORD.read_text("utf-8"))) if RECORD.exists() else {}


def stale(audience: str) -> list[str]:
    """Pictures of an audience that are missing, or drawn from other pages than today's."""
    known = recorded()
    return [
        name for name, digest in digests(audience).items() if known.get(name) != digest or not (FOLDER / name).exists()
    ]


def sheets(audience: str, rows: Path) -> dict[str, Sheet]:
    """Every page of an audience, drawn with the figures of the rows of a file, by the picture's name without its end."""
    found = parts(audience)
    city = City(build.model(audience), json.loads(rows.read_text("utf-8")), LOOKED_AT.replace(tzinfo=None))
    evaluator = asking.Evaluator(city.model, rows, city.now)
    pages = reading.pages(found)
    whole = sheet.Report(city, Look(reading.theme(found)), pages, grids(city, pages, evaluator))
    drawn: dict[str, Sheet] = {}
    for page in pages:
        large = drawn[f"{audience}-{page.slug}"] = sheet.desk(whole, page)
        large.found[sheet.ERROR] += _errors(evaluator, [whole.grids[visual.name] for visual in page.visuals])
        small = sheet.phone(whole, page)
        if small:
            drawn[f"{audience}-{page.slug}-phone"] = small
    return drawn


def _errors(evaluator: asking.Evaluator, shown: list[Grid]) -> list[tuple[str, str]]:
    """The measures of these grids that could not be evaluated."""
    asked = {item.name for grid in shown for item in grid.total}
    return [(f"[{name}]", why) for name, why in sorted(evaluator.errors.items()) if name in asked]


def write(audience: str, drawn: Mapping[str, Sheet], folder: Path = FOLDER) -> None:
    """The pictures, and the record for this audience; pictures of pages that are no more go."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{audience}-*.png"):
        old.unlink()
    ask("svg_to_png.py", {"svgs": {f"{name}.png": each.svg for name, each in drawn.items()}, "folder": str(folder)})
    known = {name: digest for name, digest in recorded().items() if not name.startswith(f"{audience}-")}
    RECORD.write_text(json.dumps(known | digests(audience), indent=2, sort_keys=True) + "\n", "utf-8")
