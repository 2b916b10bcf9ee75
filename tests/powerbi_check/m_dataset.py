"""A semantic model's stored rows from refresh to refresh, as the Power BI service keeps them.

A table without a policy is read whole each time. One with a policy keeps its parts and reads anew those that the policy
says; on the first refresh all of them. Rows of parts that left the kept range are dropped. Called by the rows about M.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from tests.conformance.bench import Service
from tests.powerbi_check import m_reading
from tests.powerbi_check.m_parts import Part, Policy
from tests.powerbi_check.m_reading import Interruption, Run, Table, queries


@dataclass
class Dataset:
    """What an audience's model holds. `policies` may differ from the model's own, to see what another would do."""

    audience: str
    policies: Mapping[str, Policy]
    rows: dict[str, Table] = field(default_factory=dict)
    read: int = 0
    """Parts read so far, whole tables among them."""

    @classmethod
    def of(cls, audience: str) -> Dataset:
        """With the model's own policies."""
        return cls(audience, {name: Policy.of(each) for name, each in queries(audience).policies().items()})

    def refresh(self, service: Service, today: date, interruption: Interruption | None = None) -> None:
        """One refresh: whole tables first, in the model's order, then part after part."""
        whole = tuple(name for name in queries(self.audience).tables if name not in self.policies)
        parts: dict[Part, list[str]] = {}
        kept_from: dict[str, date] = {}
        for name, policy in self.policies.items():
            kept, anew = policy.parts(today)
            kept_from[name] = (kept or anew)[0][0]
            for part in anew if name in self.rows else [*kept, *anew]:
                parts.setdefault(part, []).append(name)
        runs = [Run(whole, interruption=interruption), *(Run(tuple(names), part) for part, names in parts.items())]
        first, *others = m_reading.read(service, self.audience, runs)
        faults = [fault for each in (first, *others) for fault in each.faults]
        assert not faults, faults
        self.read += sum(len(each.rows) for each in (first, *others))
        self.rows |= first.rows
        for name in self.policies:
            found = [(part, each.rows[name]) for part, each in zip(parts, others, strict=True) if name in each.rows]
            self.rows[name] = self._kept(name, kept_from[name], [part for part, _ in found])
            self.rows[name] += [row for _, rows in found for row in rows]

    def _kept(self, name: str, since: date, anew: list[Part]) -> Table:
        """The stored rows that no part read anew replaces."""
        replaced = [(start.isoformat(), end.isoformat()) for start, end in anew]
        return [
            row
            for row in self.rows.get(name, [])
            if row["OperationalDate"] >= since.isoformat()
            and not any(start <= row["OperationalDate"] < end for start, end in replaced)
        ]
