"""Values and the model's format strings -> the text that a visual shows, in the model's culture (en-CA).

Pure. Covers what the model's formats use: sections, grouping, decimals, percent, quoted words, dates and times.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

BLANK = "(Blank)"
PATTERN = re.compile(r"[#0][#0,]*(?:\.[#0]+)?")
DATED = re.compile(r'yyyy|yy|MMMM|MMM|MM|mm|dddd|ddd|dd|d|HH|hh|H|h|nn|ss|tt|"[^"]*"|.', re.DOTALL)
PARTS = {
    "yyyy": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "dddd": "%A",
    "ddd": "%a",
    "dd": "%d",
    "HH": "%H",
    "hh": "%H",
    "nn": "%M",
    "ss": "%S",
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?$")


def shown(value: Any, form: str | None, blank: str = "") -> str:
    """The text of a value. Whole numbers and others without a format stand as they are, with two decimals at most."""
    if value is None:
        return blank
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float, Decimal)):
        return number(value, form) if form else f"{round(float(value), 2):g}"
    if isinstance(value, str) and MOMENT.match(value) and form:
        return moment(datetime.fromisoformat(value.removesuffix("Z")), form)
    return str(value)


def number(value: float | Decimal, form: str) -> str:
    """A number by its format: positive;negative;zero."""
    sections = _sections(form)
    if value < 0 and len(sections) > 1:
        return _section(-Decimal(str(value)), sections[1])
    if value == 0 and len(sections) > 2:
        return _section(Decimal(0), sections[2])
    return _section(Decimal(str(value)), sections[0])


def moment(value: datetime, form: str) -> str:
    """A moment by its format; `mm` behind hours is minutes."""
    out, hours = "", False
    for part in DATED.findall(form):
        if part == "mm":
            out += f"{value.minute:02d}" if hours else f"{value.month:02d}"
        elif part in PARTS:
            out += value.strftime(PARTS[part])
        elif part in ("d", "H", "h"):
            out += str(value.day if part == "d" else value.hour)
        else:
            out += part.strip('"')
        hours = hours or part.lower() in ("h", "hh")
    return out


def _sections(form: str) -> list[str]:
    found, quoted = [""], False
    for letter in form:
        quoted ^= letter == '"'
        if letter == ";" and not quoted:
            found.append("")
        else:
            found[-1] += letter
    return found


def _section(value: Decimal, form: str) -> str:
    place = PATTERN.search(re.sub(r'"[^"]*"', lambda quoted: "\0" * len(quoted.group()), form))
    if place is None:
        return _words(form)
    before, pattern, after = form[: place.start()], place.group(), form[place.end() :]
    if "%" in form:
        value *= 100
    whole, _, fraction = pattern.partition(".")
    rounded = value.quantize(Decimal(1).scaleb(-len(fraction)), ROUND_HALF_UP)
    text = f"{rounded:,f}" if "," in whole else f"{rounded:f}"
    optional = len(fraction) - len(fraction.rstrip("#"))
    if optional:
        kept = text[: len(text) - optional]
        text = (kept + text[len(text) - optional :].rstrip("0")).rstrip(".")
    if not whole.strip("#,") and text.startswith("0."):
        text = text[1:]
    return _words(before) + text + _words(after)


def _words(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text.replace('"', ""))
