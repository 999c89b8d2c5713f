"""The list of functions in the documentation is that of the code.

``python -m tests.mapping.test_function_docs`` writes it anew.
"""

from __future__ import annotations

from pathlib import Path

from kg.mapping.function_set import Function
from kg.mapping.function_table import COMPOSED, REFUSED, TABLE, Entry

PAGE = Path(__file__).parents[2] / "docs" / "functions.md"
START, END = "<!-- functions -->\n", "<!-- end of functions -->\n"
KINDS = {"b": "boolean", "i": "integer", "#": "number"}
GROUPS = {
    "Comparisons and conditions": Function.EQUAL,
    "Texts": Function.LOWER,
    "Several values": Function.SPLIT,
    "Numbers": Function.TO_NUMBER,
    "Days and times": Function.TO_DATE,
}


def listed() -> str:
    """The lists of all functions, as Markdown."""
    lines: list[str] = []
    starts = {first: group for group, first in GROUPS.items()}
    for function, entry in TABLE.items():
        if function in starts:
            lines += ["", f"### {starts[function]}", ""]
            lines += ["| function | gives | is | other names |", "| --- | --- | --- | --- |"]
        lines.append(_row(function, entry))
    lines += ["", "### Written with others", "", "| function | gives |", "| --- | --- |"]
    lines += [f"| `{name}` | {about} |" for name, about in COMPOSED.items()]
    lines += ["", "### Not in kg", "", "| function | why |", "| --- | --- |"]
    lines += [f"| `{name}` | {why} |" for name, why in REFUSED.items()]
    return "\n".join(lines[1:]) + "\n"


def _row(function: Function, entry: Entry) -> str:
    signature = entry.signature
    shown = [names[0] for names in signature.parameters]
    optional = shown[signature.required :]
    called = ", ".join([*shown[: signature.required], *(f"{name}?" for name in optional)])
    if signature.repeated:
        called += ", …"
    others = ", ".join(f"`{name}`" for name in entry.others)
    kind = "texts" if function.gives_list else "text"
    kind = KINDS.get(function.kind or "", kind)
    return f"| `{function.value}({called})` | {entry.about} | {kind} | {others} |"


def written(page: str) -> str:
    before, _, rest = page.partition(START)
    return f"{before}{START}\n{listed()}\n{END}{rest.partition(END)[2]}"


def test_the_page_lists_the_functions_of_the_code():
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
