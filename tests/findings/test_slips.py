"""Each slip in a workspace is told, with place and advice; what is accepted is quiet."""

import shutil

import pytest

from kg.about import find_help, finding_codes
from kg.building import BuildOptions, build
from kg.duck import engine
from kg.errors import UsageError
from kg.findings import accept, from_record, read_accepted
from kg.findings.fixes import apply_fixes
from kg.findings.material import read_material
from kg.findings.workspace import file_findings, workspace_findings
from kg.init import init_workspace
from kg.quads import QuadTable
from kg.workspace import read_workspace
from tests.findings.slips import MAPPING, SHAPES, SLIPS, Slip


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    root = tmp_path_factory.mktemp("slips") / "mountains"
    init_workspace(root)
    workspace = read_workspace(root)
    made = build(workspace, BuildOptions(index=False, validate=False))
    assert made.findings == ()
    accept(root, _kept(workspace), read_accepted(root))
    return root


def _kept(workspace):
    info = workspace.current_build().info()
    return [from_record(record) for record in info["findings"]]


def _of_files(root):
    workspace = read_workspace(root)
    return file_findings(workspace, read_material(workspace))


def _slipped(template, target, slip):
    shutil.copytree(template, target)
    path = target / slip.file
    path.parent.mkdir(parents=True, exist_ok=True)
    if not slip.old:
        path.write_text(slip.new, encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8")
    assert slip.old in text
    path.write_text(text.replace(slip.old, slip.new, 1), encoding="utf-8")


@pytest.fixture
def findings(template, tmp_path, monkeypatch):
    def of(slip):
        root = tmp_path / "w"
        _slipped(template, root, slip)
        monkeypatch.chdir(root)
        known = read_accepted(root)
        # Most slips are seen in the files; a build, which tells them too, takes ten times as long.
        told = known.new(_of_files(root))
        if any(each.code == slip.code for each in told):
            return told
        workspace = read_workspace(root)
        # Which nodes shapes meet is known where they are applied.
        validated = slip.code == "unused-shape"
        made = build(workspace, BuildOptions(index=False, validate=validated))
        assert known.new(made.findings) == list(made.findings)
        return [*made.findings, *known.new(_kept(workspace))]

    return of


@pytest.mark.parametrize("name", SLIPS)
def test_each_slip_is_told_with_place_and_advice(findings, name):
    slip = SLIPS[name]
    told = [each for each in findings(slip) if each.code == slip.code]
    assert told, "the slip is not told"
    shown = "\n".join(told[0].lines())
    assert slip.place in shown
    assert slip.says in shown
    assert slip.advice in told[0].hint


def test_a_workspace_without_a_slip_is_quiet(template):
    workspace = read_workspace(template)
    known = read_accepted(template)
    assert build(workspace, BuildOptions(index=False)).findings == ()
    assert known.new(_kept(workspace)) == []


@pytest.mark.parametrize(
    "name", ["class misspelt", "property misspelt", "question names an undeclared property"]
)
def test_a_certain_change_is_made_and_nothing_else(template, tmp_path, monkeypatch, name):
    slip, root = SLIPS[name], tmp_path / "w"
    before = (template / slip.file).read_bytes()
    _slipped(template, root, slip)
    monkeypatch.chdir(root)
    found = _of_files(root)
    made = apply_fixes(found, root)
    assert len(made) == 1
    assert (root / slip.file).read_bytes() == before
    assert apply_fixes(found, root) == []


def test_a_change_that_is_not_certain_is_not_offered(template, tmp_path, monkeypatch):
    slip, root = SLIPS["property without like"], tmp_path / "w"
    _slipped(template, root, slip)
    monkeypatch.chdir(root)
    fixes = [each.fix for each in _of_files(root) if each.code == slip.code]
    assert fixes == [None]


def test_what_is_accepted_stays_so_wherever_the_command_runs(template, monkeypatch):
    workspace = read_workspace(template)
    for folder in (template.parent, template, template / "data"):
        monkeypatch.chdir(folder)
        made = build(workspace, BuildOptions(index=False))
        assert made.findings == ()
        assert [count.losses for count in made.lossy] == [()] * 3
        assert read_accepted(template).new(_kept(workspace)) == []


def test_an_unused_shape_is_not_told_to_aim_at_a_misspelt_class(template, tmp_path, monkeypatch):
    _slipped(template, tmp_path / "w", SLIPS["class misspelt"])
    monkeypatch.chdir(tmp_path / "w")
    workspace = read_workspace(tmp_path / "w")
    build(workspace, BuildOptions(index=False, validate=False))
    material = read_material(workspace)
    table = QuadTable(workspace.current_build().quads)
    with engine() as connection:
        found = workspace_findings(connection, table, workspace, material, None, None)
    told = [each for each in found if each.code == "unused-shape"]
    assert [each.about for each in told] == ["ns:PeakShape"]
    assert "ns:Paek" not in told[0].hint


def test_a_column_that_is_not_there_is_told_before_a_build(template, tmp_path, monkeypatch):
    root = tmp_path / "w"
    _slipped(template, root, Slip(MAPPING, "$(range)", "$(Range)", ""))
    monkeypatch.chdir(root)
    told = [each for each in _of_files(root) if each.code == "missing-column"]
    assert [str(each.place) for each in told] == [f"{MAPPING}:25"]
    assert "Did you mean 'range'?" in told[0].hint


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("sh:minCount 1", "sh:mincount 1", "unknown-shacl"),
        ("sh:minCount 1", 'sh:minCount "one"', "bad-shapes"),
    ],
)
def test_shapes_that_a_build_refuses_are_told(template, tmp_path, monkeypatch, old, new, code):
    root = tmp_path / "w"
    _slipped(template, root, Slip(SHAPES, old, new, ""))
    monkeypatch.chdir(root)
    told = list(read_material(read_workspace(root)).faults)
    assert [(each.code, each.level.label) for each in told] == [(code, "error")]
    assert str(told[0].place).startswith(SHAPES)


def test_help_explains_each_finding():
    codes = finding_codes()
    assert {"shared-key", "unused-file", "undeclared-term", "lost-records"} <= set(codes)
    for code in codes:
        assert find_help(code).startswith(f"## {code}\n")
    assert "one thing" in find_help("shared-key")
    with pytest.raises(UsageError) as caught:
        find_help("shared-keys")
    assert "shared-key" in caught.value.hint
