"""The frame of the built-in pages: no script, no outside file, one inline style whose hash the page's policy names.

Pure text; values are escaped where they are put in. Used by the start page and the interface page.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape

from fastapi.responses import HTMLResponse

STYLE = """
:root { color-scheme: light dark; --line: #767676; --quiet: #595959; --mark: #0b5394; --warn: #8a3b00; }
@media (prefers-color-scheme: dark) { :root { --line: #8c8c8c; --quiet: #b0b0b0; --mark: #8ab8ff; --warn: #ffb74d; } }
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1rem 1.25rem 4rem; }
a { color: var(--mark); } a:focus-visible, summary:focus-visible, pre:focus-visible { outline: 3px solid var(--mark); }
.skip { position: absolute; left: -99rem; } .skip:focus { position: static; }
h1 { margin-bottom: 0; } h2 { border-bottom: 1px solid var(--line); margin-top: 2.5rem; }
.quiet { color: var(--quiet); } .notice { border-left: .4rem solid var(--warn); padding: .5rem 1rem; }
dl { display: grid; gap: .25rem 1rem; grid-template-columns: max-content 1fr; }
dt { font-weight: 600; } dd { margin: 0; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
caption { font-weight: 600; text-align: left; padding: .5rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .6rem; text-align: left; vertical-align: top; }
pre { border: 1px solid var(--line); overflow-x: auto; padding: .75rem; }
code { font: .9rem/1.4 ui-monospace, monospace; }
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def page(title: str, body: str) -> HTMLResponse:
    """A whole page; `body` is HTML made here, its values escaped."""
    text = (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{STYLE}</style></head>\n"
        f'<body><a class="skip" href="#main">Skip to content</a>\n<main id="main">\n{body}\n</main></body></html>\n'
    )
    return HTMLResponse(text, headers={"content-security-policy": POLICY})


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are HTML, the first of each row is its header."""
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = []
    for first, *rest in rows:
        cells = "".join(f"<td>{cell}</td>" for cell in rest)
        lines.append(f'<tr><th scope="row">{first}</th>{cells}</tr>')
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead>\n"
        f"<tbody>{chr(10).join(lines)}</tbody></table></div>"
    )


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """A list of names and values; values are HTML."""
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in pairs) + "</dl>"


def code(text: str) -> str:
    """A block of text to copy."""
    return f'<pre tabindex="0"><code>{escape(text)}</code></pre>'
