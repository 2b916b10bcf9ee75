"""Excel: the rows on one sheet, what they mean on another. Written row by row in constant memory.

Whole numbers that Excel would round are written as text, and so is a text that it would take for a formula, with an
apostrophe in front. Loaded when the first workbook is asked for. Called by `answer`.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import IO, Any

import xlsxwriter

from api.exports.selection import Selection
from api.exports.text import FORMULA_STARTS
from models.catalogue import CATALOGUE
from models.catalogue.types import Column, Edm
from models.clock import parse_instant
from models.errors import LimitProblem
from models.snapshot.rowtext import quoted

MOST_ROWS = 1_048_575
"""Rows of a sheet without its header."""
EXACT: int | Decimal = 2**53
NARROWEST, WIDEST = 10, 48
FIRST_DAY = "1900-03-01"
"""Excel counts days wrongly before it; such a day is written as text."""
WIDTHS = {Edm.DATE: 12, Edm.INSTANT: 22, Edm.BOOLEAN: 10, Edm.INT32: 12, Edm.INT64: 14, Edm.DECIMAL: 14, Edm.DOUBLE: 14}


def write_excel(chosen: Selection, file: IO[bytes]) -> None:
    """Write a workbook. Raises LimitProblem when the rows do not fit on a sheet."""
    if chosen.rows > MOST_ROWS:
        raise LimitProblem(f"a sheet holds at most {MOST_ROWS} rows", hint="Ask for .csv or .parquet instead.")
    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        },
    )
    book.set_properties({"title": chosen.view.title, "created": parse_instant(chosen.about.as_of)})
    try:
        _rows_sheet(book, chosen)
        _about_sheet(book, chosen)
    finally:
        book.close()


def _rows_sheet(book: Any, chosen: Selection) -> None:
    sheet = book.add_worksheet(chosen.view.name[:31])
    bold = book.add_format({"bold": True, "bottom": 1})
    formats = {
        Edm.DATE: book.add_format({"num_format": "yyyy-mm-dd"}),
        Edm.INSTANT: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"}),
    }
    for place, column in enumerate(chosen.columns):
        sheet.set_column(place, place, _width(column))
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(chosen.columns):
        sheet.write_string(0, place, column.name, bold)
    writers = [_writer(sheet, column, formats.get(column.edm)) for column in chosen.columns]
    sql = chosen.sql([quoted(column.name) for column in chosen.columns])
    number = 0
    for batch in chosen.cursor.stream(sql, chosen.parameters):
        for row in batch:
            number += 1
            for place, (write, value) in enumerate(zip(writers, row, strict=True)):
                if value is not None:
                    write(number, place, value)


def _writer(sheet: Any, column: Column, form: Any) -> Callable[[int, int, Any], None]:
    def text(row: int, place: int, value: str) -> None:
        sheet.write_string(row, place, f"'{value}" if value[:1] and value[0] in FORMULA_STARTS else value)

    def exact(row: int, place: int, value: int | Decimal) -> None:
        if -EXACT < value < EXACT:
            sheet.write_number(row, place, value)
        else:
            sheet.write_string(row, place, str(value))

    def moment(row: int, place: int, value: Any) -> None:
        if value.isoformat() >= FIRST_DAY:
            sheet.write_datetime(row, place, value, form)
        else:
            sheet.write_string(row, place, value.isoformat())

    kinds: dict[Edm, Callable[[int, int, Any], None]] = {
        Edm.STRING: text,
        Edm.BOOLEAN: sheet.write_boolean,
        Edm.INT64: exact,
        Edm.DECIMAL: exact,
        Edm.DATE: moment,
        Edm.INSTANT: moment,
    }
    if column.edm in kinds:
        return kinds[column.edm]
    return sheet.write_number  # type: ignore[no-any-return]


def _about_sheet(book: Any, chosen: Selection) -> None:
    sheet = book.add_worksheet("About")
    bold = book.add_format({"bold": True})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 90)
    sheet.set_column(2, 2, 14)
    about = chosen.about
    lines: list[tuple[str, str, str]] = [
        (chosen.view.title, chosen.view.grain, ""),
        ("As of", about.as_of, "UTC"),
        ("Snapshot", about.version, ""),
    ]
    if about.synthetic:
        lines.append(("Synthetic data", "This is a demonstration: none of these events happened.", ""))
    if about.attribution:
        lines.append(("Sources", about.attribution, ""))
    lines += [("", "", ""), ("Column", "What it holds", "Unit")]
    lines += [(column.name, column.description, column.unit or "") for column in chosen.columns]
    metrics = [metric for metric in CATALOGUE.metrics.values() if metric.view == chosen.view.name]
    if metrics:
        lines += [("", "", ""), ("Figure", "Definition", "Unit")]
        lines += [(f"{metric.number} {metric.name}", metric.definition, metric.unit) for metric in metrics]
    for row, (name, text, unit) in enumerate(lines):
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 1, text, wrap)
        sheet.write_string(row, 2, unit)


def _width(column: Column) -> int:
    wanted = WIDTHS.get(column.edm, min(column.max_length or WIDEST, 30))
    return min(WIDEST, max(NARROWEST, wanted, len(column.name) + 2))
