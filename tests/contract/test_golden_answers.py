"""One answer of every form, byte for byte as committed in tests/golden.

Regenerate after a wanted change, and read the difference: CRISIS_GOLDEN=write pytest tests/contract
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.asking import Desk, desk
from tests.helpers.golden import agrees
from tests.helpers.tiny_snapshot import big_snapshot

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
ACCEPT = "application/json;"
FORMS: dict[str, tuple[str, dict[str, str]]] = {
    "minimal": ("Contacts?$top=2", {}),
    "full": ("Contacts?$top=2", {"Accept": f"{ACCEPT}odata.metadata=full"}),
    "none": ("Contacts?$top=2", {"Accept": f"{ACCEPT}odata.metadata=none"}),
    "ieee754": ("Contacts?$top=2&$count=true", {"Accept": f"{ACCEPT}IEEE754Compatible=true"}),
    "omit_nulls": ("Contacts?$skip=3&$top=1", {"Prefer": "omit-values=nulls"}),
    "full_ieee754_omit_nulls": (
        "Contacts?$skip=3&$top=1",
        {"Accept": f"{ACCEPT}odata.metadata=full;IEEE754Compatible=true", "Prefer": "omit-values=nulls"},
    ),
    "version_401": ("Contacts?$top=1", {"OData-MaxVersion": "4.01"}),
    "next_page": ("Contacts?$select=AreaId&$orderby=AreaId desc&$count=true", {"Prefer": "odata.maxpagesize=2"}),
    "filter": ("Contacts?$filter=ContactId gt 2 and AreaId ne '003'", {}),
    "empty": ("Contacts?$filter=false&$count=true", {}),
    "entity": ("Contacts(1)", {}),
    "property": ("Contacts(1)/AreaId", {}),
    "error": ("Contacts?$filter=ContactIt eq 1", {}),
}


@pytest.fixture(scope="module")
def contacts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Five contacts whose values depend on nothing but their columns."""
    folder = tmp_path_factory.mktemp("golden")
    big_snapshot(folder, "Contacts", 5)
    made = desk(folder)
    yield made
    made.engine.shelf.close()


@pytest.mark.parametrize("form", FORMS)
def test_the_answer_is_the_committed_one(contacts: Desk, form: str) -> None:
    address, headers = FORMS[form]
    found = contacts.get(address, headers=headers)
    body = re.sub(rb"\$skiptoken=[\w-]+", b"$skiptoken=TOKEN", found.body)
    shown = ("OData-Version", "Content-Type", "Preference-Applied", "Cache-Control")
    head = "".join(f"{name}: {found.header(name)}\n" for name in shown if found.header(name) is not None)
    request = f"GET {address}\n" + "".join(f"{name}: {value}\n" for name, value in headers.items())
    assert agrees(GOLDEN / f"odata_{form}.http", f"{request}\n{found.status}\n{head}\n".encode() + body)


def test_the_service_document_is_the_committed_one(contacts: Desk) -> None:
    assert agrees(GOLDEN / "odata_service_document.json", contacts.get("", "viewer").body + b"\n")
