"""Catalogue, settings and errors -> the pages under docs/reference. `python -m models.documents` writes them,
`--check` fails when a committed page is stale. Touches those pages only; called by make and by a test.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from models import errors, keeping_errors, source_errors
from models.catalogue import CATALOGUE
from models.catalogue.types import Column, Scope, Stage, View
from models.findings import FINDINGS
from models.monitoring import METRICS
from models.settings import ApiSettings, JobSettings, SharedSettings

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
TREE_LINE = re.compile(r"── (\w+) +(?:exit )?(?:\d+ )?([^\n]+)")
MADE = "<!-- Made by `make docs` from the catalogue; do not edit. -->"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines.extend("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows)
    return [*lines, ""]


def views_page() -> list[str]:
    """The data dictionary: every view and column."""
    lines = ["# Views: the data dictionary", "", MADE, ""]
    for view in CATALOGUE.views.values():
        lines += _view(view)
    return lines


def _view(view: View) -> list[str]:
    restricted = ", ".join(part for part in (view.area, view.team) if part) or "none"
    rest = "all rows" if view.scope is Scope.OPEN else "nothing"
    return [
        f"## {view.name}",
        "",
        f"{view.title}. {view.grain}",
        "",
        f"Key: {', '.join(view.key)}. Order: {', '.join(view.order)}. Read by: {', '.join(sorted(view.roles))}.",
        f"Row scope on: {restricted}; a caller restricted otherwise gets {rest}. Fresh: {view.freshness}.",
        "",
        *table(
            ("column", "type", "null", "unit or codes", "handling", "meaning"),
            (
                (column.name, _type(column), "yes" if column.nullable else "", column.codes or column.unit or "",
                 column.sensitivity, column.description)
                for column in view.columns
            ),
        ),
    ]  # fmt: skip


def _type(column: Column) -> str:
    if column.max_length is not None:
        return f"{column.edm}({column.max_length})"
    if column.scale is not None:
        return f"{column.edm}({column.precision},{column.scale})"
    return str(column.edm)


def metrics_page() -> list[str]:
    """Every metric with its definition."""
    lines = ["# Metrics: what each figure means", "", MADE, ""]
    for metric in CATALOGUE.metrics.values():
        value = metric.numerator if metric.denominator is None else f"{metric.numerator} / {metric.denominator}"
        clocks = f"{metric.clock_start} to {metric.clock_stop}" if metric.clock_start else "none"
        lines += [
            f"## {metric.number} {metric.name} (`{metric.id}`)",
            "",
            metric.definition,
            "",
            *table(
                ("part", "value"),
                (
                    ("family", metric.family),
                    ("view", metric.view),
                    ("value", value),
                    ("unit", metric.unit),
                    ("day of", metric.attribution_clock),
                    ("clocks", clocks),
                    ("n missing, n invalid", f"{metric.missing or 'none'}, {metric.invalid or 'none'}"),
                    ("cuts and companions", ", ".join(metric.breakdown) or "none"),
                    ("additivity", metric.additivity),
                    ("mature after", f"{metric.maturity_days} days"),
                    ("target", metric.target or "none"),
                    ("owner, version", f"{metric.owner}, {metric.version}"),
                    ("source", metric.source),
                ),
            ),
        ]
    return lines


def monitoring_page() -> list[str]:
    """Every gauge about the nights."""
    rows = ((f"`{each.name}`", ", ".join(each.labels) or "none", each.says) for each in METRICS)
    return [
        "# Monitoring: what the nights tell Prometheus",
        "",
        MADE,
        "",
        "At the service's `/metrics`, and in the file `CRISIS_METRICS_FILE` that jobs keep current. All are gauges.",
        "Names that end with `_seconds` are moments (seconds since 1970, UTC), except durations: `time() - name` is an",
        "age. What is not known is not there.",
        "",
        "Example rules: [alerts.yml](../alerts.yml).",
        "",
        *table(("name", "labels", "meaning"), rows),
    ]


def codes_page() -> list[str]:
    """Every code list."""
    lines = ["# Codes", "", MADE, ""]
    for codes in CATALOGUE.codes.values():
        rows = ((code.code, code.label, code.description, code.standard_code or "") for code in codes.codes)
        lines += [f"## {codes.name}", "", f"{codes.title}.", "", *table(("code", "label", "meaning", "APCO"), rows)]
    return lines


def access_page() -> list[str]:
    """Roles, and which view each may read."""
    roles = list(CATALOGUE.roles.values())
    return [
        "# Access: who may read what",
        "",
        MADE,
        "",
        *table(
            ("role", "who", "routes beside data"),
            ((role.name, role.description, ", ".join(sorted(role.actions)) or "none") for role in roles),
        ),
        "A view that a role may not read looks as if it did not exist.",
        "",
        *table(
            ("view", *(role.name for role in roles)),
            (
                (view.name, *("yes" if role.name in view.roles else "" for role in roles))
                for view in CATALOGUE.views.values()
            ),
        ),
    ]


def settings_page() -> list[str]:
    """Every setting of every kind of process."""
    lines = [
        "# Settings",
        "",
        MADE,
        "",
        "Environment variables, or a file named by `CRISIS_SETTINGS_FILE` (one `NAME=value` a line).",
        "",
    ]
    shared = set(SharedSettings.model_fields)
    for title, kind in (
        ("All processes", SharedSettings),
        ("The service", ApiSettings),
        ("Jobs and commands", JobSettings),
    ):
        fields = {
            name: field for name, field in kind.model_fields.items() if kind is SharedSettings or name not in shared
        }
        lines += [f"## {title}", ""]
        lines += table(
            ("setting", "default", "meaning"),
            (
                (
                    f"CRISIS_{name.upper()}",
                    "one a core" if name == "queries_in_flight" else _default(field.default),
                    field.description,
                )
                for name, field in fields.items()
            ),
        )
    lines += ["`CRISIS_NOW` (an instant such as `2026-01-31T05:00:00Z`) stops the clock, for drills and replays.", ""]
    return lines


def _default(value: object) -> str:
    return "not set" if value is None or value == () else f"`{value}`"


def checks_page() -> list[str]:
    """Every check of a night: what holds, what happens otherwise, what to do."""
    lines = [
        "# Checks: what must hold before figures are published",
        "",
        MADE,
        "",
        "A check that blocks keeps what is published; the others warn. Ids stand in RefreshStatus, `/readyz`, the "
        "start page, the snapshot's manifest and the run's message.",
        "",
        "A blocking check of the delivery may be accepted by an operator who knows better: `crisis refresh --accept "
        "ID`, more than once where several failed. It is recorded in the night and the run. Checks of the views cannot "
        "be accepted: figures that contradict themselves are a defect. Deliveries of demonstration data "
        "(`crisis_marker.synthetic`) are always accepted.",
        "",
    ]
    for stage, title in ((Stage.DELIVERY, "What the source brought"), (Stage.VIEWS, "The finished figures")):
        lines += [f"## {title}", ""]
        lines += table(
            ("id", "what must hold", "otherwise", "looks at", "what to do"),
            (
                (
                    f"`{check.id}`",
                    f"**{check.title}.** {check.holds[0].upper()}{check.holds[1:]}.",
                    "blocks" if check.blocking else "warns",
                    check.looks_at,
                    check.next_step,
                )
                for check in CATALOGUE.checks.values()
                if check.stage is stage
            ),
        )
    return lines


def errors_page() -> list[str]:
    """Every error code and every finding of the doctor."""
    meanings = dict(TREE_LINE.findall(f"{errors.__doc__}{source_errors.__doc__}{keeping_errors.__doc__}"))
    rows = (
        (cls.code, cls.status, cls.exit_code, meanings.get(cls.__name__, "a family of errors"), cls.default_hint)
        for cls in errors.all_errors()
    )
    return [
        "# Errors and findings",
        "",
        MADE,
        "",
        "HTTP answers carry the status and the code; commands end with the exit code.",
        "",
        *table(("code", "status", "exit", "meaning", "next step"), rows),
        "## What `crisis doctor` can find",
        "",
        *table(("id", "finding", "next step"), ((item.id, item.title, item.next_step) for item in FINDINGS.values())),
    ]


def pages() -> dict[Path, str]:
    """Path -> text of every generated page."""
    made = {
        "views": views_page(),
        "metrics": metrics_page(),
        "codes": codes_page(),
        "access": access_page(),
        "settings": settings_page(),
        "errors": errors_page(),
        "monitoring": monitoring_page(),
        "checks": checks_page(),
    }
    return {FOLDER / f"{name}.md": "\n".join(lines).rstrip() + "\n" for name, lines in made.items()}


def stale() -> list[Path]:
    """Pages whose committed text differs from what would be made now."""
    return [path for path, text in pages().items() if not path.exists() or path.read_text("utf-8") != text]


def main() -> int:
    """Write the pages, or with --check say which are stale."""
    if "--check" in sys.argv:
        old = [path.name for path in stale()]
        if old:
            sys.stderr.write(f"stale: {', '.join(old)}; run `make docs` and commit the result\n")
        return 1 if old else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in pages().items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
