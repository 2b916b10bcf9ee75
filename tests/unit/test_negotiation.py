"""What a client's headers and $format make of the answer, as tables.

Level, IEEE754Compatible, OData-Version; `406` where nothing of ours is wanted.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.odata import negotiation
from models.errors import CrisisError, NotAcceptable, SyntaxProblem

POWER_QUERY = (
    "application/json;odata.metadata=minimal;q=1.0,application/json;odata=minimalmetadata;q=0.9,"
    "application/atomsvc+xml;q=0.8,application/atom+xml;q=0.8,application/xml;q=0.7,text/plain;q=0.7"
)

DATA = """
Accept                                                              | $format                              | answer
-                                                                   | -                                    | minimal
*/*                                                                 | -                                    | minimal
application/*                                                       | -                                    | minimal
application/json                                                    | -                                    | minimal
POWER_QUERY                                                         | -                                    | minimal
application/json;odata.metadata=full                                | -                                    | full
application/json;metadata=full                                      | -                                    | full
Application/JSON; OData.Metadata=None                               | -                                    | none
application/json;IEEE754Compatible=true                             | -                                    | minimal ieee
application/json;odata.metadata=minimal;odata.streaming=true        | -                                    | minimal streaming
application/json;streaming=true;metadata=none                       | -                                    | none streaming
application/json;charset=utf-8                                      | -                                    | minimal
application/json;charset=utf-16                                     | -                                    | 406
application/json;odata.metadata=everything                          | -                                    | 406
application/json;odata=verbose                                      | -                                    | 406
application/json;odata=verbose,*/*;q=0.1                            | -                                    | minimal
application/json;odata.metadata=full;q=0.2,application/json;q=0.9   | -                                    | minimal
application/json;odata.metadata=full;q=0.9,application/json;q=0.2   | -                                    | full
application/json;q=0                                                | -                                    | 406
application/atom+xml,application/xml;q=0.9                          | -                                    | 406
text/html                                                           | -                                    | 406
application/atom+xml                                                | json                                 | minimal
text/html                                                           | application/json;odata.metadata=none | none
*/*                                                                 | JSON                                 | minimal
*/*                                                                 | atom                                 | 406
*/*                                                                 | xml                                  | 406
*/*                                                                 | csv                                  | 406
"""

METADATA = """
Accept                                          | $format          | answer
-                                               | -                | application/xml
*/*                                             | -                | application/xml
POWER_QUERY                                     | -                | application/xml
application/xml                                 | -                | application/xml
application/json                                | -                | application/json
application/json, */*                           | -                | application/xml
application/json, */*;q=0.1                     | -                | application/json
application/json;q=0.5,application/xml;q=0.6    | -                | application/xml
application/json;odata.metadata=minimal         | -                | application/json
application/xml                                 | json             | application/json
application/xml                                 | application/json | application/json
application/json                                | xml              | application/xml
text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8 | - | application/xml
application/atom+xml                            | -                | 406
*/*                                             | csv              | 406
"""

VERSIONS = """
OData-MaxVersion | OData-Version | answer
-                | -             | 4.0
4.0              | -             | 4.0
4.01             | -             | 4.01
4.02             | -             | 4.01
5.0              | -             | 4.01
4.0              | 4.0           | 4.0
3.0              | -             | 400
2.0              | -             | 400
four             | -             | 400
-                | 3.0           | 400
-                | 4.02          | 400
"""

PREFER = """
Prefer                                              | size | nulls | applied
-                                                   | -    | no    |
odata.maxpagesize=100                               | 100  | no    | odata.maxpagesize=100
maxpagesize=100                                     | 100  | no    | maxpagesize=100
odata.maxpagesize=1000000                           | 500  | no    | odata.maxpagesize=500
odata.maxpagesize=99999999999999999999999           | 500  | no    | odata.maxpagesize=500
odata.maxpagesize=0                                 | -    | no    |
odata.maxpagesize=many                              | -    | no    |
odata.maxpagesize=-5                                | -    | no    |
odata.maxpagesize=²                                 | -    | no    |
omit-values=nulls                                   | -    | yes   | omit-values=nulls
omit-values="nulls"                                 | -    | yes   | omit-values=nulls
omit-values=defaults                                | -    | no    |
odata.omit-values=nulls, odata.maxpagesize=7; x=y   | 7    | yes   | odata.omit-values=nulls, odata.maxpagesize=7
maxpagesize=3, odata.maxpagesize=9                  | 3    | no    | maxpagesize=3
VSTS.Analytics.MaxSize=1000                         | -    | no    |
respond-async, odata.track-changes                  | -    | no    |
"""


def rows(table: str) -> list[list[str]]:
    """The cells of an ASCII table without its head; `-` is nothing."""
    lines = table.strip().splitlines()[1:]
    return [["" if cell.strip() == "-" else cell.strip() for cell in line.split("|")] for line in lines]


def headers(accept: str) -> dict[str, str]:
    return {"accept": POWER_QUERY if accept == "POWER_QUERY" else accept} if accept else {}


@pytest.mark.parametrize(("accept", "format_option", "answer"), rows(DATA))
def test_how_rows_are_written(accept: str, format_option: str, answer: str) -> None:
    if answer == "406":
        with pytest.raises(NotAcceptable):
            negotiation.data(headers(accept), format_option or None, 500)
        return
    form = negotiation.data(headers(accept), format_option or None, 500)
    said = f"{form.level}{' ieee' if form.numbers_as_text else ''}{' streaming' if form.streaming else ''}"
    assert said == answer
    assert form.content_type.startswith(f"application/json;odata.metadata={form.level}")
    assert ("IEEE754Compatible=true" in form.content_type) == form.numbers_as_text
    assert ("odata.streaming=true" in form.content_type) == form.streaming


@pytest.mark.parametrize(("accept", "format_option", "answer"), rows(METADATA))
def test_how_metadata_is_written(accept: str, format_option: str, answer: str) -> None:
    if answer == "406":
        with pytest.raises(NotAcceptable):
            negotiation.metadata(headers(accept), format_option or None)
    else:
        assert negotiation.metadata(headers(accept), format_option or None) == answer


@pytest.mark.parametrize(("most", "spoken", "answer"), rows(VERSIONS))
def test_the_version_of_the_answer(most: str, spoken: str, answer: str) -> None:
    sent = {name: text for name, text in (("odata-maxversion", most), ("odata-version", spoken)) if text}
    if answer == "400":
        with pytest.raises(SyntaxProblem):
            negotiation.version(sent)
    else:
        assert negotiation.version({**sent, "maxdataserviceversion": "3.0"}) == answer


@pytest.mark.parametrize(("prefer", "size", "nulls", "applied"), rows(PREFER))
def test_preferences(prefer: str, size: str, nulls: str, applied: str) -> None:
    found = negotiation.preferences({"prefer": prefer}, 500)
    assert found == negotiation.Preferences(int(size) if size else None, nulls == "yes", applied)


@given(accept=st.text(max_size=60), prefer=st.text(max_size=60), most=st.text(max_size=10))
def test_no_header_is_ever_more_than_a_refusal(accept: str, prefer: str, most: str) -> None:
    try:
        negotiation.data({"accept": accept, "prefer": prefer, "odata-maxversion": most}, None, 500)
    except CrisisError as error:
        assert error.status in (400, 406)
