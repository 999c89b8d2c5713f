"""Results as one HTML page for curators, by file and by shape.

The page needs no other files and works without scripts: radio buttons switch the views, and groups
are `details`. A script adds a filter, and check marks that the browser remembers.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from html import escape
from importlib.resources import files
from typing import IO, Final

from kg.errors import Location
from kg.names import Namer
from kg.terms import XSD_STRING
from kg.validation.messages import component_name, expectation, message_text
from kg.validation.names import sh
from kg.validation.paths import to_sparql
from kg.validation.reports.piles import Scratch
from kg.validation.results import Result, Severity, Verdict
from kg.validation.shapes import ShapesGraph
from kg.validation.terms import is_literal, split_literal
from kg.wording import counted, printable, visible

# Rows that a group shows while the page has at most `_ROWS`, and after that.
_OF_GROUP: Final = 100
_FEW: Final = 3
_ROWS: Final = 5_000
# Up to this many groups are by constraint and file; later ones are by constraint only.
_GROUPS: Final = 2_000
# Up to this many results, everything is open at first.
_OPEN: Final = 40
# Most characters shown of a value or message.
_LONGEST: Final = 1_000

_NO_FILE: Final = "No source record known"
_MORE_FILES: Final = "Other files"


_Met = Mapping[str, int]


@dataclass
class _Group:
    """Results of one constraint in one file.

    Attributes:
        first: One of them.
        file: The file, or a text instead.
        count: Number of results.
        rows: The rows shown: line and record to sort them by, and their place in the scratch file.
    """

    first: Result
    file: str
    count: int = 0
    rows: list[tuple[int, int, int, int]] = field(default_factory=list)


_Named = Callable[[_Group], str]


class HtmlReport:
    """Writes a page with all groups of results, and the first results of each.

    Memory grows with the number of files and shapes, up to a limit, not with the number of results:
    rows are kept in a file until the page is written.

    Args:
        out: Where the page goes.
        shapes: The shapes graph.
        namer: Writes terms.
        title: Name of the validated data.
    """

    def __init__(self, out: IO[str], shapes: ShapesGraph, namer: Namer, title: str = "") -> None:
        self._out = out
        self._shapes = shapes
        self._namer = namer
        self._title = title
        self._counts: Counter[Severity] = Counter()
        self._groups: dict[tuple[object, ...], _Group] = {}
        self._scratch = Scratch()
        self._rows = 0

    def add(self, result: Result) -> None:
        """Count one result, and keep its row if there is room."""
        self._counts[result.level] += 1
        group = self._group(result)
        group.count += 1
        if len(group.rows) < (_OF_GROUP if self._rows < _ROWS else _FEW):
            row = self._row(result, group.file).encode("utf-8", "backslashreplace")
            place = result.origins[0] if result.origins else Location("")
            at = self._scratch.put(row)
            group.rows.append((place.line or 0, place.record or 0, at, len(row)))
            self._rows += 1

    def _group(self, result: Result) -> _Group:
        # Not by path: with sh:closed, it may be any property of the data.
        rule = (
            result.source_shape,
            result.source_constraint,
            result.component,
            result.severity,
        )
        file = result.origins[0].file if result.origins else _NO_FILE
        if (*rule, file) not in self._groups and len(self._groups) >= _GROUPS:
            file = _MORE_FILES
        return self._groups.setdefault((*rule, file), _Group(result, file))

    def close(self, verdict: Verdict | None = None, /) -> None:
        """Write the page."""
        write = self._out.write
        write(self._head(verdict))
        write('<main>\n<section class="by-file">\n<h2>Results by file</h2>\n')
        by_file: dict[str, list[_Group]] = {}
        for group in sorted(self._groups.values(), key=self._rank):
            by_file.setdefault(group.file, []).append(group)
        for file in sorted(by_file, key=lambda name: (name in (_NO_FILE, _MORE_FILES), name)):
            self._pile(_text(file), "", by_file[file], self._rule)
        self._none()
        write('</section>\n<section class="by-shape">\n<h2>Results by shape</h2>\n')
        by_shape: dict[str, list[_Group]] = {}
        for group in sorted(self._groups.values(), key=lambda each: (self._rank(each), each.file)):
            owner = self._shapes.owner(group.first.source_shape)
            by_shape.setdefault(owner, []).append(group)
        met = verdict.met if verdict else {}
        for shape in sorted(by_shape, key=self._namer):
            about = counted(met[shape], "focus node") if shape in met else ""
            self._pile(self._shape(shape), about, by_shape[shape], self._rule_in_file)
        self._none()
        self._conforming(sorted((s for s in met if s not in by_shape), key=self._namer), met)
        write("</section>\n</main>\n<script>" + _asset("page.js") + "</script>\n</body>\n</html>\n")

    def _rank(self, group: _Group) -> tuple[object, ...]:
        return (-group.first.level, -group.count, group.first.sort_key)

    # --- the head of the page ---------------------------------------------------------------

    def _head(self, verdict: Verdict | None) -> str:
        title = f"Validation of {self._title}" if self._title else "Validation report"
        script = b64encode(sha256(_asset("page.js").encode()).digest()).decode()
        policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{script}'"
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{_text(title)}</title>\n<style>\n{_asset('page.css')}</style>\n</head>\n"
            f"<body>\n<header>\n<h1>{_text(title)}</h1>\n{self._summary()}{_notes(verdict)}"
            f"</header>\n{_CONTROLS}"
        )

    def _summary(self) -> str:
        if not self._counts:
            return "<p>The graph conforms to the shapes.</p>\n"
        told = "".join(
            f'<b class="{level.label}">{counted(self._counts[level], level.label)}</b> '
            for level in sorted(self._counts, reverse=True)
        )
        text = f'<p class="counts">{told}</p>\n'
        left_out = self._counts.total() - self._rows
        if left_out:
            text += (
                f"<p>This page shows {self._rows:,} of {self._counts.total():,} results, the first"
                " of each group. <code>kg validate --format csv -o results.csv</code> writes all."
                "</p>\n"
            )
        return text

    # --- groups -----------------------------------------------------------------------------

    def _pile(self, title: str, about: str, groups: list[_Group], named: _Named) -> None:
        counts: Counter[Severity] = Counter()
        for group in groups:
            counts[group.first.level] += group.count
        told = [counted(counts[level], level.label) for level in sorted(counts, reverse=True)]
        small = ", ".join([*told, *([about] if about else [])])
        self._out.write(
            f'<details class="pile"{self._open}>\n<summary><h3>{title}</h3>'
            f" <small>{small}</small></summary>\n"
        )
        for group in groups:
            self._write_group(group, named(group))
        self._out.write("</details>\n")

    def _write_group(self, group: _Group, title: str) -> None:
        level = group.first.level.label
        self._out.write(
            f'<details class="group"{self._open}>\n<summary><span class="level {level}">{level}'
            f"</span> <h4>{title}</h4> <small>{counted(group.count, 'result')}</small></summary>\n"
            f'<div class="body">\n{self._about(group.first)}{_TABLE}'
        )
        for _, _, at, length in sorted(group.rows):
            self._out.write(self._scratch.get(at, length).decode())
        self._out.write("</tbody>\n</table>\n")
        if more := group.count - len(group.rows):
            self._out.write(
                f'<p class="rest">and {counted(more, "more result")}:'
                " <code>kg validate --format csv -o results.csv</code> writes all</p>\n"
            )
        self._out.write("</div>\n</details>\n")

    @property
    def _open(self) -> str:
        return " open" if self._counts.total() <= _OPEN else ""

    def _rule(self, group: _Group) -> str:
        owner = self._shapes.owner(group.first.source_shape)
        return f"{_text(self._namer(owner))} {self._constraint(group.first)}"

    def _rule_in_file(self, group: _Group) -> str:
        return f"{self._constraint(group.first)} <small>in</small> {_text(group.file)}"

    def _constraint(self, result: Result) -> str:
        path = self._shapes.value(result.source_shape, sh("path"))
        shown = ""
        if path is not None:
            shown = to_sparql(self._shapes.path(path), self._namer)
            shown = f"<code>{_text(shown)}</code> "
        return f"{shown}({_text(component_name(result.component))})"

    def _about(self, result: Result) -> str:
        told = ""
        expected = expectation(self._shapes, result)
        if expected:
            told += f"<p>Expected: <bdi>{_text(expected, lines=True)}</bdi></p>\n"
        for text in self._shapes.objects(result.source_shape, sh("description")):
            if is_literal(text):
                told += f"<p><bdi>{_text(split_literal(text).lexical, lines=True)}</bdi></p>\n"
        place = self._shapes.origins.get(result.source_shape)
        return told + (f"<p><small>Shape: {_text(str(place))}</small></p>\n" if place else "")

    def _shape(self, shape: str) -> str:
        place = self._shapes.origins.get(shape)
        where = f" <small>{_text(str(place))}</small>" if place else ""
        return f"{_text(self._namer(shape))}{where}"

    def _none(self) -> None:
        if not self._counts:
            self._out.write("<p>No results.</p>\n")

    def _conforming(self, shapes: list[str], met: _Met) -> None:
        if not shapes:
            return
        self._out.write(
            f'<details class="good">\n<summary>{counted(len(shapes), "shape")} without results'
            "</summary>\n<ul>\n"
        )
        for shape in shapes:
            nodes = counted(met[shape], "focus node")
            self._out.write(f"<li>{self._shape(shape)}: {nodes}</li>\n")
        self._out.write("</ul>\n</details>\n")

    # --- rows -------------------------------------------------------------------------------

    def _row(self, result: Result, file: str) -> str:
        node = self._namer(result.focus_node)
        # The key stays the same in later runs, whatever changes elsewhere in data and shapes.
        shape = self._shapes.owner(result.source_shape)
        parts = (shape, result.component, result.focus_node, repr(result.path))
        known = "\0".join((*parts, result.value or "", *result.messages))
        key = blake2b(known.encode("utf-8", "backslashreplace"), digest_size=6).hexdigest()
        cells = (
            f'<input type="checkbox" aria-label="Done: {_text(node)}">',
            _places(result.origins, file),
            _term(result.focus_node, node),
            self._value(result),
            self._message(result),
        )
        return f'<tr data-k="{key}">{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>\n'

    def _value(self, result: Result) -> str:
        told = ""
        own = self._shapes.value(result.source_shape, sh("path"))
        if result.path is not None and own is None:
            told = f"<code>{_text(to_sparql(result.path, self._namer))}</code><br>"
        if result.value is None or result.value == result.focus_node:
            return told
        if not is_literal(result.value):
            return told + _term(result.value, self._namer(result.value))
        parts = split_literal(result.value)
        kind = parts.language or self._namer.iri(parts.datatype)
        note = "" if parts.datatype == XSD_STRING else f" <small>{_text(kind)}</small>"
        return f"{told}<bdi>{_text(parts.lexical, lines=True)}</bdi>{note}"

    def _message(self, result: Result) -> str:
        told = f"<bdi>{_text(message_text(result), lines=True)}</bdi>"
        reasons = "".join(f"<li><bdi>{_text(reason)}</bdi></li>" for reason in result.reasons)
        return f"{told}<ul>{reasons}</ul>" if reasons else told


_TABLE: Final = (
    '<table>\n<thead><tr><th scope="col">Done</th><th scope="col">Source record</th>'
    '<th scope="col">Focus node</th><th scope="col">Value</th><th scope="col">Message</th></tr>'
    "</thead>\n<tbody>\n"
)
_CONTROLS: Final = """\
<input type="radio" name="view" id="by-file" checked>\
<label class="view-label" for="by-file">By file</label>\
<input type="radio" name="view" id="by-shape">\
<label class="view-label" for="by-shape">By shape</label>
<div class="tools" hidden>
<label>Filter <input type="search" id="filter" placeholder="name, value, message, line"></label>
<label><input type="checkbox" id="hide-done"> Hide what is ticked off</label>
<span id="progress" role="status"></span>
</div>
"""


def _notes(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    notes = list(verdict.notes)
    if verdict.cut:
        notes.insert(0, "the validation stopped at --max-results; there are more results")
    if not notes:
        return ""
    listed = "".join(f"<li>{_text(note)}</li>\n" for note in notes)
    return f"<p>Not checked:</p>\n<ul>\n{listed}</ul>\n"


def _places(places: Iterable[Location], file: str) -> str:
    return "<br>".join(_text(_place(place, file)) for place in places)


def _place(place: Location, file: str) -> str:
    told = [] if place.file == file else [place.file]
    told += [f"line {place.line}"] if place.line is not None else []
    told += [f"record {place.record}"] if place.record is not None else []
    told += [f"column {place.column}"] if place.column is not None else []
    return ", ".join(told)


def _term(term: str, shown: str) -> str:
    title = f' title="{_text(term[1:-1])}"' if term.startswith("<") and shown != term else ""
    return f"<code{title}>{_text(shown)}</code>"


def _text(text: str, *, lines: bool = False) -> str:
    """Escape a text for HTML; line ends are kept, or shown like other control characters."""
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    return escape(visible(text) if lines else printable(text))


def _asset(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")
