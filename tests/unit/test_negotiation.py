"""What a client's headers and $format make of the answer, as tables.

Level, IEEE754Compatible, OData-Version; `406` where nothing of ours is wanted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.odata.protocol import negotiation, preferences
from api.odata.protocol.header_fields import elements, split
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
application/json;q=0, */*                                           | -                                    | 406
application/*;q=0, */*                                              | -                                    | 406
*/*, application/json;q=0, application/json;odata.metadata=full     | -                                    | full
application/json;q=0.1, */*;q=0.9, application/json;metadata=none;q=0.5 | -                                | none
application/json;metadata="full"                                    | -                                    | full
application/json;ExponentialDecimals=true                           | -                                    | minimal
application/json;ExponentialDecimals=sometimes                      | -                                    | 406
application/json;x=",application/json;q=0.5                         | -                                    | 406
application/vnd.city+json, application/json;q=0.2                   | -                                    | minimal
application/json;q=much                                             | -                                    | 406
application/json;q=7                                                | -                                    | minimal
application/json;q=nan                                              | -                                    | 406
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
*/*                                             | atom             | 406
*/*                                             | XML              | application/xml
application/xml;q=0, */*                        | -                | 406
application/xml;q=0, application/json;q=0.1     | -                | application/json
application/xml;charset=utf-8                   | -                | application/xml
"""

CHARSETS = """
Accept-Charset              | Accept                           | answer
utf-8                       | -                                | yes
UTF-8;q=0.1, iso-8859-1     | -                                | yes
*                           | -                                | yes
iso-8859-1, *;q=0.5         | -                                | yes
iso-8859-1                  | -                                | no
iso-8859-1, *;q=0           | -                                | no
utf-8;q=0, *                | -                                | no
utf-8                       | application/json;charset=utf-16  | yes
iso-8859-1                  | application/json;charset=utf-8   | no
"""

