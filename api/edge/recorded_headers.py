"""Header fields of a request -> what a recording may hold of them: known words as they were sent, `<...>` for the rest.

A field that is not in `SHOWN` is never written down: no credential, no cookie, no address. Pure; called by recording.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from api.odata.protocol.header_fields import Element, elements

MEDIA = frozenset(
    {
        *("*/*", "application/*", "text/*", "application/json", "application/xml", "application/atom+xml"),
        *("application/atomsvc+xml", "application/json-seq", "multipart/mixed", "text/plain", "text/html", "text/csv"),
        *("text/xml", "application/xhtml+xml", "image/*", "image/webp", "image/avif", "image/apng"),
        *("application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)
_WEIGHT = re.compile(r"[01](?:\.[0-9]{0,3})?", re.ASCII)
_VERSION = re.compile(r"[0-9]\.[0-9]{1,2}(?:; ?NetFx)?", re.ASCII)
_PARAMETERS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("odata.metadata", "metadata"), frozenset({"minimal", "full", "none"})),
    "odata": frozenset({"minimalmetadata", "fullmetadata", "nometadata", "verbose"}),
    **dict.fromkeys(("odata.streaming", "streaming", "ieee754compatible"), frozenset({"true", "false"})),
    "exponentialdecimals": frozenset({"true", "false"}),
    "charset": frozenset({"utf-8", "utf-16", "utf-32", "us-ascii", "iso-8859-1"}),
    "header": frozenset({"present", "absent"}),
}
_PREFERENCES: Mapping[str, frozenset[str]] = {
    "maxpagesize": frozenset(),
    "omit-values": frozenset({"nulls", "defaults"}),
    "continue-on-error": frozenset({"", "true", "false"}),
    "return": frozenset({"minimal", "representation"}),
    "handling": frozenset({"strict", "lenient"}),
    "include-annotations": frozenset({"*", "-*"}),
    **dict.fromkeys(("respond-async", "track-changes", "allow-entityreferences"), frozenset({""})),
    "wait": frozenset(),
}
AGENTS = frozenset(
    {
        *("Microsoft.Data.Mashup", "https://go.microsoft.com/fwlink/?LinkID=304225", "Microsoft", "Office", "Excel"),
        *("Power", "BI", "PowerBI", "Desktop", "Service", "Gateway", "Query", "PowerQuery", "Fabric", "Mashup"),
        *("Mozilla", "AppleWebKit", "KHTML", "like", "Gecko", "Chrome", "Safari", "Firefox", "Edg", "Windows", "NT"),
        *("Win64", "x64", "Linux", "linux", "x86_64", "X11", "Macintosh", "compatible", "MSIE", "Trident", "jsdom"),
        *("python-requests", "python-httpx", "python-odata", "Python", "aiohttp", "urllib3", "curl", "Wget", "node"),
        *("axios", "okhttp", "Java", "Go-http-client", "R", "httr", "httr2", "libcurl", "PostmanRuntime", "UI5"),
        *("OData", ".NET", "DotNet", "Simple.OData.Client", "Microsoft.OData.Client", "Tableau", "Qlik"),
    }
)
"""Words of User-Agent that name programs."""
_PIECES = re.compile(r"https?://[^\s();,]*|[^\s();,/]+|.", re.DOTALL)


def _media(element: Element) -> str:
    """A media range with its parameters; as a whole or not at all, so that no replay asks for half of it."""
    known = element.word.lower() in MEDIA and all(_is_known(name, value) for name, value in element.parameters)
    return ";".join([element.word, *(f"{name}={value}" for name, value in element.parameters)]) if known else "<media>"


def _is_known(name: str, value: str) -> bool:
    return value.lower() in _PARAMETERS.get(name, ()) or (name == "q" and _WEIGHT.fullmatch(value) is not None)


def _content(element: Element) -> str:
    """Of a batch: the boundary is the client's own word."""
    named = [name for name, _ in element.parameters]
    if element.word.lower() == "multipart/mixed" and "boundary" in named:
        return "multipart/mixed; boundary=<boundary>"
    return _media(element)


def _preference(element: Element) -> str:
    name = element.name.removeprefix("odata.")
    if name not in _PREFERENCES or element.parameters:
        return "<preference>"
    if not element.value and "=" not in element.word:
        return element.name
    if element.value.lower() in _PREFERENCES[name]:
        return f"{element.name}={element.value}"
    return f"{element.name}=<int32>" if element.value.isdigit() else f"{element.name}=<value>"


def _coding(element: Element) -> str:
    """Of Accept-Encoding, Accept-Charset and Accept-Language."""
    known = element.word.lower() in _CODINGS or _LANGUAGE.fullmatch(element.word) is not None
    weights = all(name == "q" and _WEIGHT.fullmatch(value) for name, value in element.parameters)
    if not (known and weights):
        return "<word>"
    return ";".join([element.word, *(f"q={value}" for _, value in element.parameters)])


_CODINGS = frozenset({"gzip", "deflate", "br", "zstd", "identity", "*", "utf-8", "utf-16", "us-ascii", "iso-8859-1"})
_LANGUAGE = re.compile(r"[A-Za-z]{2}(?:-[A-Za-z]{2})?", re.ASCII)


def _list(of: Callable[[Element], str]) -> Callable[[str], str]:
    return lambda text: ",".join(of(element) for element in elements(text))


def _agent(text: str) -> str:
    return "".join(
        piece if piece in AGENTS or piece in " ();,/" else "<version>" if piece[0].isdigit() else "<word>"
        for piece in _PIECES.findall(text)
    )


def _version(text: str) -> str:
    return text if _VERSION.fullmatch(text.strip()) else "<version>"


SHOWN: Mapping[str, Callable[[str], str]] = {
    "accept": _list(_media),
    "accept-charset": _list(_coding),
    "accept-encoding": _list(_coding),
    "accept-language": _list(_coding),
    "content-type": _list(_content),
    "dataserviceversion": _version,
    "if-match": lambda _text: "<tag>",
    "if-none-match": lambda _text: "<tag>",
    "isolation": lambda text: "snapshot" if text.strip().lower() == "snapshot" else "<word>",
    "maxdataserviceversion": _version,
    "odata-isolation": lambda text: "snapshot" if text.strip().lower() == "snapshot" else "<word>",
    "odata-maxversion": _version,
    "odata-version": _version,
    "prefer": _list(_preference),
    "user-agent": _agent,
}
"""Fields that matter when a request is asked again, by lower-case name."""


def shown(headers: Mapping[str, str]) -> dict[str, str]:
    """The fields that may be written down, in the order of the request."""
    return {name: SHOWN[name](value) for name, value in headers.items() if name in SHOWN}


def sign_in(headers: Mapping[str, str]) -> str:
    """How the request signed in, as a word; never with what."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if not scheme:
        return "header" if "x-api-key" in headers else "none"
    if scheme.lower() not in ("basic", "bearer"):
        return "another scheme"
    return scheme.lower() if value.strip() else f"empty {scheme.lower()}"
