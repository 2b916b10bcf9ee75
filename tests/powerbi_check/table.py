"""The rows of `make powerbi-check`, in the order in which they run: first what is cheap, last what is measured."""

from __future__ import annotations

from tests.powerbi_check import (
    dax,
    drill,
    m_partitions,
    m_refreshes,
    m_syntax,
    package,
    report,
    standing,
    tom,
    tom_rules,
)
from tests.powerbi_check.pictures import rows as pictures
from tests.powerbi_check.rows import Row

ROWS: tuple[Row, ...] = (
    standing.ROW,
    *tom.ROWS,
    *tom_rules.ROWS,
    *report.ROWS,
    *m_syntax.ROWS,
    *m_partitions.ROWS,
    *m_refreshes.ROWS,
    *dax.ROWS,
    *package.ROWS,
    *pictures.ROWS,
    *drill.ROWS,
)
