"""Valid requests as seeds, and seeded mutations of their bytes: flip, insert, delete, repeat, cut off, splice, swap words.

Seeds are written here, so that they are there everywhere; the reference data folder adds the standard's grammar cases
and recorded clients' requests, as they are and with our names in the place of theirs.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

SEEDS = tuple(
    line.encode()
    for line in r"""
/odata/v1/
/odata/v1/$metadata
/odata/v1/$metadata?$format=json
/odata/v1/Areas
/odata/v1/Areas?$count=true&$top=2&$skip=1&$orderby=AreaName%20desc,AreaId&$select=AreaName
/odata/v1/Areas/$count
/odata/v1/Areas('001')
/odata/v1/Areas('001')?$select=AreaName,AreaKindCode
/odata/v1/Areas('001')/AreaName
/odata/v1/Areas('001')/AreaName/$value
/odata/v1/Areas(@k)?@k='001'
/odata/v1/DailyCalls?$filter=CallCount%20gt%201%20and%20AreaId%20in%20('001','002')&$top=3
/odata/v1/DailyCalls?$filter=contains(tolower(AreaId),'0')%20or%20not%20(CallCount%20div%203%20le%202.5)&$count=true
/odata/v1/DailyCalls?$filter=OperationalDate%20ge%202025-12-05%20and%20year(OperationalDate)%20eq%202025&$orderby=CallCount
/odata/v1/DailyCalls?$filter=Area/AreaName%20ne%20null%20and%20Area/LabelLatitude%20lt%201e2&$select=CallCount
/odata/v1/DailyCalls?$expand=Area($select=AreaName),Day&$top=2
/odata/v1/DailyCalls?$compute=CallCount%20add%201%20as%20More&$select=More&$orderby=More%20desc&$top=2
/odata/v1/Areas?$search=plain%20OR%20NOT%20"said%20no"&$top=3
/odata/v1/DailyCalls?$apply=groupby((AreaId),aggregate(CallCount%20with%20sum%20as%20Total,$count%20as%20Rows))&$orderby=Total%20desc
/odata/v1/DailyCalls?$apply=filter(CallCount%20gt%200)/groupby((rollup(AreaId,PriorityCode)),aggregate(CallCount%20with%20max%20as%20Most))
/odata/v1/DailyCalls?$apply=concat(aggregate(CallCount%20with%20sum%20as%20CallCount),groupby((AreaId),aggregate($count%20as%20N))/top(2))
/odata/v1/DailyCalls?$apply=topcount(2,CallCount)/compute(CallCount%20mul%202%20as%20Twice)/orderby(Twice%20desc)/skip(1)
/odata/v1/DailyCalls?$apply=groupby((Area/AreaName),aggregate(CallCount%20with%20CrisisMetrics.p90%20as%20P90))&$filter=P90%20gt%201
/odata/v1/DailyCalls?$filter=CallCount%20gt%20@p&@p=@q&@q=1%20add%201
/odata/v1/DailyCalls?$format=application/json;odata.metadata=full&$top=1
/odata/v1/DailyCalls(OperationalDate=2025-12-05,AreaId='001',CallSourceCode='x',PriorityCode='1')/CallCount
/odata/v1/RefreshStatus?$filter=IsStale%20eq%20false
/odata/v1/Dates(2025-12-05)
/odata/v1/Codes(CodeList='x',Code='a%2Fb')/Label/$value
/odata/v1/OpenItems?$expand=Area,Team&$orderby=Area/AreaName&$top=2
/odata/v1/DailyCalls?$filter=CallCount%20div%20(CallCount%20sub%20CallCount)%20ne%20CallCount%20add%209223372036854775807
/odata/v1/DailyCalls?$skiptoken=abc
/v1/views/Areas.csv
/v1/views/DailyCalls.json?$filter=CallCount%20gt%201&$select=CallCount
/v1/views/DailyCalls.csv?$orderby=CallCount%20desc&$top=3
/healthz
/
""".strip().splitlines()
)
"""What a viewer may ask for."""

_OURS = {
    "entitySetName": ("DailyCalls", "Areas", "OpenItems", "DailyFunnel"),
    "entityNavigationProperty": ("Area", "Day"),
    "primitiveKeyProperty": ("AreaId", "OperationalDate"),
    "primitiveNonKeyProperty": ("CallCount", "AreaId", "TriagedCount", "PriorityCode", "OperationalDate"),
}
"""Name rule of the grammar -> names of ours that stand in for the cases' names."""
_WHOLE = {"odataRelativeUri", "resourcePath"}
_EXPRESSIONS = {"commonExpr", "boolCommonExpr", "boolcommonExpr", "firstMemberExpr", "isofExpr", "notExpr"}
_OPTIONS = {
    "queryOptions",
    "filter",
    "orderby",
    "orderBy",
    "select",
    "expand",
    "compute",
    "search",
    "systemQueryOption",
}
_OLD_ROOT = re.compile(r"^(?:https?://[^?]*/|/)")


