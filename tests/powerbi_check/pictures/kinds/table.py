"""Which drawer draws which type of visual. A type that is not here fails the picture. Called by the sheet."""

from __future__ import annotations

from collections.abc import Callable

from tests.powerbi_check.pictures.kinds import bars, cards, lines, matrix, tables, words
from tests.powerbi_check.pictures.scene import Scene

DRAWERS: dict[str, Callable[[Scene], None]] = {
    "textbox": words.textbox,
    "actionButton": words.button,
    "pageNavigator": words.navigator,
    "slicer": words.slicer,
    "cardVisual": cards.draw,
    "lineChart": lines.draw,
    "clusteredBarChart": bars.draw,
    "barChart": bars.draw,
    "clusteredColumnChart": bars.draw,
    "columnChart": bars.draw,
    "tableEx": tables.draw,
    "pivotTable": matrix.draw,
}
