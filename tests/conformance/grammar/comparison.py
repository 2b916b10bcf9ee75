"""Addresses, the verdicts of both sides, and what explains a difference.

Ours: refused is a SyntaxProblem or an option name that does not exist; what is valid and not offered, unknown to the
binder or of a wrong type is accepted. Theirs: apg-js reading the OASIS grammar files as they lie, with our names.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass, field

from api.odata.exchange import Limits
from api.odata.language.options import read_options
from api.odata.language.parser import Budget
from api.odata.language.path_parser import parse_segments, require_options
from models.errors import CrisisError, LimitProblem, NameProblem, SyntaxProblem, Unsupported, ValueProblem
from tests.conformance.grammar.address import Address
from tests.conformance.grammar.mutations import mutated
from tests.conformance.grammar.names import NAMES, VOCABULARY
from tests.conformance.grammar.sentences import ALTERNATIVES, Maker
from tests.conformance.grammar.tolerances import DOUBLED, TOLERANCES
from tests.conformance.installing import CLIENTS, Missing, node, tool
from tests.conftest import SHARED

GRAMMARS = ("odata-abnf-construction-rules.txt", "odata-aggregation-abnf.txt")
SCRIPT = "grammar_judge.cjs"
BATCH = 5_000  # so few that their verdicts fit into a pipe
UNCHANGED, CHANGED_PATHS, QUERIES = 0.4, 0.3, 0.9
"""Shares: as the table made them; of the others, those whose path is changed; with a query."""
WIDE = Limits(max_nodes=100_000, max_depth=100)


@dataclass(frozen=True)
class Disagreement:
    """An address that the two sides judge differently, and that no tolerance explains."""

    address: Address
    ours: bool

    def __str__(self) -> str:
        return f"{'we take' if self.ours else 'we refuse'}, the grammar does not agree: {self.address.text!r}"


@dataclass
class Figures:
    """What a run has found."""

    seed: int
    compared: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    tolerated: Counter[str] = field(default_factory=Counter)
    over_a_limit: int = 0
    disagreements: list[Disagreement] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """No disagreement, and nothing of what there is to compare was left out."""
        return not self.disagreements and not self.unused

    def lines(self) -> list[str]:
        """For people."""
        reasons = {entry.name: entry.reason for entry in TOLERANCES} | {DOUBLED: "refused: protocol 11.2.1"}
        tolerated = [f"  {self.tolerated[name]:6} {name}: {reason}" for name, reason in reasons.items()]
        return [
            f"{self.compared} addresses of seed {self.seed} against the official grammar",
            *(f"  {count:6} {outcome}" for outcome, count in sorted(self.outcomes.items())),
            f"  {self.over_a_limit:6} not compared: over a limit of ours or theirs, or a value that does not exist",
            f"differences on purpose: {self.tolerated.total()}",
            *tolerated,
            f"alternatives of the table that were used: {len(ALTERNATIVES) - len(self.unused)} of {len(ALTERNATIVES)}",
            *(f"  not used: {choice}" for choice in self.unused[:5]),
            f"disagreements: {len(self.disagreements)}",
        ]


def compare(cases: int, seed: int) -> Figures:
    """Run it. Raises Missing without the grammar files, Node or the package."""
    figures = Figures(seed)
    maker = Maker(random.Random(seed))
    with Judge() as judge:
        while figures.compared < cases:
            count = min(BATCH, cases - figures.compared)
            batch = [_made(maker) for _ in range(count)]
            _compare(batch, judge, figures)
            figures.compared += count
    figures.unused = sorted(f"{rule}: {choice}" for rule, choice in ALTERNATIVES - maker.used)
    return figures


def _made(maker: Maker) -> tuple[bool, Address]:
    """An address, and whether it is as the table made it."""
    random_ = maker.random
    has_query = random_.random() < QUERIES
    whole = Address(maker.sentence("resource"), maker.sentence("query") if has_query else None)
    if random_.random() < UNCHANGED:
        return True, whole
    if whole.query is None or random_.random() < CHANGED_PATHS:
        return False, Address(mutated(whole.path, random_, maker.sentence("resource")), whole.query)
    return False, Address(whole.path, mutated(whole.query, random_, maker.sentence("query")))


class Judge:
    """The official grammar, in a process of its own that stays for the run. Raises Missing."""

    def __init__(self) -> None:
        folder = SHARED / "odata" / "abnf"
        if not folder.is_dir():
            raise Missing("the reference data folder with the OASIS grammar files is not beside the checkout")
        home = node("oasis")
        names = home / "names.json"
        names.write_text(json.dumps(NAMES))
        shutil.copy(CLIENTS / SCRIPT, home)
        files = [str(folder / name) for name in GRAMMARS]
        self._process = subprocess.Popen(
            [tool("node"), SCRIPT, str(names), *files],
            cwd=home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.communicate()

    def verdicts(self, addresses: list[Address]) -> list[bool | None]:
        """Whether the grammar takes each; None where the judge itself gave up."""
        questions, answers = self._process.stdin, self._process.stdout
        assert questions is not None
        assert answers is not None
        questions.write("".join(f"{json.dumps(address.questions())}\n" for address in addresses))
        questions.flush()
        said = [answers.readline().strip() for _ in addresses]
        if any(line not in ("0", "1", "-") for line in said):
            raise Missing("the judge of the grammar broke off")
        return [None if line == "-" else line == "1" for line in said]


def ours(address: Address) -> bool | None:
    """Whether we take it; None where a limit stops us before the end."""
    try:
        segments = parse_segments(address.path, Budget(WIDE.max_nodes, WIDE.max_depth, VOCABULARY))
        require_options(segments, address.query or "")
        read_options(address.query or "", WIDE, VOCABULARY)
    except (SyntaxProblem, NameProblem):
        return False
    except Unsupported:
        return True
    except (LimitProblem, ValueProblem):
        return None
    return True


def _is_doubled(address: Address) -> bool:
    """Whether we refuse it because an option is given twice, in the query or in brackets."""
    try:
        read_options(address.query or "", WIDE, VOCABULARY)
    except SyntaxProblem as problem:
        return "given twice" in problem.message
    except CrisisError:
        return False
    return False


def _compare(batch: list[tuple[bool, Address]], judge: Judge, figures: Figures) -> None:
    differing = []
    theirs = judge.verdicts([address for _, address in batch])
    for (is_made, address), taken in zip(batch, theirs, strict=True):
        mine = ours(address)
        if mine is None or taken is None:
            figures.over_a_limit += 1
        elif mine == taken:
            figures.outcomes[f"{'made' if is_made else 'changed'}, both {'take' if taken else 'refuse'}"] += 1
        else:
            differing.append((address, mine))
    for address, mine, reasons in _explained(differing, judge):
        if reasons:
            figures.tolerated.update(reasons[-1:])
        else:
            figures.disagreements.append(Disagreement(address, mine))


def _explained(differing: list[tuple[Address, bool]], judge: Judge) -> list[tuple[Address, bool, list[str]]]:
    """With the names of the tolerances that explain each; none where nothing does."""
    respelled = [(address, mine, address, list[str]()) for address, mine in differing]
    found = {index: [DOUBLED] for index, (address, mine) in enumerate(differing) if not mine and _is_doubled(address)}
    for tolerance in TOLERANCES:
        respelled = [
            (address, mine, (new := tolerance.respell(now)), [*names, tolerance.name] if new != now else names)
            for address, mine, now, names in respelled
        ]
        theirs = judge.verdicts([now for _, _, now, _ in respelled])
        for index, ((_, mine, now, names), taken) in enumerate(zip(respelled, theirs, strict=True)):
            settled = ours(now)
            is_decoding = names == ["decoded first"]
            if index not in found and names and settled == taken and (taken or (is_decoding and taken == mine)):
                found[index] = names
            elif index not in found and names and taken and not settled and _is_doubled(now):
                found[index] = [*names, DOUBLED]
    return [(address, mine, found.get(index, [])) for index, (address, mine, _, _) in enumerate(respelled)]
