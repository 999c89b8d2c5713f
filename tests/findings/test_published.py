"""The terms of published vocabularies are those that rdflib lists.

    python -m tests.findings.test_published

writes them anew, after an update of rdflib.
"""

import json
from importlib import import_module
from pathlib import Path

from kg.findings import vocabulary

FILE = Path(vocabulary.__file__).with_name("published.json")
LISTS = (
    *("RDF", "RDFS", "OWL", "SKOS", "DCTERMS", "DC", "FOAF", "PROV", "DCAT", "ORG", "TIME"),
    *("VOID", "SOSA", "SSN", "QB", "DOAP"),
)


def listed():
    """Return the names of each namespace as rdflib has them."""
    found = {}
    for name in LISTS:
        terms = getattr(import_module("rdflib.namespace"), name)
        space = str(terms)
        names = {str(term).removeprefix(space) for term in dir(terms)}
        found[space] = " ".join(sorted(names | set(terms.__annotations__)))
    return found


def test_file_holds_what_rdflib_lists():
    assert json.loads(FILE.read_text(encoding="utf-8")) == listed()


def test_each_term_is_known_and_a_slip_is_not():
    published = vocabulary.Vocabulary({}, frozenset())
    for space, names in listed().items():
        assert names
        for name in names.split():
            assert not published.lacks(space + name)
        assert published.lacks(space + "no-such-term")


if __name__ == "__main__":
    FILE.write_text(json.dumps(listed(), indent=2) + "\n", encoding="utf-8")
