"""The sample data of OData Data Aggregation 4.0 (section 2.3) as a catalogue and rows: facts and figures only.

Keys of sales are whole numbers, as the results of the examples have them; a foreign key has a column of its own,
`CustomerID`, because views keep them. Sale 8 is of product P3, as all results of the examples say.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from models.catalogue.roles import ROLES, STAFF
from models.catalogue.types import Catalogue, Column, Edm, Navigation, Scope, View


def _column(written: str, *, key: bool) -> Column:
    """`Name`, or `Amount:Decimal` where it is no text."""
    name, _, edm = written.partition(":")
    decimal = edm == "Decimal"
    return Column(
        name,
        Edm(f"Edm.{edm or 'String'}"),
        "Of the sample.",
        not key,
        precision=10 if decimal else None,
        scale=2 if decimal else None,
        max_length=64,
        searchable=name == "Name",
    )


def _view(name: str, entity: str, columns: str, *navigations: Navigation) -> View:
    """The first column is the key."""
    made = tuple(_column(written, key=number == 0) for number, written in enumerate(columns.split()))
    return View(
        name=name,
        entity=entity,
        title=name,
        grain="One.",
        key=(made[0].name,),
        scope=Scope.OPEN,
        roles=STAFF,
        navigations=navigations,
        columns=made,
    )


VIEWS = (
    _view(
        "Sales",
        "Sale",
        "ID:Int32 CustomerID TimeDate:Date ProductID SalesOrganizationID Amount:Decimal",
        Navigation("Customer", "Customers", ("CustomerID",)),
        Navigation("Time", "Times", ("TimeDate",)),
        Navigation("Product", "Products", ("ProductID",)),
        Navigation("SalesOrganization", "SalesOrganizations", ("SalesOrganizationID",)),
    ),
    _view(
        "Products",
        "Product",
        "ID CategoryID Name Color TaxRate:Decimal",
        Navigation("Category", "Categories", ("CategoryID",)),
    ),
    _view("Categories", "Category", "ID Name"),
    _view("Customers", "Customer", "ID Name Country"),
    _view("Times", "Time", "Date:Date Month Quarter Year:Int32"),
    _view(
        "SalesOrganizations",
        "SalesOrganization",
        "ID SuperordinateID Name",
        Navigation("Superordinate", "SalesOrganizations", ("SuperordinateID",)),
    ),
)
CATALOGUE = Catalogue("sample", {view.name: view for view in VIEWS}, {}, {}, {role.name: role for role in ROLES})

_TABLES = {
    "Sales": """
        1 C1 2022-01-03 P3 US_West 1
        2 C1 2022-04-10 P1 US_West 2
        3 C1 2022-08-07 P2 US_West 4
        4 C2 2022-01-03 P2 US_East 8
        5 C2 2022-11-09 P3 US_East 4
        6 C3 2022-04-01 P1 EMEA_Central 2
        7 C3 2022-08-06 P3 EMEA_Central 1
        8 C3 2022-11-22 P3 EMEA_Central 2""",
    "Products": """
        P1 PG1 Sugar White 0.06
        P2 PG1 Coffee Brown 0.06
        P3 PG2 Paper White 0.14
        P4 PG2 Pencil Black 0.14""",
    "Categories": """
        PG1 Food
        PG2 Non-Food""",
    "Customers": """
        C1 Joe USA
        C2 Sue USA
        C3 Sue Netherlands
        C4 Luc France""",
    "Times": """
        2022-01-03 2022-01 2022-1 2022
        2022-04-01 2022-04 2022-2 2022
        2022-04-10 2022-04 2022-2 2022
        2022-08-06 2022-08 2022-3 2022
        2022-08-07 2022-08 2022-3 2022
        2022-11-09 2022-11 2022-4 2022
        2022-11-22 2022-11 2022-4 2022""",
    "SalesOrganizations": """
        Sales - Corporate_Sales
        US Sales US
        US_West US US_West
        US_East US US_East
        EMEA Sales EMEA
        EMEA_Central EMEA EMEA_Central""",
}


def _value(column: Column, cell: str) -> Any:
    if cell == "-":
        return None
    readers = {Edm.INT32: int, Edm.DECIMAL: Decimal, Edm.DATE: date.fromisoformat}
    return readers.get(column.edm, lambda text: text.replace("_", " "))(cell)


ROWS: dict[str, list[dict[str, Any]]] = {
    name: [
        {
            column.name: _value(column, cell)
            for column, cell in zip(CATALOGUE.views[name].columns, line.split(), strict=True)
        }
        for line in table.strip().splitlines()
    ]
    for name, table in _TABLES.items()
}
