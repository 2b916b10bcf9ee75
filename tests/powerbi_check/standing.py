"""The first row: the judges are the ones that the locks name, and Microsoft's object model starts."""

from __future__ import annotations

import re

from tests.powerbi_check.bench import Bench
from tests.powerbi_check.installing import PACKAGES, ask
from tests.powerbi_check.rows import Outcome, Row


def wanted() -> dict[str, str]:
    """The judges that were chosen: name to version, from the lists that the locks are made of."""
    lists = "\n".join((PACKAGES / name).read_text("utf-8") for name in ("powerbi.in", "powerbi-alone.in"))
    return dict(re.findall(r"^([\w-]+)==([\w.]+)$", lists, re.MULTILINE))


def stand_ready(_: Bench) -> Outcome:
    """Every judge in the version that was chosen."""
    chosen = wanted()
    found = ask("versions.py", sorted(chosen))
    wrong = [
        f"{name}: {found.get(name)}, not {version}" for name, version in chosen.items() if found.get(name) != version
    ]
    figure = f"{len(chosen) - len(wrong)} of {len(chosen)}; TOM {found['TOM']}, .NET {found['.NET']}"
    return Outcome(figure, not wrong, tuple(wrong))


ROW = Row("judges", "the locked judges stand ready and Microsoft's object model starts", stand_ready)
