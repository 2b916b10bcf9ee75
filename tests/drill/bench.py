"""What the rows of `make drill` share: a folder of this run's own, how to say something, which form is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from tests.conformance import bench

SEED = 20260307


@dataclass(eq=False)
class Bench(bench.Bench):
    """Made once for a run of the table. `short`: the form for the gate, few and small. `seed` draws what is random."""

    short: bool = False
    seed: int = SEED
