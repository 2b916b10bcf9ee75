"""The published JSON schemas beside this file, joined by their `$ref`s: what a part must look like by what it names."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

FOLDER = Path(__file__).with_name("schemas")
ADDRESS = "https://developer.microsoft.com/json-schemas/"
THEME = "reportThemeSchema-2.152.json"


@cache
def registry() -> Registry[Any]:
    """Address -> schema."""
    found = {}
    for path in sorted((FOLDER / "fabric").rglob("*.json")):
        address = ADDRESS + path.relative_to(FOLDER).as_posix()
        content = json.loads(path.read_text("utf-8")) | {"$id": address}
        found[address] = Resource.from_contents(content, default_specification=DRAFT7)
    return Registry().with_resources(found.items())


@cache
def _validator(address: str) -> Draft7Validator:
    return Draft7Validator(registry()[address].contents, registry=registry())


@cache
def _theme_validator() -> Draft7Validator:
    return Draft7Validator(json.loads((FOLDER / THEME).read_text("utf-8")))


def faults(path: str, content: bytes) -> list[str]:
    """What is wrong with a part: its encoding, the schema that it names, or its place in it."""
    if content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return [f"{path}: not UTF-8 without a byte order mark"]
    document = json.loads(content)
    if "/RegisteredResources/" in f"/{path}":
        validator = _theme_validator()
    else:
        address = document.get("$schema", "nothing")
        if address not in registry():
            return [f"{path}: names {address}, which is not among the schemas"]
        validator = _validator(address)
    return [
        f"{path}: {'/'.join(map(str, _deepest(each).absolute_path))}: {_deepest(each).message[:200]}"
        for each in validator.iter_errors(document)
    ]


def _deepest(error: Any) -> Any:
    """The cause inside alternatives that lies deepest: it names the real place."""
    while error.context:
        error = max(error.context, key=lambda each: len(each.absolute_path))
    return error
