"""Every operator and function of the engine's tables has at least one row in the specification tests."""

from __future__ import annotations

import re

from api.odata.language.functions import FUNCTIONS, NOT_OFFERED, OPERATORS
from tests.spec.odata import test_arithmetic, test_comparison, test_functions

EXPRESSIONS = [
    text
    for table in (
        test_arithmetic.CASES,
        test_comparison.EQUALITY,
        test_comparison.ORDER,
        test_comparison.LOGIC,
        test_comparison.MEMBERSHIP,
        test_functions.TEXT,
        test_functions.TIME,
        test_functions.NUMBERS,
    )
    for text, _ in table
]


def test_no_function_is_without_a_row() -> None:
    called = {name.lower() for text in EXPRESSIONS for name in re.findall(r"(\w+)\(", text)}
    assert set(FUNCTIONS) <= called


def test_no_operator_is_without_a_row() -> None:
    words = {word for text in EXPRESSIONS for word in re.findall(r"-|\w+", re.sub(r"'[^']*'", "", text))}
    assert set(OPERATORS) <= words


def test_each_entry_has_a_sentence_and_agrees_with_its_name() -> None:
    entries = [(name, function.name, function.doc) for name, function in FUNCTIONS.items()]
    entries += [(name, operator.name, operator.doc) for name, operator in OPERATORS.items()]
    for name, own, doc in entries:
        assert name == own == own.lower()
        assert doc.endswith(".")
    assert not NOT_OFFERED & set(FUNCTIONS)
