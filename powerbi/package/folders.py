"""Files by path <-> a folder on the disk, and where two sets of files differ. The only part of `powerbi` that writes.

Called by `python -m powerbi.package` and `crisis powerbi`.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

COMMITTED = Path(__file__).resolve().parents[1] / "templates"
LEFT_ALONE = frozenset({".pbi", "__pycache__"})
"""Folders that Desktop keeps for itself."""
ITEMS = (".SemanticModel", ".Report")


def read(folder: Path) -> dict[str, bytes]:
    """Every file below the folder, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and LEFT_ALONE.isdisjoint(path.relative_to(folder).parts)
    }


def write(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    """Put the files into the folder; the paths that were written or removed.

    What is left of an earlier build inside a model or a report goes: Power BI would read it. Nothing else is touched.
    """
    present = read(folder) if folder.is_dir() else {}
    changed = [path for path, content in files.items() if present.get(path) != content]
    for path in changed:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(files[path])
    items = {top for path in files if (top := item(path))}
    gone = sorted(path for path in set(present) - set(files) if item(path) in items)
    for path in gone:
        (folder / path).unlink()
        _prune((folder / path).parent, folder)
    return [*changed, *gone]


def item(path: str) -> str:
    """The folder of the model or the report that a file belongs to; empty where it belongs to none."""
    parts = path.split("/")
    depth = next((number for number, part in enumerate(parts[:-1], 1) if part.endswith(ITEMS)), 0)
    return "/".join(parts[:depth])


def _prune(folder: Path, top: Path) -> None:
    """Remove a folder that has become empty, and those above it."""
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def differences(present: Mapping[str, bytes], made: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Path and what is different about it, in the order of the paths."""
    for path in sorted({*present, *made}):
        if path not in present:
            yield path, "is not there"
        elif path not in made:
            yield path, "is no longer made"
        elif said := _difference(present[path], made[path]):
            yield path, said


def _difference(present: bytes, made: bytes) -> str | None:
    """Where two files differ; None when they say the same.

    Another zlib packs the same parts into other bytes, so two ZIPs are compared part by part, in order.
    """
    if present == made:
        return None
    if made.startswith(b"PK") and present.startswith(b"PK"):
        return _packed_difference(_members(present), _members(made))
    lines = enumerate(zip(present.split(b"\n"), made.split(b"\n"), strict=False), 1)
    first = next((number for number, (one, other) in lines if one != other), None)
    return f"differs from line {first}" if first else "is longer or shorter"


def _packed_difference(present: dict[str, bytes], made: dict[str, bytes]) -> str | None:
    if list(present) != list(made):
        return "has other parts, or in another order"
    return next((f"differs in its part {name}" for name, content in made.items() if present[name] != content), None)


def _members(packed: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as members:
            return {name: members.read(name) for name in members.namelist()}
    except zipfile.BadZipFile:
        return {}
