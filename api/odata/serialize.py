"""Pages, entities, values and errors -> the bytes of OData JSON, 4.0 or 4.01. Pure; called by `service`.

Rows come as ready JSON and are only put between head and tail; few and large pieces stay memoryviews of the
mapped row text, many small ones are joined once.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from api.odata.binding.objects import SPELLED_OUT
from api.odata.binding.shapes import Listed, select_list
from api.odata.fetch import Page
from api.odata.protocol.negotiation import Level, Representation
from models.catalogue.types import Column, View
from models.errors import CrisisError

Bytes = bytes | memoryview
SEPARATOR = b",\n"
FEW_PIECES = 4


def context(root: str, view: View, listed: Sequence[Listed], version: str, *, entity: bool = False) -> str:
    """Context URL of a view, `#Set(A,B)` when columns were selected; for 4.0 never with `()` behind a name."""
    return f"{root}$metadata#{view.name}{select_list(listed, version)}{'/$entity' if entity else ''}"


def property_context(root: str, view: View, key: str, column: Column) -> str:
    """Context URL of one property; `key` is the percent-encoded key segment, `('001')`."""
    return f"{root}$metadata#{view.name}{key}/{column.name}"


def collection(
    page: Page, form: Representation, context_url: str, count: int | None, next_link: str | None
) -> tuple[Bytes, ...]:
    """A page of rows. Without metadata the context goes, count and next link stay."""
    head = []
    if form.level is not Level.NONE:
        head.append(f'"{form.control}context":{text(context_url)},')
    if count is not None:
        head.append(f'"{form.control}count":{text(str(count)) if form.numbers_as_text else count},')
    tail = f',"{form.control}nextLink":{text(next_link)}' if next_link is not None else ""
    opening = f'{{{"".join(head)}"value":[\n' if page.rows else f'{{{"".join(head)}"value":['
    closing = f"\n]{tail}}}\n" if page.rows else f"]{tail}}}\n"
    return (opening.encode(), *joined(page.pieces), closing.encode())


def joined(pieces: Sequence[Bytes]) -> tuple[Bytes, ...]:
    """Pieces with separators between them."""
    if len(pieces) > FEW_PIECES:
        return (SEPARATOR.join(pieces),)
    chunks: list[Bytes] = []
    for piece in pieces:
        chunks.extend((SEPARATOR, piece) if chunks else (piece,))
    return tuple(chunks)


def entity(piece: Bytes, form: Representation, context_url: str) -> tuple[Bytes, ...]:
    """One row as an object with its context; `piece` is the row's JSON."""
    if form.level is Level.NONE:
        return (piece, b"\n")
    comma = "," if len(piece) > len("{}") else ""
    return (f'{{"{form.control}context":{text(context_url)}{comma}'.encode(), memoryview(piece)[1:], b"\n")


def single_value(json: bytes, form: Representation, context_url: str, column: Column) -> tuple[Bytes, ...]:
    """One property's value."""
    head = "" if form.level is Level.NONE else f'"{form.control}context":{text(context_url)},'
    if form.level is Level.FULL and column.edm in SPELLED_OUT:
        head += f'"{form.control}type":"{form.primitive_type(SPELLED_OUT[column.edm])}",'
    return (f'{{{head}"value":'.encode(), json, b"}\n")


def raw_value(json: bytes) -> bytes:
    """What `/$value` answers: the text itself, or the number as it is written in JSON."""
    return msgspec.json.decode(json, type=str).encode() if json.startswith(b'"') else json


def text(value: str) -> str:
    """A JSON string."""
    return msgspec.json.encode(value).decode()


def error(problem: CrisisError, request_id: str | None = None) -> bytes:
    """The OData error object (OData JSON 4.01, section 21).

    `details` say where and what next: code `Position` with the 0-based character in `target` as its message,
    code `Hint` with the next step, code `RequestId` with what to look for in the log.
    """
    details = []
    if problem.position is not None:
        place = {"target": problem.target} if problem.target else {}
        details.append({"code": "Position", "message": str(problem.position), **place})
    if problem.hint:
        details.append({"code": "Hint", "message": problem.hint})
    if request_id:
        details.append({"code": "RequestId", "message": request_id})
    body: dict[str, object] = {"code": problem.code, "message": problem.message}
    if problem.target:
        body["target"] = problem.target
    if details:
        body["details"] = details
    return msgspec.json.encode({"error": body})
