"""Reads a CSDL document, XML or JSON, into one neutral form, written from the CSDL specifications and not from our writers.

`of_xml` and `of_json` give fact -> value, such as ("Area", "AreaId", "MaxLength") -> 64 or
("Area", "@Org.OData.Core.V1.Description") -> "Areas"; two documents say the same when their facts are equal.
An enumeration member is its bare name, as JSON has it; numbers are Decimal, so that 0 is 0.0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from lxml import etree

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
EDMX = "{http://docs.oasis-open.org/odata/ns/edmx}"
Facts = dict[tuple[str, ...], Any]
NUMBERS = ("MaxLength", "Precision", "Scale")


def of_xml(text: bytes) -> Facts:
    """The facts of a CSDL XML document."""
    return _once(_xml(etree.fromstring(text)))


def of_json(text: bytes) -> Facts:
    """The facts of a CSDL JSON document."""
    return _once(_json(json.loads(text, parse_int=Decimal, parse_float=Decimal)))


def _once(facts: Iterator[tuple[tuple[str, ...], Any]]) -> Facts:
    made: Facts = {}
    for place, value in facts:
        assert place not in made, f"{place} is said twice"
        made[place] = value
    return made


def _xml(root: etree._Element) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield ("Version",), root.get("Version")
    for reference in root.iter(f"{EDMX}Reference"):
        for include in reference.iter(f"{EDMX}Include"):
            location = str(reference.get("Uri")).rpartition(".")[0]
            yield ("Reference", str(include.get("Namespace"))), (location, include.get("Alias"))
    for schema in root.iter(f"{EDM}Schema"):
        yield from _notes((), schema)
        yield ("Namespace",), schema.get("Namespace")
        for item in schema:
            name = str(item.get("Name"))
            if item.tag == f"{EDM}EntityType":
                yield (name, "Kind"), "EntityType"
                yield (name, "Key"), [ref.get("Name") for ref in item.iter(f"{EDM}PropertyRef")]
                yield from _members(name, item)
            elif item.tag == f"{EDM}EntityContainer":
                yield ("Container",), f"{schema.get('Namespace')}.{name}"
                yield (name, "Kind"), "EntityContainer"
                yield from _notes((name,), item)
                for entity_set in item.iter(f"{EDM}EntitySet"):
                    yield from _set(name, entity_set)
            else:
                assert item.tag == f"{EDM}Annotation", item.tag


def _members(name: str, entity: etree._Element) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield from _notes((name,), entity)
    for item in entity.iter(f"{EDM}Property", f"{EDM}NavigationProperty"):
        place = (name, str(item.get("Name")))
        yield (*place, "Kind"), etree.QName(item).localname
        yield (*place, "Type"), item.get("Type")
        yield (*place, "Nullable"), item.get("Nullable", "true") == "true"
        for facet in NUMBERS:
            if item.get(facet) is not None:
                yield (*place, facet), Decimal(str(item.get(facet)))
        for pair in item.iter(f"{EDM}ReferentialConstraint"):
            yield (*place, "Constraint", str(pair.get("Property"))), pair.get("ReferencedProperty")
        yield from _notes(place, item)


def _set(container: str, item: etree._Element) -> Iterator[tuple[tuple[str, ...], Any]]:
    place = (container, str(item.get("Name")))
    yield (*place, "EntityType"), item.get("EntityType")
    for binding in item.iter(f"{EDM}NavigationPropertyBinding"):
        yield (*place, "Binding", str(binding.get("Path"))), binding.get("Target")
    yield from _notes(place, item)


def _notes(place: tuple[str, ...], item: etree._Element) -> Iterator[tuple[tuple[str, ...], Any]]:
    for note in item.findall(f"{EDM}Annotation"):
        qualifier = f"#{note.get('Qualifier')}" if note.get("Qualifier") else ""
        yield (*place, f"@{note.get('Term')}{qualifier}"), _attribute(note)


def _attribute(holder: etree._Element) -> Any:
    """The value that an Annotation or PropertyValue carries, in an attribute or as its one element."""
    found = [(name, text) for name, text in holder.attrib.items() if name not in ("Term", "Qualifier", "Property")]
    if found:
        ((kind, text),) = found
        return _scalar(str(kind), str(text))
    (inner,) = holder
    return _element(inner)


def _element(item: etree._Element) -> Any:
    kind = etree.QName(item).localname
    if kind == "Collection":
        return [_element(inner) for inner in item]
    if kind == "Record":
        return {value.get("Property"): _attribute(value) for value in item}
    return _scalar(kind, item.text or "")


def _scalar(kind: str, text: str) -> Any:
    readers = {
        "String": str,
        "PropertyPath": str,
        "Bool": {"true": True, "false": False}.__getitem__,
        "Int": Decimal,
        "Decimal": Decimal,
        "EnumMember": lambda members: members.rpartition("/")[2],
    }
    return readers[kind](text)


def _json(document: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield ("Version",), document["$Version"]
    aliases = {}
    for location, reference in document["$Reference"].items():
        for include in reference["$Include"]:
            aliases[include["$Alias"]] = include["$Namespace"]
            yield ("Reference", include["$Namespace"]), (location.rpartition(".")[0], include["$Alias"])
    if "$EntityContainer" in document:
        yield ("Container",), document["$EntityContainer"]
    (namespace,) = [name for name in document if not name.startswith("$")]
    yield ("Namespace",), namespace
    yield from _terms((), document[namespace], aliases)
    for name, item in document[namespace].items():
        if name.startswith("@"):
            continue
        yield (name, "Kind"), item["$Kind"]
        if item["$Kind"] == "EntityType":
            yield (name, "Key"), item["$Key"]
        yield from _terms((name,), item, aliases)
        for inner, value in item.items():
            if inner[0] not in "$@":
                yield from _inner((name, inner), value, aliases)


def _inner(
    place: tuple[str, ...], item: dict[str, Any], aliases: dict[str, str]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield from _terms(place, item, aliases)
    if item.get("$Collection"):
        yield (*place, "EntityType"), item["$Type"]
        for path, target in item.get("$NavigationPropertyBinding", {}).items():
            yield (*place, "Binding", path), target
        return
    yield (*place, "Kind"), item.get("$Kind", "Property")
    yield (*place, "Type"), item.get("$Type", "Edm.String")
    yield (*place, "Nullable"), item.get("$Nullable", False)
    for facet in NUMBERS:
        if f"${facet}" in item:
            yield (*place, facet), item[f"${facet}"]
    for here, there in item.get("$ReferentialConstraint", {}).items():
        yield (*place, "Constraint", here), there


def _terms(
    place: tuple[str, ...], item: dict[str, Any], aliases: dict[str, str]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in item.items():
        if name.startswith("@"):
            prefix, _, term = name[1:].rpartition(".")
            yield (*place, f"@{aliases[prefix]}.{term}"), value
