"""Reads all DAX of a model without running it: JSON in, JSON out.

Question: `document`. Answer: how many expressions and references, and findings: syntax, arguments, tables, columns and
measures by sidemantic-dax; functions by the catalogue of pbix-mcp, which lists Desktop's; names of variables that are
tables or functions, which Analysis Services refuses. What sidemantic-dax is known to be wrong about is left out by name.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import sidemantic_dax as sd
from dax_engine import expression
from pbix_mcp.dax.function_catalog import FUNCTION_CATALOG

FUNCTIONS = {name.upper() for name, _ in FUNCTION_CATALOG}
WORDS = {"IN", "NOT", "AND", "OR", "VAR", "RETURN", "TRUE", "FALSE"}
CONSTANTS = {"SECOND", "MINUTE", "HOUR", "DAY", "MONTH", "QUARTER", "YEAR", "ASC", "DESC"}
"""Words that DAX takes as an argument's constant: the checker takes them for names."""
VARIABLE = re.compile(r"^\s*VAR\s+(\w+)", re.MULTILINE)
REFERENCE = re.compile(r"'[^']+'\[[^\]]+\]|'[^']+'|\[[^\]]+\]")


def expressions(model: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Where each stands, and its text."""
    for table in model["tables"]:
        for measure in table.get("measures", []):
            yield f"{table['name']}[{measure['name']}]", expression(measure["expression"])
    for role in model.get("roles", []):
        for permission in role.get("tablePermissions", []):
            yield f"role {role['name']}, {permission['name']}", expression(permission["filterExpression"])


def known(model: dict[str, Any]) -> Any:
    """The model as the checker wants it."""
    return sd.ModelMetadata(
        [
            sd.ModelTable(
                table["name"],
                [column["name"] for column in table["columns"]],
                [measure["name"] for measure in table.get("measures", [])],
            )
            for table in model["tables"]
        ]
    )


def findings(text: str, metadata: Any, tables: set[str]) -> Iterator[str]:
    """What is wrong with one expression."""
    try:
        sd.parse_expression(text)
    except ValueError as error:
        yield f"does not parse: {error}"
        return
    tokens = [token.kind for token in sd.lex(text)]
    for one, following in pairwise(tokens):
        called = type(one).__name__ == "IdentToken" and type(following).__name__ == "LParen"
        if called and one.value.upper() not in FUNCTIONS | WORDS:
            yield f"no such function: {one.value}"
    for name in VARIABLE.findall(text):
        if name.upper() in FUNCTIONS | WORDS | tables:
            yield f"a variable is called {name}, as a table or function is"
    for issue in (*sd.validate_expression(text), *sd.validate_expression_against_model(text, metadata)):
        if not _mistaken(issue):
            yield f"{issue.code.value}: {issue.message}"


def _mistaken(issue: Any) -> bool:
    word = issue.message.rsplit("`", 2)[-2] if "`" in issue.message else ""
    own_column = word.strip("[]").startswith("@")
    return own_column or (issue.code.value == "UnknownIdentifier" and word.upper() in CONSTANTS)


def main() -> None:
    """Read the question, answer it."""
    model = json.load(sys.stdin)["document"]["model"]
    metadata, tables = known(model), {table["name"].upper() for table in model["tables"]}
    every = list(expressions(model))
    wrong = [f"{place}: {found}" for place, text in every for found in findings(text, metadata, tables)]
    references = sum(len(REFERENCE.findall(text)) for _, text in every)
    json.dump({"expressions": len(every), "references": references, "findings": wrong}, sys.stdout)


if __name__ == "__main__":
    main()