def recorded(shared: Path) -> tuple[bytes, ...]:
    """Seeds from the reference data folder."""
    folder = shared / "odata"
    found: list[str] = []
    for name in ("odata-abnf-testcases.json", "odata-aggregation-testcases.json"):
        cases = json.loads((folder / "abnf" / name).read_text("utf-8"))
        words = dict(_translation(cases["Constraints"]))
        for case in cases["TestCases"]:
            address = _address(case)
            if address:
                found += [address, _ours(address, words)]
    for name in ("observed-client-requests.json", "powerquery-requests.json"):
        for entry in json.loads((folder / name).read_text("utf-8")):
            path, mark, query = entry["url"].partition("?")
            last = _OLD_ROOT.sub("", path)
            found.append(f"/odata/v1/{last}{mark}{query}")
            found.append(f"/odata/v1/DailyCalls{mark}{_ours(query, _CLIENTS)}")
    return tuple(text.encode("utf-8", "surrogatepass") for text in dict.fromkeys(found))


_CLIENTS = {
    "Score": "CallCount",
    "Name": "AreaId",
    "ID": "TriagedCount",
    "At": "OperationalDate",
    "Day": "PriorityCode",
}


def _address(case: dict[str, Any]) -> str:
    rule, text = case["Rule"], str(case["Input"])
    if rule in _WHOLE:
        return f"/odata/v1/{text}"
    if rule in _EXPRESSIONS:
        return f"/odata/v1/DailyCalls?$filter={text}"
    return f"/odata/v1/DailyCalls?{text}" if rule in _OPTIONS else ""


