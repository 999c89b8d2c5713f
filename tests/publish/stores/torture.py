"""Makes a Markdown table of how stores change unusual values.

    python -m tests.publish.stores.torture            # all stores, into docs/stores.md
    python -m tests.publish.stores.torture STORE...   # some, on the terminal

Each value is sent by the Graph Store Protocol in its own request, and read with SPARQL.
"""

import json
import re
import sys
import tempfile
import urllib.parse
from collections.abc import Sequence
from pathlib import Path

import pytest

from kg.errors import KgError
from kg.http import Client, Credentials
from kg.push import graph_url
from kg.terms import XSD, literal
from tests.publish.stores.servers import STARTERS, STORES, Store, version

PAGE = Path(__file__).parents[3] / "docs" / "stores.md"
IN_PAGE = re.compile(r"^\| value \|.*\n(?:\|.*\n)+", re.MULTILINE)
GRAPH, SUBJECT = "http://example.org/torture", "<http://example.org/s>"


def typed(text: str, kind: str) -> str:
    return literal(text, XSD + kind)


VALUES: dict[str, str] = {
    "IRI of 3,000 characters": f"<http://example.org/{'long' * 750}>",
    "IRI with letters beyond ASCII": "<http://example.org/평양/é>",
    "IRI with %2F and a dot segment": "<http://example.org/a%2Fb/../c>",
    "integer of 40 digits": typed("1234567890" * 4, "integer"),
    "integer `01`": typed("01", "integer"),
    "integer `+1`": typed("+1", "integer"),
    "decimal `1.50`": typed("1.50", "decimal"),
    "decimal of 49 digits": typed(
        "3." + "141592653589793238462643383279502884197169399375", "decimal"
    ),
    "double `1.0E400`": typed("1.0E400", "double"),
    "double `NaN`": typed("NaN", "double"),
    "boolean `1`": typed("1", "boolean"),
    "boolean `true`": typed("true", "boolean"),
    "date before our era": typed("-0044-03-15", "date"),
    "date of year 12022": typed("12022-11-18", "date"),
    "date with a zone": typed("2022-11-18Z", "date"),
    "date that does not exist": typed("2022-02-30", "date"),
    "time stamp with `+00:00`": typed("2022-11-18T01:14:00+00:00", "dateTime"),
    "time stamp with nine digits of a second": typed("2022-11-18T01:14:00.123456789Z", "dateTime"),
    "gYear": typed("2022", "gYear"),
    "duration `P1Y2M3DT4H`": typed("P1Y2M3DT4H", "duration"),
    "language tag `zh-hant-tw`": literal("x", language="zh-hant-tw"),
    "language tag with extension": literal("x", language="de-1996-u-co-phonebk"),
    "new lines, tab, carriage return": literal("a\nb\tc\rd\r\ne"),
    "quotes and backslashes": literal('say "hi" \\ \\n \\u0041'),
    "emoji and flags": literal("🚀 👩‍🔬 🇰🇵"),
    "letters not in NFC": literal("e\u0301"),
    "control character U+0001": literal("a\u0001b"),
    "NUL": literal("a\u0000b"),
    "U+FFFE": literal("a\ufffeb"),
    "empty text": literal(""),
    "text with spaces at its ends": literal("  a  "),
    "unknown datatype": literal("x", "http://example.org/kind"),
    "text of 1 MB": literal("ab" * 500_000),
}


def fate(store: Store, client: Client, number: int, term: str) -> str:
    """Return the fate of a term: kept, refused, or the term that the store has instead."""
    # One graph per value, because Fuseki's PUT keeps `1.50` in the graph that it replaces.
    graph = f"{GRAPH}/{number}"
    line = f"{SUBJECT} <http://example.org/p> {term} .\n".encode()
    try:
        client.send("PUT", graph_url(store.push_url, graph), line, {"Content-Type": "text/turtle"})
        query = f"SELECT ?o {{ GRAPH <{graph}> {{ ?s <http://example.org/p> ?o }} }}"
        reply = client.send(
            "POST",
            store.endpoint,
            urllib.parse.urlencode({"query": query}).encode(),
            {
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/sparql-results+json",
            },
        )
        rows = json.loads(reply.body)["results"]["bindings"]
    except KgError:
        return "refused"
    except ValueError:
        return "answer that is not JSON"
    if not rows:
        return "**lost**"
    return "kept" if (held := written(rows[0]["o"])) == term else f"→ {shown(held)}"


def written(cell: dict[str, str]) -> str:
    if cell["type"] == "uri":
        return f"<{cell['value']}>"
    language = cell.get("xml:lang")
    kind = cell.get("datatype")
    try:
        return literal(cell["value"], None if language else kind, language)
    except KgError:
        return repr(cell)


def shown(term: str) -> str:
    short = term.replace(f"^^<{XSD}", " xsd:").rstrip(">")
    return f"`{short if len(short) < 60 else short[:40] + '…'}`".replace("|", "\\|")


def table_of(names: Sequence[str]) -> str:
    """Return the table of values and stores in Markdown."""
    table: dict[str, list[str]] = {value: [] for value in VALUES}
    ran = []
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            try:
                with STARTERS[name](Path(folder), None) as store:
                    login = store.environment
                    shownlogin = Credentials(login.get("KG_USER"), login.get("KG_PASSWORD"))
                    client = Client(shownlogin, tries=1, timeout=60)
                    for number, (value, term) in enumerate(VALUES.items()):
                        table[value].append(fate(store, client, number, term))
            except pytest.skip.Exception as error:
                print(f"{name}: {error}", file=sys.stderr)
                continue
        ran.append(version(name))
    lines = [f"| value | {' | '.join(ran)} |", "| --- |" + " --- |" * len(ran)]
    lines += [f"| {value} | {' | '.join(cells)} |" for value, cells in table.items()]
    return "\n".join(lines) + "\n"


def main(names: list[str]) -> None:
    made = table_of(names or STORES)
    if names:
        print(made, end="")
        return
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(IN_PAGE.sub(lambda _: made, page, count=1), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
