"""Addresses from the table that is also held against the official grammar: read as they should be, whatever is changed.

The verdicts of the official grammar itself are a row of `make conformance`.
"""

from __future__ import annotations

import os
import random
from collections import Counter

from api.odata.language.options import read_options
from api.odata.language.parser import Budget
from api.odata.language.path_parser import parse_segments, require_options
from api.odata.language.vocabulary import EVERYTHING, Vocabulary
from models.errors import CrisisError, SyntaxProblem
from tests.conformance.grammar.address import Address
from tests.conformance.grammar.comparison import WIDE
from tests.conformance.grammar.mutations import mutated
from tests.conformance.grammar.names import VOCABULARY
from tests.conformance.grammar.sentences import Maker

CASES = int(os.environ.get("CRISIS_GENERATED_CASES", "300")) * 10


def outcome(address: Address, vocabulary: Vocabulary) -> str:
    """`read`, or the code of our own error; anything else escapes and fails the test."""
    try:
        segments = parse_segments(address.path, Budget(WIDE.max_nodes, WIDE.max_depth, vocabulary))
        require_options(segments, address.query or "")
        read_options(address.query or "", WIDE, vocabulary)
    except CrisisError as error:
        assert error.status in (400, 501), address
        if isinstance(error, SyntaxProblem):
            return "SyntaxError twice" if "given twice" in error.message else "SyntaxError"
        return error.code
    return "read"


def test_what_the_table_makes_is_read() -> None:
    maker, seen = Maker(random.Random(1)), Counter[str]()
    for _ in range(CASES):
        seen[outcome(Address(maker.sentence("resource"), maker.sentence("query")), VOCABULARY)] += 1
    print(dict(seen))
    assert set(seen) >= {"read", "NotImplemented"}
    # of three options two may be the same; what is left are has and lists with something behind that may not follow
    assert seen["SyntaxError"] < CASES // 20


def test_what_is_changed_is_read_or_refused_and_more_names_never_mean_less() -> None:
    maker, seen = Maker(random.Random(2)), Counter[str]()
    for _ in range(CASES):
        whole = Address(maker.sentence("resource"), maker.sentence("query"))
        changed = Address(
            mutated(whole.path, maker.random, maker.sentence("resource")),
            mutated(whole.query or "", maker.random, maker.sentence("query")),
        )
        address = changed if maker.random.random() < 0.5 else Address(whole.path, changed.query)
        strict, wide = outcome(address, VOCABULARY), outcome(address, EVERYTHING)
        seen[strict] += 1
        if strict in ("read", "NotImplemented"):
            assert wide in ("read", "NotImplemented"), address
    print(dict(seen))
    assert set(seen) >= {"read", "NotImplemented", "SyntaxError"}
