"""The visuals that a page shows on a phone -> their places there, one under the other.

Pure; used by `powerbi.report.pbir`. A page without phone visuals has no phone layout: the phone shows the page.
"""

from __future__ import annotations

from powerbi.report.words import Box, Page

WIDTH = 324
GAP = 8


def places(page: Page) -> dict[str, Box]:
    """Key of a visual -> its place on the phone page. Two halves in a row stand side by side."""
    found: dict[str, Box] = {}
    top, left = GAP, GAP
    half = (WIDTH - 3 * GAP) // 2
    for item in page.phone:
        width = half if item.half else WIDTH - 2 * GAP
        found[item.key] = Box(left, top, width, item.height)
        if item.half and left == GAP:
            left += half + GAP
        else:
            left, top = GAP, top + item.height + GAP
    return found
