"""The address of the service -> files that only connect: .pbids for Power BI, .odc for Excel. No key stands in them.

Pure; called by `templates`. Excel's own OData driver reads no version 4, so the .odc carries a Power Query query.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from powerbi.package.address import service_root
from powerbi.package.spelling import pretty

MASHUP = "http://schemas.microsoft.com/DataMashup"
ENGINE = "2.140.405.0"
OLDEST_ENGINE = "2.21.0.0"
"""Of Power Query: the one that writes such files today, and the oldest that has to read this one."""


def pbids(base: str) -> bytes:
    """Opened with Power BI Desktop: asks for a sign-in and shows the tables."""
    details = {"protocol": "odata", "address": {"url": service_root(base)}}
    return pretty({"version": "0.1", "connections": [{"details": details, "options": {}, "mode": "Import"}]})


def query(base: str, view: str) -> str:
    """M that reads one view."""
    return "\n".join(
        (
            "let",
            f'    Source = OData.Feed("{service_root(base)}", null, [Implementation = "2.0", ODataVersion = 4]),',
            f'    Rows = Source{{[Name = "{view}", Signature = "table"]}}[Data]',
            "in",
            "    Rows",
        )
    )


def odc(base: str, view: str) -> bytes:
    """Opened with Excel: asks for a sign-in and loads the view into a sheet; its query can be copied for others."""
    about = f"Crisis Metrics: {view}. For another table, copy the query and change its name in the step Rows."
    link = escape(f'Provider=Microsoft.Mashup.OleDb.1;Data Source=$Workbook$;Location={view};Extended Properties=""')
    text = f"""<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns="http://www.w3.org/TR/REC-html40">
<head>
<meta http-equiv="Content-Type" content="text/x-ms-odc; charset=utf-8"/>
<meta name="ProgId" content="ODC.Database"/>
<meta name="SourceType" content="OLEDB"/>
<title>Query - {view}</title>
<xml id="docprops"><o:DocumentProperties xmlns:o="urn:schemas-microsoft-com:office:office"
 xmlns="http://www.w3.org/TR/REC-html40">
<o:Description>{escape(about)}</o:Description>
<o:Name>Query - {view}</o:Name>
</o:DocumentProperties></xml>
<xml id="msodc"><odc:OfficeDataConnection xmlns:odc="urn:schemas-microsoft-com:office:odc"
 xmlns="http://www.w3.org/TR/REC-html40">
<odc:PowerQueryConnection odc:Type="OLEDB">
<odc:ConnectionString>{link}</odc:ConnectionString>
<odc:CommandType>SQL</odc:CommandType>
<odc:CommandText>SELECT * FROM [{view}]</odc:CommandText>
</odc:PowerQueryConnection>
<odc:PowerQueryMashupData>{escape(_mashup(base, view))}</odc:PowerQueryMashupData>
</odc:OfficeDataConnection></xml>
</head>
<body><p>Open this file with Excel.</p></body>
</html>
"""
    return text.encode()


def _mashup(base: str, view: str) -> str:
    """The query in the envelope in which Power Query hands queries on."""
    return (
        '<Mashup xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
        f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="{MASHUP}">'
        f"<Client>EXCEL</Client><Version>{ENGINE}</Version><MinVersion>{OLDEST_ENGINE}</MinVersion>"
        f"<Culture>en-CA</Culture><SafeCombine>true</SafeCombine><Items>"
        f'<Query Name="{view}"><Formula><![CDATA[{query(base, view)}]]></Formula>'
        '<IsParameterQuery xsi:nil="true"/><IsDirectQuery xsi:nil="true"/></Query></Items></Mashup>'
    )
