"""The SPARQL endpoint: a query of the protocol becomes a whole answer."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final, cast
from urllib.parse import quote

from kg.errors import InputError, KgError, LimitError
from kg.files import replacing
from kg.queries.answer import Style, write_answer
from kg.queries.dataset import open_lines
from kg.queries.engine import Engine, Triple, Triples
from kg.queries.formats import FORMATS, Format
from kg.queries.question import parse_question
from kg.queries.run import Prepared
from kg.queries.syntax import check_query
from kg.serialize import write_triples
from kg.serve.description import service_triples
from kg.serve.messages import Reply, Request, SparqlRequest, text_reply
from kg.serve.negotiation import format_for, formats, media_type
from kg.serve.protocol import with_dataset
from kg.serve.state import State
from kg.sparql import algebra
from kg.sparql.guard import Guarded
from kg.sparql.translate import translate
from kg.sparql.volatile import is_volatile
from kg.terms import RDF_TYPE

# Larger answers go to a file.
_IN_MEMORY: Final = 2**20
SOURCE: Final = "the query"
# What hints say of the command line, and what they say to clients instead, by code.
_OPTION: Final = re.compile(r"(?<!\S)--[a-z]")
_PARAM: Final = re.compile(r"\s--param (?=\S+=)")
_HINTS: Final[Mapping[str, str]] = {
    "out-of-memory": "Ask for less: no ORDER BY or DISTINCT over many rows.",
    "service-refused": "Ask that server itself: this one answers from its own graph alone.",
    "timeout": "Ask for less: a narrower pattern, or LIMIT.",
    "too-many-rows": "Add LIMIT and OFFSET to the query; whoever runs the server sets the limit.",
}
# What is no plain character within the quotation marks of a header.
_NOT_PLAIN: Final = re.compile(r"[^ !#-\[\]-~]")


def answer(state: State, request: Request) -> Reply:
    """Answer a query of the protocol; what is wrong is told as text, with its place."""
    asked = request.sparql
    assert asked is not None
    try:
        prepared = prepare(state, asked, request.address)
    except KgError as error:
        return error_reply(error)
    form = format_for(prepared.form, request.accept, asked.form)
    if form is None:
        offered = ", ".join(each[0] for each in formats(prepared.form).values())
        return text_reply(
            406, f"no format that is accepted can hold the answer; there are: {offered}"
        )
    return written(state, prepared, form)


def prepare(state: State, asked: SparqlRequest, address: str = "http://localhost") -> Prepared:
    """Check a query and set its dataset.

    Args:
        state: The build.
        asked: The request.
        address: The address of the server, which its description names.

    Raises:
        InputError: The query is wrong, or changes or fetches something.
    """
    workspace = state.workspace
    # Escapes are read as questions read them, so that parameters of both are the same.
    text = parse_question(asked.text, SOURCE, workspace.prefixes).text
    checked = check_query(text, SOURCE, workspace.prefixes, workspace.base)
    if asked.default_graphs or asked.named_graphs:
        whole = with_dataset(checked.text, asked.default_graphs, asked.named_graphs)
        checked = check_query(whole, SOURCE, workspace.prefixes, workspace.base)
    elif is_about_description(checked.query, workspace.prefixes, workspace.base, state.used):
        engine = description_engine(state, address)
        return Prepared(checked.query, workspace.base, workspace.prefixes, engine)
    return Prepared(checked.query, workspace.base, workspace.prefixes, state.engine)


def description_engine(state: State, address: str) -> Engine:
    """Return what answers queries about the description of the service."""
    file = made_folder(state.orders.own_folder(os.getpid())) / f"{state.build.id}-description.nt"
    with replacing(file) as part, part.open("wb") as out:
        write_triples(service_triples(state, address), "ntriples", out, {})
    return open_lines(file, "the description of the service")


def written(state: State, prepared: Prepared, form: Format, name: str = "") -> Reply:
    """Return the answer to a query as a reply.

    Args:
        state: The build.
        prepared: The query.
        form: The format.
        name: The name of a file to save it as, if it is to be saved.
    """
    out = Spool(state.orders.own_folder(os.getpid()))
    try:
        prepared.write(
            prepared.ask(),
            form,
            cast(IO[bytes], out),
            Style(prepared.prefixes, rows=state.orders.rows),
        )
    except KgError as error:
        out.discard()
        return error_reply(error)
    except KeyboardInterrupt:
        out.discard()
        raise
    body, file = out.taken()
    headers = [("kg-remark", _ascii(remark)) for remark in prepared.remarks()]
    if name:
        headers.append(("content-disposition", _attachment(name)))
    return Reply(
        200,
        media_type(form.name),
        body,
        file,
        tuple(headers),
        is_stable=not is_volatile(prepared.text),
    )


def graph_reply(triples: Iterable[Triple], form: str, prefixes: Mapping[str, str]) -> Reply:
    """Return triples in a format of RDF, with the prefixes that they need.

    Raises:
        InputError: The format has no way to write them.
    """
    out = BytesIO()
    write_answer(Triples(triples), FORMATS[form], out, Style(prefixes))
    return Reply(200, media_type(form), out.getvalue())


def error_reply(error: KgError) -> Reply:
    """Return an error as text: 400 for what the client did, 503 for limits, 500 for the rest.

    Spec: https://www.w3.org/TR/sparql11-protocol/#query-failure
    """
    return text_reply(status_of(error), for_web(error).report())


def status_of(error: KgError) -> int:
    """Return the status of HTTP for an error."""
    if isinstance(error, LimitError):
        return 400 if error.code == "too-many-rows" else 503
    return 400 if isinstance(error, InputError) else 500


def for_web(error: KgError) -> KgError:
    """Return an error, its hint without options of a command line that clients do not have."""
    hint = _PARAM.sub(" ", error.hint or "")
    error.hint = _HINTS.get(error.code, "") if _OPTION.search(hint) else hint
    return error


def _attachment(name: str) -> str:
    """Return the header that has a browser save an answer as a file.

    Spec: https://www.rfc-editor.org/rfc/rfc6266#section-4.3
    """
    plain = _NOT_PLAIN.sub("_", name)
    exact = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"
    return f'attachment; filename="{plain}"{exact}'


def _ascii(text: str) -> str:
    return " ".join(text.encode("ascii", "replace").decode().split())[:500]


def made_folder(folder: Path) -> Path:
    """Return a folder of a worker, which is there now."""
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


class Spool:
    """Bytes that are held in memory while they are few, and in a file when they are many.

    Args:
        folder: Where the file is made; it is made too where it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._memory = BytesIO()
        self._file: IO[bytes] | None = None
        self._path = ""

    def write(self, data: bytes | memoryview) -> int:
        """Take some bytes."""
        if self._file is not None:
            return self._file.write(data)
        size = self._memory.write(data)
        if self._memory.tell() > _IN_MEMORY:
            self._path = str(made_folder(self._folder) / f"answer-{id(self)}")
            self._file = open(self._path, "wb")  # noqa: PTH123, SIM115
            self._file.write(self._memory.getvalue())
            self._memory = BytesIO()
        return size

    def flush(self) -> None:
        """Do nothing: what is held is read only when it is whole."""

    def readable(self) -> bool:
        """Return False; `io.TextIOWrapper` asks."""
        return False

    def writable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return False."""
        return False

    @property
    def closed(self) -> bool:
        """Whether it takes nothing any more: never."""
        return False

    def taken(self) -> tuple[bytes, str]:
        """Return the bytes, or the path of the file that holds them."""
        if self._file is None:
            return self._memory.getvalue(), ""
        self._file.close()
        return b"", self._path

    def discard(self) -> None:
        """Forget what was written."""
        if self._file is not None:
            self._file.close()
            os.unlink(self._path)  # noqa: PTH108


# Queries about the service's description, asked of the endpoint itself, as other services let one.
# The description is no part of the graph. A query is answered from it if each of its patterns can
# match nothing else: then the answer is that of the graph and the description together.


# Namespaces of which only descriptions of services have statements, and SHACL's part of that.
_SPACES: Final = (
    "<http://rdfs.org/ns/void#",
    "<http://ldf.fi/void-ext#",
    "<http://www.w3.org/ns/sparql-service-description#",
)
_SHACL: Final = frozenset(
    f"<http://www.w3.org/ns/shacl#{name}>"
    for name in (
        *("select", "ask", "construct", "describe", "prefix", "namespace", "declare", "prefixes"),
        *(f"SPARQL{form}Executable" for form in ("", "Select", "Ask", "Construct", "Describe")),
    )
)


def is_about_description(
    query: Guarded, prefixes: Mapping[str, str], base: str, used: Iterable[str]
) -> bool:
    """Return whether only the description can answer a query.

    Args:
        query: The query.
        prefixes: Known without a PREFIX line.
        base: What relative IRIs are resolved against.
        used: Predicates and classes of the graph, as terms.
    """
    if not any(space[1:] in query.text for space in (*_SPACES, "<http://www.w3.org/ns/shacl#")):
        short = ("void:", "sh:", "sd:", "void-ext:")
        if not any(name in query.text for name in short):
            return False
    try:
        meaning = translate(query.tree, prefixes, base)
    except (ValueError, RecursionError):
        return False
    known = frozenset(used)
    patterns = list(_patterns(meaning.pattern))
    own = [each for each in patterns if _is_own(each, known)]
    subjects = {each.subject for each in own if not isinstance(each.subject, algebra.Constant)}
    others = [each for each in patterns if each not in own]
    # Whatever is the subject of a statement of the description is no subject of the graph.
    return bool(own) and all(each.subject in subjects for each in others)


_Pattern = algebra.Triple | algebra.Path


def _patterns(node: Any) -> Iterator[_Pattern]:  # noqa: ANN401  (a part of the algebra, or not)
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, algebra.Triple | algebra.Path):
            yield each
        elif is_dataclass(each) and not isinstance(each, type):
            waiting += [getattr(each, field.name) for field in fields(each)]
        elif isinstance(each, tuple | list):
            waiting += each


def _is_own(pattern: _Pattern, used: frozenset[str]) -> bool:
    """Return whether a pattern can match only statements of the description."""
    if isinstance(pattern, algebra.Path):
        links = list(_links(pattern.path))
        return bool(links) and all(_is_name(link, used) for link in links)
    if not isinstance(pattern.predicate, algebra.Constant):
        return False
    name = pattern.predicate.term
    if name == RDF_TYPE:
        kind = pattern.object
        return isinstance(kind, algebra.Constant) and _is_name(kind.term, used)
    return _is_name(name, used)


def _links(path: Any) -> Iterator[str]:  # noqa: ANN401  (a path expression)
    """Yield the predicates of a path; an empty one for a part that may match anything."""
    if isinstance(path, algebra.Link):
        yield f"<{path.iri}>" if not path.iri.startswith("<") else path.iri
    elif isinstance(path, algebra.Inv):
        yield from _links(path.path)
    elif isinstance(path, algebra.Seq | algebra.Alt):
        for each in path.paths:
            yield from _links(each)
    elif isinstance(path, algebra.OneOrMorePath):
        yield from _links(path.path)
    else:
        yield ""


def _is_name(term: str, used: frozenset[str]) -> bool:
    return term not in used and (term.startswith(_SPACES) or term in _SHACL)