VERSIONS = """
OData-MaxVersion | OData-Version | answer
-                | -             | 4.0
4.0              | -             | 4.0
4.01             | -             | 4.01
4.02             | -             | 4.01
4.00             | -             | 4.0
4.005            | -             | 4.0
4.1              | -             | 4.01
06.2831852000    | -             | 4.01
3.99             | -             | 400
4.0.1            | -             | 400
4                | -             | 400
4.٠              | -             | 400
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
odata.maxpagesize=9, maxpagesize=3                  | 3    | no    | maxpagesize=3
maxpagesize=3, maxpagesize=9                        | 3    | no    | maxpagesize=3
odata.maxpagesize=9, odata.maxpagesize=3            | 9    | no    | odata.maxpagesize=9
maxpagesize=many, odata.maxpagesize=9               | -    | no    |
MaxPageSize = 3                                     | 3    | no    | MaxPageSize=3
maxpagesize="3"                                     | 3    | no    | maxpagesize=3
maxpagesize=03                                      | -    | no    |
maxpagesize=3;x="a,b;c", omit-values=nulls          | 3    | yes   | maxpagesize=3, omit-values=nulls
x="\\\\", maxpagesize=3                               | 3    | no    | maxpagesize=3
x="a, maxpagesize=3                                 | -    | no    |
, ,maxpagesize=3,,                                  | 3    | no    | maxpagesize=3
callback;url="some:/where", maxpagesize=3           | 3    | no    | maxpagesize=3
return=minimal, wait=10, allow-entityreferences     | -    | no    |
include-annotations="-*,Core.*", omit-values=nulls  | -    | yes   | omit-values=nulls
continue-on-error                                   | -    | no    |
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
    assert found == negotiation.Preferences(int(size) if size else None, nulls == "yes", applied=applied)


CONTINUE = """
Prefer                                              | continue | applied
-                                                   | -        |
continue-on-error                                   | yes      | continue-on-error
odata.continue-on-error                             | yes      | odata.continue-on-error
continue-on-error=true                              | yes      | continue-on-error=true
odata.continue-on-error=FALSE                       | no       | odata.continue-on-error=false
continue-on-error=perhaps                           | -        |
continue-on-error=""                                | yes      | continue-on-error
odata.continue-on-error, continue-on-error=false    | no       | continue-on-error=false
respond-async, continue-on-error, maxpagesize=5     | yes      | continue-on-error
"""


@pytest.mark.parametrize(("prefer", "answer", "applied"), rows(CONTINUE))
def test_whether_a_batch_goes_on_after_an_error(prefer: str, answer: str, applied: str) -> None:
    found = preferences.preferences({"prefer": prefer}, 500, preferences.OFFERED_TO_BATCHES)
    expected = {"": None, "yes": True, "no": False}[answer]
    assert found == preferences.Preferences(continue_on_error=expected, applied=applied)


@pytest.mark.parametrize(("charsets", "accept", "answer"), rows(CHARSETS))
def test_answers_are_utf_8_or_nothing(charsets: str, accept: str, answer: str) -> None:
    sent = {"accept-charset": charsets, **headers(accept)}
    for ask in (
        lambda: negotiation.data(sent, None, 500),
        lambda: negotiation.metadata({**sent, "accept": "*/*"}, None),
    ):
        if answer == "no":
            with pytest.raises(NotAcceptable):
                ask()
        else:
            ask()


def test_4_01_leaves_out_the_prefix_that_4_0_has() -> None:
    """OData JSON, conformance of a producer: 4.0 must not omit `odata.` and `#`, 4.01 should."""
    accept = {"accept": "application/json;metadata=full;streaming=true;IEEE754Compatible=true"}
    old, new = (negotiation.data({**accept, "odata-maxversion": most}, None, 500) for most in ("4.0", "4.01"))
    assert old.content_type == "application/json;odata.metadata=full;odata.streaming=true;IEEE754Compatible=true"
    assert new.content_type == "application/json;metadata=full;streaming=true;IEEE754Compatible=true"
    assert (old.control, new.control) == ("@odata.", "@")
    assert (old.primitive_type("#Date"), new.primitive_type("#Date")) == ("#Date", "Date")


def test_plain_text_names_a_character_set_only_where_it_needs_one() -> None:
    assert negotiation.text(b"42") == "text/plain"
    assert negotiation.text("Zoë".encode()) == "text/plain;charset=utf-8"


@pytest.mark.shared
def test_every_preference_of_the_oasis_cases_is_read(shared: Path, figure: Callable[[str], None]) -> None:
    """Each case is one preference; the parser finds its name, its value and nothing else."""
    path = shared / "odata" / "abnf" / "odata-abnf-testcases.json"
    cases = [case for case in json.loads(path.read_text("utf-8"))["TestCases"] if case["Rule"] == "preference"]
    for case in cases:
        (found,) = elements(case["Input"])
        assert "FailAt" not in case
        assert re.fullmatch(r"(odata\.)?[a-z-]+", found.name), case
        assert found.name in case["Input"]
        assert all(text in case["Input"] for text in (found.value, *(value for _, value in found.parameters)))
    assert len(cases) == 36
    figure(f"OASIS preference cases read: {len(cases)} of {len(cases)}")


@given(text=st.text(alphabet='ab",;= \\', max_size=80))
def test_lists_are_split_outside_of_quotes_only(text: str) -> None:
    """Nothing is lost: the pieces with the marks between them are the text."""
    for mark in ",;":
        assert mark.join(split(text, mark)) == text
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert [element.value for element in elements(f"x={quoted}, y=1")] == [text, "1"]


@given(accept=st.text(max_size=60), prefer=st.text(max_size=60), most=st.text(max_size=10))
def test_no_header_is_ever_more_than_a_refusal(accept: str, prefer: str, most: str) -> None:
    try:
        negotiation.data({"accept": accept, "prefer": prefer, "odata-maxversion": most}, None, 500)
    except CrisisError as error:
        assert error.status in (400, 406)
