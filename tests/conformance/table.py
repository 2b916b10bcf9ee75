"""The rows of the table, in the order in which they run."""

from __future__ import annotations

from tests.conformance import capabilities, metadata, node_clients, openui5, python_clients
from tests.conformance.rows import Row

ROWS: tuple[Row, ...] = (
    *metadata.ROWS,
    capabilities.ROW,
    openui5.ROW,
    *python_clients.ROWS,
    *node_clients.ROWS,
)
