"""What the rows of `make drill` share: a folder of this run's own, how to say something, and which form is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from tests.conformance import bench


@dataclass(eq=False)
class Bench(bench.Bench):
    """Made once for a run of the table. `short`: the form for the gate, few and small."""

    short: bool = False
