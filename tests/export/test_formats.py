import pytest

from kg.errors import UsageError
from kg.exports.formats import FORMATS, choose_format


@pytest.mark.parametrize(
    ("target", "name", "title", "compression"),
    [
        ("a.ttl", None, "Turtle", ""),
        ("a.TTL", None, "Turtle", ""),
        ("a.nt.gz", None, "N-Triples", ".gz"),
        ("a.nq.zst", None, "N-Quads", ".zst"),
        ("folder.nt/a.trig", None, "TriG", ""),
        ("-", "turtle", "Turtle", ""),
        ("-", "ttl", "Turtle", ""),
        ("a.ttl", "nquads", "N-Quads", ""),
        ("a.gz", "NQuads", "N-Quads", ".gz"),
    ],
)
def test_the_name_or_the_suffix_decides_the_format(target, name, title, compression):
    form, found = choose_format(target, name)
    assert (form.title, found) == (title, compression)


@pytest.mark.parametrize(
    ("target", "name", "code"),
    [
        ("a.csv", None, "unknown-format"),
        ("a", None, "unknown-format"),
        ("a.gz", None, "unknown-format"),
        ("a.ttl", "n3", "unknown-format"),
        ("-", None, "format-needed"),
    ],
)
def test_an_unknown_format_is_an_error(target, name, code):
    with pytest.raises(UsageError) as caught:
        choose_format(target, name)
    assert caught.value.code == code
    for form in FORMATS:
        assert form.name in str(caught.value)
