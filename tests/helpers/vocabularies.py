"""The OASIS vocabularies, read far enough to judge an annotation: does its term exist, belong there and have that value?

`judged(shared, document)` gives the number of annotations in a CSDL XML document and a sentence for each fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
WRITTEN_AS = {
    "Edm.String": "String",
    "Edm.Boolean": "Bool",
    "Edm.Byte": "Int",
    "Edm.Int32": "Int",
    "Edm.Int64": "Int",
    "Edm.Decimal": "Decimal",
    "Edm.PropertyPath": "PropertyPath",
}
"""Type -> the one constant expression that carries it (OData CSDL XML 4.01, section 14.3)."""


class Vocabularies:
    """Terms and types by qualified name."""

    def __init__(self, shared: Path) -> None:
        self.terms: dict[str, etree._Element] = {}
        self.types: dict[str, etree._Element] = {}
        self.aliases: dict[str, str] = {}
        for path in sorted((shared / "odata" / "vocabularies").glob("*.xml")):
            for schema in etree.parse(str(path)).getroot().iter(f"{EDM}Schema"):
                self.aliases[schema.get("Alias")] = schema.get("Namespace")
                for item in schema:
                    kind = self.terms if item.tag == f"{EDM}Term" else self.types
                    if item.get("Name"):
                        kind[f"{schema.get('Namespace')}.{item.get('Name')}"] = item

    def full(self, name: str) -> str:
        """A name with its namespace instead of the alias."""
        prefix, _, rest = name.rpartition(".")
        return f"{self.aliases.get(prefix, prefix)}.{rest}"

    def properties(self, name: str) -> dict[str, etree._Element]:
        """The properties of a record type, inherited ones too."""
        item = self.types[self.full(name)]
        base = self.properties(item.get("BaseType")) if item.get("BaseType") else {}
        return base | {str(part.get("Name")): part for part in item.findall(f"{EDM}Property")}

    def faults(self, note: etree._Element) -> Iterator[str]:
        """What is wrong with an annotation."""
        name = str(note.get("Term"))
        term = self.terms.get(name)
        if term is None:
            yield f"{name} is no term"
            return
        place = note.getparent()
        element = etree.QName(place).localname
        if element not in (term.get("AppliesTo") or element).split():
            yield f"{name} does not belong on {element}"
        for tag in term.iterfind(f"{EDM}Annotation[@Term='Core.RequiresType']"):
            if place.get("Type") != tag.get("String"):
                yield f"{name} does not belong on {place.get('Type')}"
        declared = str(term.get("Type"))
        yield from self.value(note, place.get("Type") if declared == "Edm.PrimitiveType" else declared, name)

    def value(self, holder: etree._Element, declared: str, where: str) -> Iterator[str]:
        """What is wrong with the value that `holder` carries in an attribute or as its element, given its type."""
        if declared.startswith("Collection("):
            if [item.tag for item in holder] != [f"{EDM}Collection"]:
                yield f"{where} is no collection"
                return
            for item in holder[0]:
                yield from self.member(item, declared.removeprefix("Collection(").rstrip(")"), where)
            return
        kind = self.written_as(declared)
        if kind is None:
            if [item.tag for item in holder] != [f"{EDM}Record"]:
                yield f"{where} is no record"
            else:
                yield from self.record(holder[0], declared, where)
        elif holder.get(kind) is None or len(holder) or set(holder.attrib) - {kind, "Term", "Qualifier", "Property"}:
            yield f"{where} is not written as {kind}"
        else:
            yield from self.text(str(holder.get(kind)), declared, where)

    def member(self, item: etree._Element, declared: str, where: str) -> Iterator[str]:
        """What is wrong with a member of a collection."""
        kind = self.written_as(declared)
        if etree.QName(item).localname != (kind or "Record"):
            yield f"a member of {where} is not written as {kind or 'Record'}"
        elif kind is None:
            yield from self.record(item, declared, where)
        else:
            yield from self.text(item.text or "", declared, where)

    def written_as(self, declared: str) -> str | None:
        """The constant expression of a type; None for a record type."""
        if declared == "Edm.PrimitiveType":  # of a record's property: a text, here
            return "String"
        if declared in WRITTEN_AS:
            return WRITTEN_AS[declared]
        item = self.types[self.full(declared)]
        if item.tag == f"{EDM}TypeDefinition":
            return WRITTEN_AS[str(item.get("UnderlyingType"))]
        return "EnumMember" if item.tag == f"{EDM}EnumType" else None

    def text(self, text: str, declared: str, where: str) -> Iterator[str]:
        """What is wrong with a constant: no member of the enumeration, none of the allowed values."""
        item = self.types.get(self.full(declared))
        if item is None:
            return
        if item.tag == f"{EDM}EnumType":
            kind, _, member = text.partition("/")
            if kind != self.full(declared) or member not in {part.get("Name") for part in item.findall(f"{EDM}Member")}:
                yield f"{where} is no member of {declared}"
            return
        allowed = item.xpath(
            "e:Annotation[@Term='Validation.AllowedValues']//e:PropertyValue[@Property='Value']/@String",
            namespaces={"e": EDM.strip("{}")},
        )
        if allowed and text not in allowed:
            yield f"{where} may not be {text}"

    def record(self, record: etree._Element, declared: str, where: str) -> Iterator[str]:
        """What is wrong with a record: a property that the type has not, a value of another type, a property that lacks."""
        known = self.properties(declared)
        values = {str(value.get("Property")): value for value in record}
        for name, value in values.items():
            if value.tag != f"{EDM}PropertyValue" or name not in known:
                yield f"{where} has no {name}"
            else:
                yield from self.value(value, str(known[name].get("Type", "Edm.String")), f"{where}/{name}")
        for name, part in known.items():
            may_lack = part.get("Nullable") != "false" or part.get("DefaultValue") is not None
            if not may_lack and not str(part.get("Type")).startswith("Collection(") and name not in values:
                yield f"{where} lacks {name}"


def judged(shared: Path, document: etree._Element) -> tuple[int, list[str]]:
    """How many annotations there are, and what is wrong with them."""
    vocabularies = Vocabularies(shared)
    annotations = list(document.iter(f"{EDM}Annotation"))
    return len(annotations), [fault for note in annotations for fault in vocabularies.faults(note)]
