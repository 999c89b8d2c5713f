"""`kg build --watch`: each change is built, and what it did is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kg.basis import Basis
from kg.building import BuildOptions
from kg.cli.context import Settings
from kg.cli.main import main
from kg.cli.watch import Watch, _apart, _few, _marks, _told, _wait
from kg.init import init_workspace
from kg.validation.results import Result
from kg.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
# More changes with `start.py test --long`; each is built, which takes a while.
IS_LONG = "KG_EXAMPLES" in os.environ
PATIENCE = 120  # seconds; a busy machine is no failure


class TestChanges:
    def test_are_those_of_files_that_a_build_reads(self, tmp_path):
        init_workspace(tmp_path / "g")
        root = tmp_path / "g"
        before = _marks(root)
        assert root / "kg.toml" in before
        assert root / "data" / "peaks.csv" in before
        for name in ("notes.md", "a.log", "data/.peaks.csv.swp", "data/peaks.csv~", ".kg/x"):
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text("x")
        assert _marks(root) == before
        (root / "more.csv").write_text("a\n1\n")
        (root / "data" / "peaks.csv").write_text("key\n")
        assert _marks(root) != before

    def test_are_waited_for_and_told(self, tmp_path):
        init_workspace(tmp_path / "g")
        root = tmp_path / "g"
        known = _marks(root)
        (root / "data" / "peaks.csv").write_text("key\n")
        (root / "shapes" / "shapes.ttl").unlink()
        changed = _wait(root, known)
        assert _told(changed, root) == "changed: data/peaks.csv, shapes/shapes.ttl"


def test_lines_are_compared_as_often_as_they_are_there():
    assert _apart(["a", "a", "b"], ["a", "c"]) == (["c"], ["a", "b"])
    assert list(_few(map(str, range(7)))) == ["0", "1", "2", "3", "4", "… and 2 more"]


def test_options_go_together(tmp_path, capfd):
    init_workspace(tmp_path / "g")
    assert main(["-C", str(tmp_path / "g"), "build", "--ask", "first-ascents"]) == 2
    assert "--ask goes with --watch" in capfd.readouterr().err
    assert main(["-C", str(tmp_path / "g"), "build", "--watch", "--on-bad", "skip"]) == 2
    assert main(["-C", str(tmp_path), "build", "--watch"]) == 2


class Watching:
    """A command that watches, and what it says."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.log = folder.parent / "said.txt"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "kg", "build", "--watch", *words],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self.seen = 0

    def until(self, text: str) -> str:
        """Wait until something new is said that holds a text, and return all that is new."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            said = self.log.read_text()[self.seen :]
            if text in said and said.endswith("\n"):
                self.seen += len(said)
                return said
            assert self.process.poll() is None, said
            time.sleep(0.05)
        raise AssertionError(f"{text!r} was not said: {self.log.read_text()}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    init_workspace(tmp_path / "g")
    return tmp_path / "g"


class TestBuilds:
    """In this process, which watches; each build is a process of its own."""

    def test_a_fault_ends_the_build_alone_and_is_told(self, folder, capfd):
        def prepare() -> None:
            raise ZeroDivisionError("of a test")

        watch = watching(folder, prepare)
        mine = os.getpid()
        try:
            watch.build()
        finally:
            assert os.getpid() == mine  # nothing of this runs in the child
        said = capfd.readouterr().err
        assert said.count("ZeroDivisionError: of a test") == 1
        assert "not built, the build ended with 3" in said

    def test_an_end_by_a_signal_is_told(self, folder, capfd):
        watching(folder, lambda: os.kill(os.getpid(), signal.SIGKILL)).build()
        assert "not built, the build ended with -9" in capfd.readouterr().err

    def test_files_that_a_build_reads_are_watched_wherever_they_lie(self, folder, tmp_path, capfd):
        far, near = tmp_path / "far.csv", folder / "near.txt"
        peaks = folder / "data" / "peaks.csv"
        far.write_bytes(peaks.read_bytes())
        near.write_text("name = 1\n")
        mapping = folder / "data" / "facts.yarrrml.yml"
        mapping.write_text(mapping.read_text().replace("peaks.csv~", "../../far.csv~"))
        watch = watching(folder, lambda: None, named=(near,))
        watch.build()
        assert "triples" in capfd.readouterr().err
        known = _marks(folder, watch.files)
        assert {far, near} <= {*map(Path, map(os.path.realpath, known))}
        far.write_text("key\n")
        changed = _wait(folder, known, watch.files)
        assert [each.resolve() for each in changed] == [far]
        assert "far.csv" in _told(changed, folder)
        # A build that fails has read files too.
        watch.build()
        assert "not built" in capfd.readouterr().err
        assert _marks(folder, watch.files).keys() == known.keys()


def watching(folder: Path, prepare: Callable[[], object], named: tuple[Path, ...] = ()) -> Watch:
    def options(workspace: Workspace, _: Callable[[Result], None]) -> BuildOptions:
        basis = Basis(workspace, {})
        return BuildOptions(validate=False, index=False, allow_outside=True, basis=basis)

    return Watch(Settings(folder), options, prepare, "", named)


@pytest.mark.slow
def test_each_change_is_built_and_told(folder):
    watching = Watching(folder, "--ask", "first-ascents")
    try:
        assert "first-ascents: 6 rows" in watching.until("watching")
        peaks = folder / "data" / "peaks.csv"
        text = peaks.read_text()
        peaks.write_text(text.replace("8611", "8612"))
        said = watching.until("+ K2")
        assert "changed: data/peaks.csv" in said
        assert "+1 −1 quads" in said
        assert "first-ascents: +1 −1 rows" in said
        if not IS_LONG:
            return
        peaks.write_text(text.replace("8611", "98611"))
        said = watching.until("new:")
        assert "NOT in force" in said
        assert "no peak is higher than 8849" in said
        mapping = folder / "data" / "facts.yarrrml.yml"
        whole = mapping.read_text()
        mapping.write_text(whole.replace("sources: [peaks]", "sources: [paeks]"))
        assert "paeks" in watching.until("not built")
        mapping.write_text(whole)
        peaks.write_text(text)
        assert "1 result gone" in watching.until("+1 −1 quads")
    finally:
        watching.process.send_signal(signal.SIGINT)
        assert watching.process.wait(PATIENCE) == 0
        assert "kg: no longer watching" in watching.log.read_text()


# Memory of the process in kB, what it has open, and the files of builds: after these many edits
# and at the end.
SETTLED = int(os.environ.get("KG_SETTLED", "20"))


@pytest.mark.slow
@pytest.mark.skipif(not IS_LONG, reason="500 builds; start.py test --long runs them")
def test_hundreds_of_edits_leak_nothing(folder):
    edits = int(os.environ.get("KG_EDITS", "500"))
    watching = Watching(folder, "--ask", "first-ascents")
    process, peaks = watching.process.pid, folder / "data" / "peaks.csv"
    text = peaks.read_text()
    seen: list[tuple[int, int, int]] = []
    try:
        watching.until("watching")
        for number in range(edits):
            peaks.write_text(text.replace("8611", str(8000 + number % 800)))
            watching.until("+ K2")
            status = Path(f"/proc/{process}/status").read_text()
            resident = int(next(x for x in status.splitlines() if x.startswith("VmRSS")).split()[1])
            handles = len(list(Path(f"/proc/{process}/fd").iterdir()))
            files = sum(1 for path in (folder / ".kg").rglob("*") if path.is_file())
            seen.append((resident, handles, files))
    finally:
        watching.process.send_signal(signal.SIGINT)
        assert watching.process.wait(PATIENCE) == 0
    settled = seen[SETTLED:]
    print("kB, handles, files:", settled[0], seen[-1])
    assert max(resident for resident, _, _ in settled) < settled[0][0] * 1.05 + 2000
    assert {handles for _, handles, _ in settled} == {settled[0][1]}
    assert max(files for _, _, files in settled) <= settled[0][2] + 20