def _translation(constraints: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    for rule, ours in _OURS.items():
        for number, name in enumerate(constraints.get(rule, ())):
            yield name, ours[number % len(ours)]


def _ours(text: str, words: dict[str, str]) -> str:
    return re.sub(r"\w+", lambda word: words.get(word[0], word[0]), text)


PIECES = tuple(
    piece.encode("latin-1")
    for piece in (
        *"()[]{},;:/?&=@$.'\"*+-%#\\~!|^`<> \t\r\n\0\x7f\xe9\xff",
        *("%27", "%22", "%2F", "%25", "%00", "%FF", "%C3%A9", "%zz", "%2", "%E2%80%8B", "''", "//", "..", "$$", "&&"),
        *(
            "null",
            "true",
            "-1",
            "0",
            "9" * 20,
            "1e999",
            "INF",
            "NaN",
            "2026-02-30",
            "2025-12-05T00:00:00Z",
            "@p",
            "$it/",
        ),
        *(" eq ", "%20and%20", "%20or%20", "not%20", "%20in%20", "%20div%200", "%20as%20X", "%20with%20sum", "%20desc"),
        *(
            "$count",
            "$ref",
            "$value",
            "$each",
            "$filter(",
            "$query",
            "$apply=",
            "$expand=",
            "$filter=",
            "$top=",
            "groupby(",
        ),
        *("aggregate(", "concat(", "rollup(", "contains(", "substring(", "cast(", "any(x:", "case(", "duration'PT1H'"),
        *(
            "Area",
            "/AreaName",
            "AreaId",
            "CallCount",
            "SnapshotId",
            "Nothing",
            "DailyCalls",
            "CrisisMetrics.",
            "(" * 30,
        ),
    )
)
_WORD = re.compile(rb"[A-Za-z$@]\w+|\d[\d.:TZ-]*|'[^']*'")


class Mutations:
    """An endless supply of mutated seeds; the same number gives the same ones."""

    def __init__(self, seeds: Iterable[bytes], number: int) -> None:
        self.seeds = tuple(seeds)
        self.dice = random.Random(number)

    def __iter__(self) -> Iterator[bytes]:
        while True:
            text = self.dice.choice(self.seeds)
            for _ in range(self.dice.choice((0, 1, 1, 1, 1, 2, 3, 6))):
                text = self.dice.choice(_WAYS)(self, text)
            yield text[:8_000]

    def _place(self, text: bytes) -> int:
        """Rather behind the beginning that all seeds share, and in the query, where there is one."""
        begin = text.find(b"?") + 1 if self.dice.random() < 0.6 else 0
        begin = begin or (len("/odata/v1/") if self.dice.random() < 0.9 else 0)
        return self.dice.randint(min(begin, len(text)), len(text))

    def flip(self, text: bytes) -> bytes:
        """Another bit in one byte."""
        if not text:
            return text
        place = min(self._place(text), len(text) - 1)
        return text[:place] + bytes([text[place] ^ 1 << self.dice.randrange(8)]) + text[place + 1 :]

    def insert(self, text: bytes) -> bytes:
        """A piece that means something, or any byte."""
        piece = self.dice.choice(PIECES) if self.dice.random() < 0.8 else self.dice.randbytes(1)
        place = self._place(text)
        return text[:place] + piece + text[place:]

    def delete(self, text: bytes) -> bytes:
        """A few bytes less."""
        place = self._place(text)
        return text[:place] + text[place + self.dice.choice((1, 1, 2, 5, 20)) :]

    def repeat(self, text: bytes) -> bytes:
        """A slice again, perhaps many times."""
        start, stop = sorted((self._place(text), self._place(text)))
        return text[:stop] + text[start:stop] * self.dice.choice((1, 1, 2, 30)) + text[stop:]

    def cut(self, text: bytes) -> bytes:
        """The beginning alone."""
        return text[: self._place(text)]

    def splice(self, text: bytes) -> bytes:
        """The end of another seed."""
        other = self.dice.choice(self.seeds)
        return text[: self._place(text)] + other[self._place(other) :]

    def number(self, text: bytes) -> bytes:
        """Another number in the place of one: often still valid, sometimes out of range."""
        numbers = [found.span() for found in re.finditer(rb"\d+", text) if found.start() > len("/odata/v1/")]
        if not numbers:
            return text
        start, stop = self.dice.choice(numbers)
        return text[:start] + self.dice.choice((b"0", b"1", b"7", b"64", b"9" * 19, b"9" * 40)) + text[stop:]

    def swap(self, text: bytes) -> bytes:
        """Another word of the same seed, or another one's, in the place of one."""
        words = _spans(text)
        others = words if self.dice.random() < 0.6 else _spans(self.dice.choice(self.seeds))
        if not words or not others:
            return text
        start, stop, _ = self.dice.choice(words)
        return text[:start] + self.dice.choice(others)[2] + text[stop:]


def _spans(text: bytes) -> list[tuple[int, int, bytes]]:
    return [(*found.span(), found[0]) for found in _WORD.finditer(text)]


_WAYS = (
    Mutations.flip,
    Mutations.insert,
    Mutations.insert,
    Mutations.delete,
    Mutations.repeat,
    Mutations.cut,
    Mutations.splice,
    Mutations.number,
    Mutations.swap,
    Mutations.swap,
)
