"""Mapping files: finds, reads and checks them. The only way from a name on the command line to a `Mapping`.

Reads the file only. Raises ConfigurationError that names the file and the place in it.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from jobs.source.csv.checking import check
from jobs.source.csv.mapping import Clock, Mapping, Rule, Target, Words
from jobs.source.csv.near import did_you_mean
from models.errors import ConfigurationError

READY = Path(__file__).parents[1] / "mappings"
"""Folder of the mappings that come with the project."""

PARTS = {"clocks": Clock, "codes": Words, "tables": Target}
"""Sections of a mapping file that hold named parts."""


def ready() -> tuple[str, ...]:
    """Names of the mappings that come with the project, sorted."""
    return tuple(sorted(path.stem for path in READY.glob("*.toml")))


def find(name_or_path: str) -> Path:
    """The mapping file that a name or path on the command line means. Raises ConfigurationError."""
    given = Path(name_or_path)
    if given.suffix == ".toml" or given.is_file():
        if given.is_file():
            return given
        raise ConfigurationError(
            f"there is no mapping file {name_or_path}", hint="See the ready ones with: crisis import --list"
        )
    path = READY / f"{name_or_path}.toml"
    if path.is_file():
        return path
    raise ConfigurationError(
        f"there is no mapping {name_or_path!r}{did_you_mean(name_or_path, ready())}",
        hint="See the ready ones with `crisis import --list`, or give the path of a .toml file.",
    )


def load(name_or_path: str) -> Mapping:
    """Read and check a mapping. Raises ConfigurationError naming file and place."""
    path = find(name_or_path)
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path.name} is not TOML: {error}", hint="See docs/import.md for an example."
        ) from error
    content.pop("name", None)
    read = _convert(path.name, content)
    mapping = msgspec.structs.replace(read, name=path.stem)
    problems = check(mapping)
    if problems:
        raise ConfigurationError(
            f"{path.name}: {problems[0]}" + (f" (and {len(problems) - 1} more)" if problems[1:] else ""),
            hint="\n".join(problems[1:6]) or "docs/import.md lists what may stand there.",
        )
    return mapping


def _convert(file: str, content: dict[str, Any]) -> Mapping:
    """The parts first, one by one, so that a fault is named with its place."""
    for section, kind in PARTS.items():
        for name, part in _dict(content.get(section)).items():
            if kind is Target and isinstance(part, dict):
                for column, rule in _dict(part.get("columns")).items():
                    _as(file, f"{section}.{name}.columns.{column}", rule, str | Rule)
            _as(file, f"{section}.{name}", part, kind)
    whole: Mapping = _as(file, "", content, Mapping)
    return whole


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _as(file: str, place: str, value: object, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        words = str(error).removeprefix("Object ").replace("`$.", "`").replace(" - at `$`", "")
        where = f"{file}: {place}: " if place else f"{file}: "
        raise ConfigurationError(f"{where}{words}", hint="docs/import.md lists what may stand there.") from error
