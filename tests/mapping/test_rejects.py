"""Values that make no term are left out where that is wanted: as if they were not there."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kg.engines.duckdb.compile import compile_plan
from kg.errors import InputError
from kg.rejects import skipping
from kg.sources import csv_files
from tests.mapping.running import read_plan, run_plan, write_files, yarrrml

GOOD = {
    "s": ["http://e/1", "http://e/2", "urn:a:b"],
    "p": ["http://e/p", "http://e/q"],
    "o": ["http://e/o", "http://e/2"],
    "g": ["http://e/g"],
    "l": ["en", "pt-BR"],
    "d": ["http://e/d", "http://www.w3.org/2001/XMLSchema#string"],
}
# Each column has others: texts that no IRI can be made of may well be joined.
BAD = {c: [f"no iri {c}", f"{c} b", f"http://e/<{c}>", f"not a tag {c}"] for c in GOOD}
PARENT = """\
  n:
    sources: SOURCE
    s: $(s)
    po:
      - [ex:n, $(o)~iri]
      - p: ex:joined
        o:
          mapping: m
          condition: {function: equal, parameters: [[str1, $(o)], [str2, $(s)]]}
"""
PAIRS = [
    "[$(p), $(o)~iri]",
    "[ex:o, $(o)~iri]",
    "[ex:l, $(x), $(l)~lang]",
    "[ex:d, $(x), $(d)]",
    "[ex:x, $(x)]",
    "{p: ex:c, o: {value: $(o), type: iri, condition: 'equal($(x), y)'}}",
    "{p: ex:g, o: $(x), graphs: $(g)}",
]


def values(column):
    return st.sampled_from([*GOOD[column], *GOOD[column], "", *BAD[column]])


RECORD = st.fixed_dictionaries({c: values(c) for c in GOOD} | {"x": st.sampled_from("xy")})


def ran(folder, mapping, name, content, stream_from):
    write_files(folder, {name: content})
    return run_plan(read_plan(folder, mapping), stream_from=stream_from)


def is_bad(column, value):
    return value in BAD.get(column, ())


def as_csv(records):
    out = io.StringIO()
    writer = csv.DictWriter(out, [*GOOD, "x"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue()


# Shrinking takes minutes, as each example is two runs.
@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(records=st.lists(RECORD, max_size=12), pairs=st.lists(st.sampled_from(PAIRS), min_size=1))
@pytest.mark.parametrize("stream_from", [0, 10**9])
@pytest.mark.parametrize("subject", ["$(s)", "ex:$(x)"])
def test_bad_values_are_as_missing_ones(tmp_path_factory, records, pairs, subject, stream_from):
    folder = tmp_path_factory.mktemp("csv")
    mapping = yarrrml("[[t.csv~csv]]", dict.fromkeys(pairs), subject)
    mapping += PARENT.replace("SOURCE", "[[t.csv~csv]]")
    blanked = [{c: "" if is_bad(c, v) else v for c, v in each.items()} for each in records]
    whole = ran(folder, mapping, "t.csv", as_csv(blanked), stream_from)
    with skipping(folder / "rejects.csv") as found:
        made = ran(folder, mapping, "t.csv", as_csv(records), stream_from)
    assert made.quads == whole.quads
    # A bad value is told as such, and not as a missing one.
    lost = [{loss.records for loss in count.losses} for count in made.made.counts]
    # In a record without a subject nothing is looked for, so that its values are neither.
    if found.count == 0 and all(each["s"] and each["x"] for each in records):
        assert made.made.counts == whole.made.counts
    assert all(max(each, default=0) <= len(records) for each in lost)
    rows = list(csv.DictReader(io.StringIO((folder / "rejects.csv").read_text())))
    for row in rows:
        record = int(row["record"])
        assert int(row["line"]) == record + 1
        assert records[record - 1][row["column"]] == row["value"]
        assert row["value"] in BAD[row["column"]]
    assert found.values == len(rows) == len({tuple(row.values()) for row in rows})
    told = {(int(row["record"]), row["column"]) for row in rows}
    # The second mapping makes IRIs of these columns; of an object only where there is a subject.
    bad = {(n, "s") for n, each in enumerate(records, 1) if is_bad("s", each["s"])}
    bad |= {
        (n, "o")
        for n, each in enumerate(records, 1)
        if is_bad("o", each["o"]) and each["s"] in GOOD["s"]
    }
    assert told >= bad


def test_a_bad_value_is_no_loss(tmp_path):
    mapping = yarrrml("[[t.csv~csv]]", ["[ex:o, $(o)~iri]"])
    content = "id,o\n1,http://e/\n2,bad one\n3,\n"
    with skipping() as found:
        made = ran(tmp_path, mapping, "t.csv", content, 10**9)
    (count,) = made.made.counts
    assert [loss.records for loss in count.losses] == [1]
    assert (found.records, found.values) == (0, 1)


def test_one_of_several_values(tmp_path):
    documents = [{"id": 1, "o": ["http://e/1", "bad one", "http://e/2"]}, {"id": 2, "o": ["b c"]}]
    mapping = yarrrml("[[t.json~jsonpath, '$[*]']]", ["[ex:o, '$(o[*])~iri']"])
    with skipping() as found:
        made = ran(tmp_path, mapping, "t.json", json.dumps(documents), 10**9)
    assert made.objects("ex:o") == ["<http://e/1>", "<http://e/2>"]
    assert found.values == 2


def test_arrays_and_objects_are_left_out(tmp_path):
    documents = [
        {"id": 1, "a": "x", "many": [1, [2], 3]},
        {"id": 2, "a": {"x": 2}, "many": []},
        {"id": {"n": 3}, "a": {"b": 1}, "many": [{"c": 1}]},
    ]
    pairs = ["[ex:a, $(a)]", "[ex:many, '$(many[*])']", "[ex:id, $(id)]"]
    mapping = yarrrml("[[t.json~jsonpath, '$[*]']]", pairs)
    content = "\n".join(["[", ",\n".join(map(json.dumps, documents)), "]"])
    with pytest.raises(InputError) as caught:
        ran(tmp_path, mapping, "t.json", content, 10**9)
    assert len(caught.value.errors) == 5
    with skipping(tmp_path / "rejects.csv") as found:
        made = ran(tmp_path, mapping, "t.json", content, 10**9)
    integer = "^^<http://www.w3.org/2001/XMLSchema#integer>"
    assert made.objects("ex:a") == ['"x"']
    assert made.objects("ex:many") == [f'"{n}"{integer}' for n in (1, 3)]
    assert {s for s, *_ in made.quads} == {"<http://example.org/1>", "<http://example.org/2>"}
    assert found.values == 5
    rows = list(csv.DictReader(io.StringIO((tmp_path / "rejects.csv").read_text())))
    assert [(row["line"], row["column"], row["value"]) for row in rows] == [
        ("4", "id", '{"n":3}'),
        ("3", "a", '{"x":2}'),
        ("4", "a", '{"b":1}'),
        ("2", "many[*]", "[2]"),
        ("4", "many[*]", '{"c":1}'),
    ]


@pytest.mark.parametrize("form", ["csv", "json"])
def test_many_at_once(tmp_path, monkeypatch, form):
    """Their lines are looked for some at a time, those of CSV in one pass beside them."""
    monkeypatch.setattr("kg.engines.duckdb.bad_values._NOTED_AT_ONCE", 7)
    passes = []
    real = csv_files.numbered_lines

    def counted(*arguments):
        passes.append(arguments)
        return real(*arguments)

    monkeypatch.setattr("kg.engines.duckdb.bad_values.numbered_lines", counted)
    if form == "csv":
        content = "id,o\n" + "".join(f"{n},bad {n}\n" for n in range(100))
    else:
        content = "[\n" + ",\n".join(f'{{"id": {n}, "o": "bad {n}"}}' for n in range(100)) + "]"
    source = "[[t.csv~csv]]" if form == "csv" else "[[t.json~jsonpath, '$[*]']]"
    with skipping(tmp_path / "rejects.csv"):
        ran(tmp_path, yarrrml(source, ["[ex:o, $(o)~iri]"]), f"t.{form}", content, 10**9)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "rejects.csv").read_text())))
    assert [row["line"] for row in rows] == [str(n) for n in range(2, 102)]
    assert len(passes) == (form == "csv")


def test_where_no_value_is_bad_the_plan_is_the_same(tmp_path, monkeypatch):
    plans = []

    def noted(*arguments, **options):
        plans.append(options)
        return compile_plan(*arguments, **options)

    monkeypatch.setattr("kg.engines.duckdb.run.compile_plan", noted)
    mapping = yarrrml("[[t.csv~csv]]", ["[ex:o, $(o)~iri]"])
    with skipping():
        ran(tmp_path, mapping, "t.csv", "id,o\n1,http://e/\n", 10**9)
    assert len(plans) == 1
    assert not plans[0].get("skips")


def test_a_value_of_constants_alone_has_a_place_without_a_column(tmp_path):
    made = '{function: \'concat("http://e/", "a b")\', type: iri}'
    mapping = yarrrml("[[t.csv~csv]]", [f"{{p: ex:p, o: {made}}}"])
    with pytest.raises(InputError, match="is not an absolute IRI") as caught:
        ran(tmp_path, mapping, "t.csv", "id\n1\n", 10**9)
    assert (caught.value.location.record, caught.value.location.column) == (1, None)
    target = tmp_path / "bad.csv"
    with skipping(target) as found:
        ran(tmp_path, mapping, "t.csv", "id\n1\n2\n", 10**9)
    assert found.values == 2
    rows = list(csv.reader(io.StringIO(target.read_text())))
    assert [row[1:4] for row in rows[1:]] == [["1", "2", ""], ["2", "3", ""]]
