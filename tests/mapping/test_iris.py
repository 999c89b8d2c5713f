"""IRIs that the values of records make: encoded, checked, prepended with the base."""

from __future__ import annotations

import pytest

from kg.errors import InputError
from tests.mapping.running import run_mapping, yarrrml

SOURCE = "[[t.csv~csv]]"
BASE = "http://base.example/"


def subjects(folder, template: str, values: list[str], *, base: str = "") -> list[str]:
    """Return the subjects that a template makes of values of the column id."""
    text = "id\n" + "".join(f'"{value}"\n' for value in values)
    mapping = yarrrml(SOURCE, ["[ex:p, x]"], f"'{template}'")
    return [s for s, *_ in run_mapping(folder, mapping, {"t.csv": text}, base=base).quads]


def rml(term_type: str, expression: str, base: str = "") -> str:
    given = f'rml:baseIRI "{base}" ;' if base else ""
    return f"""
    @prefix rml: <http://w3id.org/rml/> .
    <#m> a rml:TriplesMap ; {given}
      rml:logicalSource [ rml:source [ a rml:RelativePathSource ; rml:path "t.csv" ] ;
                          rml:referenceFormulation rml:CSV ] ;
      rml:subjectMap [ {expression} ; rml:termType rml:{term_type} ] ;
      rml:predicateObjectMap [ rml:predicate <http://example.org/p> ; rml:object "x" ] .
    """


class TestTemplates:
    def test_values_are_encoded(self, tmp_path):
        values = ["a b", "a/b?#", "é", "100%", "x~y-z._"]
        assert subjects(tmp_path, "http://e/$(id)", values) == sorted(
            f"<http://e/{encoded}>"
            for encoded in ("a%20b", "a%2Fb%3F%23", "é", "100%25", "x~y-z._")
        )

    def test_relative_is_prepended_with_the_base(self, tmp_path):
        found = subjects(tmp_path, "a/$(id)", ["1", "2"], base=BASE)
        assert found == ["<http://base.example/a/1>", "<http://base.example/a/2>"]

    def test_value_completes_the_scheme(self, tmp_path):
        found = subjects(tmp_path, "ht\\$(id)://e/", ["tp"], base=BASE)
        assert found == ["<http://base.example/ht$(id)://e/>"]
        found = subjects(tmp_path, "ht$(id)://e/", ["tp"], base=BASE)
        assert found == ["<http://e/>"]

    def test_relative_with_a_colon_later(self, tmp_path):
        found = subjects(tmp_path, "a/$(id):b", ["1"], base=BASE)
        assert found == ["<http://base.example/a/1:b>"]

    def test_value_in_the_host(self, tmp_path):
        assert subjects(tmp_path, "https://$(id).e/x", ["en"]) == ["<https://en.e/x>"]

    def test_value_that_is_no_port_is_told(self, tmp_path):
        assert subjects(tmp_path, "http://e:$(id)/x", ["80"]) == ["<http://e:80/x>"]
        with pytest.raises(InputError) as caught:
            subjects(tmp_path, "http://e:$(id)/x", ["80", "eighty"])
        assert caught.value.code == "bad-iri"
        assert caught.value.location.record == 2

    def test_value_that_is_no_scheme_is_told(self, tmp_path):
        with pytest.raises(InputError) as caught:
            subjects(tmp_path, "$(id):x", ["urn", "9"])
        assert (caught.value.location.record, caught.value.location.column) == (2, "id")

    @pytest.mark.parametrize(
        "template", ["http://e/a b/$(id)", "http://e/%zz/$(id)", "http://e/{/$(id)", "a/$(id)"]
    )
    def test_template_that_makes_no_iri_is_refused(self, tmp_path, template):
        with pytest.raises(InputError) as caught:
            subjects(tmp_path, template, ["1"])
        assert caught.value.code == "bad-iri"
        assert str(caught.value.location).endswith("mapping.yml:4")


class TestReferences:
    def run(self, folder, values, base=""):
        text = "id\n" + "".join(f'"{value}"\n' for value in values)
        made = run_mapping(folder, rml("IRI", 'rml:reference "id"', base), {"t.csv": text})
        return [s for s, *_ in made.quads]

    def test_absolute_and_relative(self, tmp_path):
        found = self.run(tmp_path, ["http://e/1", "urn:a:b", "a/b"], BASE)
        assert found == ["<http://base.example/a/b>", "<http://e/1>", "<urn:a:b>"]

    @pytest.mark.parametrize(
        "value", ["http://e/a b", "http://e/%zz", "http://e/a[1]", "http://e/\ue000", "http://[e/"]
    )
    def test_bad_value_is_told(self, tmp_path, value):
        with pytest.raises(InputError) as caught:
            self.run(tmp_path, ["http://e/1", value])
        assert caught.value.code == "bad-iri"
        assert caught.value.location.record == 2
        assert caught.value.location.line == 3
        assert repr(value) in caught.value.message

    @pytest.mark.parametrize("bad", [1, 2, 10, 47])
    def test_ten_bad_values_are_told(self, tmp_path, bad):
        with pytest.raises(InputError) as caught:
            self.run(tmp_path, ["http://e/", *(f"a {number}" for number in range(bad))])
        told = caught.value.report().splitlines()
        shown = min(bad, 10)
        assert len([line for line in told if "is not an absolute IRI" in line]) == shown
        lines = [
            f"t.csv:{number} (record " in told[2 * (number - 3)] for number in range(3, shown + 3)
        ]
        assert all(lines)
        assert ("and 37 more errors in " in told[-1]) == (bad > 10)

    def test_relative_without_base_is_told(self, tmp_path):
        with pytest.raises(InputError):
            self.run(tmp_path, ["a"])


class TestUnsafe:
    def run(self, folder, expression, values, base=""):
        text = "id\n" + "".join(f'"{value}"\n' for value in values)
        made = run_mapping(folder, rml("UnsafeIRI", expression, base), {"t.csv": text})
        return [s for s, *_ in made.quads]

    def test_values_stay_as_they_are(self, tmp_path):
        found = self.run(tmp_path, 'rml:template "http://e/{id}"', ["a b", "[1]", "é|{^}`"])
        assert found == ["<http://e/[1]>", "<http://e/a b>", "<http://e/é|{^}`>"]

    def test_relative_is_prepended_with_the_base(self, tmp_path):
        found = self.run(tmp_path, 'rml:reference "id"', ["a b", "urn:a b"], BASE)
        assert found == ["<http://base.example/a b>", "<urn:a b>"]

    @pytest.mark.parametrize("value", ["http://e/<a>", "http://e/\t", "http://e/a\\b", "a b"])
    def test_what_cannot_be_written_is_told(self, tmp_path, value):
        with pytest.raises(InputError) as caught:
            self.run(tmp_path, 'rml:reference "id"', ["http://e/", value])
        assert caught.value.location.record == 2
