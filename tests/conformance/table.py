"""The rows of the table, in the order in which they run."""

from __future__ import annotations

from tests.conformance import (
    capabilities,
    crawl,
    inner,
    metadata,
    node_clients,
    openapi_fuzzing,
    openui5,
    python_clients,
)
from tests.conformance.rows import Row

ROWS: tuple[Row, ...] = (
    *inner.GRAMMAR,
    *inner.METADATA,
    *metadata.ROWS,
    capabilities.ROW,
    *inner.GENERATED,
    *inner.RECORDED,
    *inner.KILLERS,
    openui5.ROW,
    *python_clients.ROWS,
    *node_clients.ROWS,
    crawl.ROW,
    *inner.BAD_INPUT,
    openapi_fuzzing.ROW,
)
