"""Raw path -> the app that answers it: data routes by prefix, everything else the FastAPI site.

Data routes stand beside FastAPI and not in it: they need the path as it was sent, undecoded, and no middleware.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.edge.frame import App
from api.edge.note import note_of


class Switch:
    """`mounts` maps a prefix without closing slash to the app for it and what is below it."""

    def __init__(self, mounts: Mapping[str, App], site: App) -> None:
        self.mounts = dict(mounts)
        self.site = site

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand the request on."""
        if scope["type"] != "http":
            await self.site(scope, receive, send)
            return
        path = note_of(scope).target.path
        for prefix, app in self.mounts.items():
            if path == prefix or path.startswith(f"{prefix}/"):
                await app(scope, receive, send)
                return
        # The server drops the body of an answer to HEAD itself; FastAPI knows only GET.
        shown = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        await self.site(shown, receive, send)
