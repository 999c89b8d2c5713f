"""The formats of answers: their names, file endings, and which kinds of answer they can hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from kg.errors import InputError, UsageError
from kg.records import dataclass
from kg.sparql.words import Form


@dataclass(frozen=True, slots=True)
class Format:
    """A format of answers.

    Attributes:
        name: As ``--format`` takes it.
        endings: File endings that stand for it.
        rows: Whether it can hold rows, or yes and no.
        graph: Whether it can hold an RDF graph.
        rdf: Whether it is a format of RDF, one of `kg.serialize.FORMATS`.
        chart: Whether it can hold a chart.
        binary: Whether it is no text, so that a terminal cannot show it.
    """

    name: str
    endings: tuple[str, ...]
    rows: bool = False
    graph: bool = False
    rdf: bool = False
    chart: bool = False
    binary: bool = False

    @property
    def is_picture(self) -> bool:
        """Whether it holds nothing but a chart."""
        return self.chart and not self.rows


_ALL: Final = (
    Format("table", (".txt",), rows=True, graph=True, chart=True),
    Format("csv", (".csv",), rows=True),
    Format("tsv", (".tsv",), rows=True),
    Format("json", (".json", ".srj"), rows=True),
    Format("xml", (".xml", ".srx"), rows=True),
    Format("markdown", (".md",), rows=True, graph=True),
    Format("html", (".html", ".htm"), rows=True, graph=True, chart=True),
    Format("xlsx", (".xlsx",), rows=True, binary=True),
    Format("parquet", (".parquet",), rows=True, binary=True),
    Format("svg", (".svg",), chart=True),
    Format("png", (".png",), chart=True, binary=True),
    Format("turtle", (".ttl",), graph=True, rdf=True),
    Format("ntriples", (".nt",), graph=True, rdf=True),
    Format("trig", (".trig",), graph=True, rdf=True),
    Format("nquads", (".nq",), graph=True, rdf=True),
    Format("jsonld", (".jsonld",), graph=True, rdf=True),
    Format("rdfxml", (".rdf", ".owl"), graph=True, rdf=True),
)
FORMATS: Final[Mapping[str, Format]] = {each.name: each for each in _ALL}


def check_format_name(name: str | None, output: Path | None) -> Format | None:
    """Return the format that a name or the ending of a file says; None if neither is given.

    Raises:
        InputError: The name or ending is unknown.
    """
    if name is not None:
        if name.lower() not in FORMATS:
            raise UsageError(
                "unknown-format",
                f"there is no format {name}",
                hint=f"Take one of {', '.join(FORMATS)}.",
            )
        return FORMATS[name.lower()]
    if output is None:
        return None
    ending = output.suffix.lower()
    named = next((each for each in _ALL if ending in each.endings), None)
    if named is None:
        raise UsageError(
            "unknown-format",
            f"the ending of {output} says no format",
            hint=f"Add --format with one of {', '.join(FORMATS)}.",
        )
    return named


def choose_format(name: str | None, output: Path | None, form: Form, on_terminal: bool) -> Format:
    """Return the format in which to write an answer.

    Args:
        name: From ``--format``, if given.
        output: From ``-o``, if given; its ending says the format.
        form: The query form.
        on_terminal: Whether the answer goes to a terminal.

    Raises:
        InputError: The name or ending is unknown, or the format cannot hold the answer.
    """
    default = "turtle" if form.is_graph else "table" if on_terminal else "csv"
    chosen = check_format_name(name, output) or FORMATS[default]
    if chosen.binary and chosen.rows and on_terminal:
        raise UsageError(
            "usage",
            f"{chosen.name} is no text for a terminal",
            hint=f"Write it to a file: -o answer{chosen.endings[0]}",
        )
    if not (chosen.graph if form.is_graph else chosen.rows):
        raise InputError(
            "wrong-format",
            f"the format {chosen.name} cannot hold the answer of a {form.value}, which is "
            + ("an RDF graph" if form.is_graph else "rows" if form is Form.SELECT else "yes or no"),
            hint=f"Take {_fitting(form)}.",
        )
    return chosen


def choose_chart_format(name: str | None, output: Path | None, form: Form) -> Format:
    """Return the format in which to draw an answer; by default plain text.

    Args:
        name: From ``--format``, if given.
        output: From ``-o``, if given; its ending says the format.
        form: The query form.

    Raises:
        InputError: The name or ending is unknown, the format holds no chart, or the answer has no
            rows to draw.
    """
    if form is not Form.SELECT:
        raise InputError(
            "wrong-format",
            f"a chart is drawn of rows, and {form.value} gives none",
            hint="Draw the answer of a SELECT.",
        )
    chosen = check_format_name(name, output) or FORMATS["table"]
    if not chosen.chart:
        raise InputError(
            "wrong-format",
            f"the format {chosen.name} cannot hold a chart",
            hint=f"Take {_listed(each.name for each in _ALL if each.chart)}.",
        )
    return chosen


def _fitting(form: Form) -> str:
    return _listed(each.name for each in _ALL if (each.graph if form.is_graph else each.rows))


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}"
