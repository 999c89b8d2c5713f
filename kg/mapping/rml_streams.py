"""Streams in RML documents: kg listens to none, and reads a file in their stead.

CARML has streams that a program hands over, RMLStreamer those of Kafka and of sockets.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

from kg.mapping.plan import Formulation
from kg.mapping.rml_graph import RmlGraph, Value
from kg.notes import Notes
from kg.terms import RDF

_STREAMER: Final = "http://semweb.mmlab.be/ns/rmls#"
_ENDINGS: Final[Mapping[Formulation, str]] = {
    Formulation.JSON: ".json",
    Formulation.XPATH: ".xml",
    Formulation.CSV: ".csv",
}
# Of a stream without a name.
_UNNAMED: Final = "stream"


def file_of_stream(graph: RmlGraph, source: Value, formulation: Formulation) -> str | None:
    """Return the file that is read for a stream, which is told; None if a source is no stream.

    It is named as the stream is, with the ending of its format.
    """
    kinds = graph.iri_values(source.term, f"{RDF}type")
    kind = next((each.text for each in kinds if each.text.startswith(_STREAMER)), "")
    if kind == f"{_STREAMER}FileStream":
        paths = graph.iri_values(source.term, f"{_STREAMER}path")
        return paths[0].text if paths else None
    names = graph.all(source.term, "streamName")
    if kind:
        names = graph.iri_values(source.term, f"{_STREAMER}topic")
    elif not names and not graph.has_type(source.term, "Stream"):
        return None
    name = PurePath(names[0].text).name if names else ""
    ending = _ENDINGS.get(formulation, "")
    file = name or _UNNAMED
    if not file.endswith(ending):
        file += ending
    shown = f"the stream {name!r}" if name else "a stream without a name"
    text = f"{shown} is not listened to: the file {file} is read in its stead"
    Notes().add(text.replace("{", "{{").replace("}", "}}"), source.origin.location(), loses=False)
    return file
