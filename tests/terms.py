"""Hypothesis strategies for RDF terms, with what is hard to read and to write."""

import pyoxigraph as ox
from hypothesis import strategies as st

XSD = "http://www.w3.org/2001/XMLSchema#"
EX = "https://example.org/"

# What an IRI may hold behind its scheme, with what makes prefixed names hard.
_IRI_TEXT = st.text(
    st.sampled_from("abzAZ019-._~:/?@!$&'()*+,;=é名\u00b7\u0300\u203f\u2070\U0001f680"),
    max_size=12,
)
_NAMESPACES = st.sampled_from(
    [
        EX,
        f"{EX}ns#",
        f"{EX}a",
        f"{EX}a/",
        "urn:x:",
        "http://www.w3.org/2001/XMLSchema#",
        "http://é.example/",
    ]
)


def _named_node(text):
    try:
        next(ox.parse(f"<{text}> <{text}> <{text}> .".encode(), ox.RdfFormat.N_TRIPLES))
    except SyntaxError:
        return None
    return ox.NamedNode(text)


NAMED_NODES = (
    st.tuples(
        _NAMESPACES,
        st.one_of(_IRI_TEXT, st.sampled_from(["a%20b", "a%C3%A9", "", "#", "#a.", "?#"])),
    )
    .map(lambda pair: _named_node("".join(pair)))
    .filter(lambda node: node is not None)
)
BLANK_NODES = st.sampled_from(["a", "b", "b0", "x.y", "0", "_"]).map(ox.BlankNode)

LEXICAL_FORMS = st.one_of(
    st.text(max_size=30),
    st.text(
        st.sampled_from('"\\\n\r\t\b\f\x00\x01\x1f\x7f\x85\u2028\ufffe\uffff\ufeff ^@<>_:.,;'),
        max_size=12,
    ),
    st.sampled_from(
        [
            "1",
            "01",
            "+1",
            "-0",
            "1.",
            ".5",
            "1.50",
            "-0.10",
            "1e0",
            "1.0E+05",
            "true",
            "false",
            "1 ",
            "TRUE",
        ]
    ),
    st.integers(1000, 3000).map(lambda n: "long " * n),
)
DATATYPES = st.one_of(
    st.sampled_from(["string", "integer", "decimal", "double", "boolean", "date", "token"]).map(
        lambda name: ox.NamedNode(XSD + name)
    ),
    NAMED_NODES,
)
LANGUAGES = st.sampled_from(["en", "en-gb", "x-private", "zh-hant-tw", "de-1996"])


@st.composite
def literals(draw):
    value = draw(LEXICAL_FORMS)
    kind = draw(st.sampled_from(["plain", "typed", "language"]))
    if kind == "typed":
        return ox.Literal(value, datatype=draw(DATATYPES))
    if kind == "language":
        return ox.Literal(value, language=draw(LANGUAGES))
    return ox.Literal(value)


LITERALS = literals()
SUBJECTS = st.one_of(NAMED_NODES, BLANK_NODES)
OBJECTS = st.one_of(NAMED_NODES, BLANK_NODES, LITERALS)
GRAPHS = st.one_of(
    st.just(ox.DefaultGraph()),
    st.sampled_from([f"{EX}graph/record", f"{EX}graph/talks", f"{EX}ns#g"]).map(ox.NamedNode),
    BLANK_NODES,
)
PLAIN_QUADS = st.builds(
    ox.Quad,
    NAMED_NODES,
    NAMED_NODES,
    st.one_of(NAMED_NODES, LITERALS),
    st.one_of(st.just(ox.DefaultGraph()), NAMED_NODES),
)
QUADS = st.builds(ox.Quad, SUBJECTS, NAMED_NODES, OBJECTS, GRAPHS)


def row(quad):
    """The row of a quad table that a quad makes."""
    graph = quad.graph_name
    named = None if isinstance(graph, ox.DefaultGraph) else str(graph)
    return (str(quad.subject), str(quad.predicate), str(quad.object), named)


def canonical(rows):
    """The canonical form of rows, in which it does not matter what blank nodes are called."""
    lines = "".join(" ".join(term for term in each if term) + " .\n" for each in rows)
    dataset = ox.Dataset(ox.parse(lines.encode(), ox.RdfFormat.N_QUADS))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {row(quad) for quad in dataset}
