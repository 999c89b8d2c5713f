"""`start.py`, the script that sets everything up: on a small project, with real environments.

The small project stands in for kg: the same script, a lock of one wheel made here, and a build
backend of its own, so that nothing is fetched.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "start.py"

WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
# Builds an editable wheel of the folder, as hatchling does for kg.
BACKEND = (
    f"WHEEL = {WHEEL!r}"
    + """
import base64, hashlib, os, zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "kg-0.1-py3-none-any.whl"
    files = {
        "kg.pth": os.getcwd() + "\\n",
        "kg-0.1.dist-info/METADATA": "Metadata-Version: 2.1\\nName: kg\\nVersion: 0.1\\n",
        "kg-0.1.dist-info/WHEEL": WHEEL,
    }
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
        wheel.writestr("kg-0.1.dist-info/RECORD", "".join(f"{path},,\\n" for path in files))
    return name
"""
)
PROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "kg"
version = "0.1"
"""
# Does what a command is asked to do: says it, and fails if it is told to.
MAIN = """\
import sys
import part
print("kg", *sys.argv[1:], part.NUMBER)
sys.exit(4 if "fails" in open("behaviour").read() and "build" in sys.argv else 0)
"""


def make_wheel(folder: Path, number: int) -> str:
    """Write a wheel ``part`` with one module into a folder and return its SHA-256."""
    name = f"part-{number}-py3-none-any.whl"
    module = f"NUMBER = {number}\n".encode()
    digest = base64.urlsafe_b64encode(hashlib.sha256(module).digest()).rstrip(b"=").decode()
    information = f"part-{number}.dist-info"
    with zipfile.ZipFile(folder / name, "w") as wheel:
        wheel.writestr("part.py", module)
        wheel.writestr(
            f"{information}/METADATA", f"Metadata-Version: 2.1\nName: part\nVersion: {number}\n"
        )
        wheel.writestr(f"{information}/WHEEL", WHEEL)
        wheel.writestr(
            f"{information}/RECORD",
            f"part.py,sha256={digest},{len(module)}\n{information}/METADATA,,\n"
            f"{information}/WHEEL,,\n{information}/RECORD,,\n",
        )
    return hashlib.sha256((folder / name).read_bytes()).hexdigest()


class Project:
    """A folder with the script and what it needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.wheels = folder / "wheels"
        self.wheels.mkdir(parents=True)
        (self.folder / "kg").mkdir(parents=True)
        shutil.copy(SCRIPT, self.folder)
        self.write("backend.py", BACKEND)
        self.write("pyproject.toml", PROJECT)
        self.write("kg/__init__.py", "")
        self.write("kg/__main__.py", MAIN)
        self.write("behaviour", "works")
        self.lock(1)

    @property
    def venv(self) -> Path:
        return self.folder / ".venv"

    @property
    def stamp(self) -> Path:
        return self.venv / "kg-setup"

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def lock(self, number: int, digest: str | None = None) -> None:
        """Let the lock name a version of the wheel, by default with its true digest."""
        made = make_wheel(self.wheels, number)
        self.write("requirements.txt", f"part=={number} --hash=sha256:{digest or made}\n")

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "COV", "PYTHONPATH"))
        }
        settings = {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "KG_SPARK": "off",
        }
        return subprocess.run(
            [sys.executable, "start.py", *arguments],
            cwd=self.folder,
            env={**kept, "PIP_CONFIG_FILE": os.devnull, **settings, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that was set up; tests leave it so, with whatever number in its lock."""
    project = Project(tmp_path_factory.mktemp("start"))
    result = project.run("setup")
    assert result.returncode == 0, result.stderr
    return project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that is never set up."""
    return Project(tmp_path_factory.mktemp("failing"))


def load_script() -> ModuleType:
    specification = importlib.util.spec_from_file_location("start", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


class TestSetUp:
    def test_sets_up_then_builds_and_asks(self, once):
        result = once.run()
        assert result.returncode == 0, result.stderr
        built, asked = result.stdout.splitlines()
        assert re.fullmatch(r"kg build \d", built)
        assert re.fullmatch(r"kg query [a-z-]+ .*\d", asked)
        assert "source .venv/bin/activate" in result.stderr

    def test_the_second_time_nothing_is_done(self, once):
        before = once.stamp.stat().st_mtime_ns
        started = time.monotonic()
        result = once.run("setup")
        assert result.returncode == 0
        assert "setting up" not in result.stderr
        assert once.stamp.stat().st_mtime_ns == before
        assert time.monotonic() - started < 2

    def test_modules_are_compiled_where_python_may_not_keep_what_it_compiles(self, once):
        kept = once.folder / "kg" / "__pycache__"
        shutil.rmtree(kept, ignore_errors=True)
        assert once.run("setup", PYTHONDONTWRITEBYTECODE="1").returncode == 0
        assert {path.name.partition(".")[0] for path in kept.iterdir()} == {"__init__", "__main__"}

    def test_a_new_lock_is_another_set_up(self, tmp_path, monkeypatch):
        script = load_script()
        monkeypatch.setattr(script, "LOCK", str(tmp_path / "lock"))
        (tmp_path / "lock").write_text("part==1\n")
        before = script.wanted_stamp()
        (tmp_path / "lock").write_text("part==2\n")
        assert script.wanted_stamp() != before

    def test_a_new_lock_and_an_interrupted_set_up_give_a_new_environment(self, once):
        left = once.venv / "left-over"
        left.write_text("")
        once.stamp.write_text("begun\n")
        shutil.rmtree(once.venv / "bin")
        (once.venv / "bin").write_text("in the way")
        once.lock(2)
        result = once.run()
        assert result.returncode == 0, result.stderr
        assert "setting up anew" in result.stderr
        assert result.stdout.startswith("kg build 2\n")
        assert not left.exists()

    def test_an_environment_of_somebody_else_is_not_touched(self, tmp_path):
        project = Project(tmp_path)
        project.venv.mkdir()
        (project.venv / "mine").write_text("")
        result = project.run("setup")
        assert result.returncode == 2
        assert "was not made by this script" in result.stderr
        assert [path.name for path in project.venv.iterdir()] == ["mine"]

    def test_a_command_that_fails_ends_it_with_its_exit_code(self, once):
        once.write("behaviour", "fails")
        try:
            result = once.run()
        finally:
            once.write("behaviour", "works")
        assert result.returncode == 4
        assert "kg query" not in result.stdout


class TestFailures:
    def test_a_package_that_is_not_what_the_lock_names(self, project):
        project.lock(1, digest="0" * 64)
        result = project.run("setup")
        project.lock(1)
        assert result.returncode == 3
        assert "is not the one that requirements.txt names" in result.stderr
        assert project.stamp.read_text() == "begun\n"

    def test_no_network(self, project):
        # A closed port of this machine stands for an index that cannot be reached.
        result = project.run(
            "setup",
            PIP_NO_INDEX="0",
            PIP_FIND_LINKS="",
            PIP_INDEX_URL="http://127.0.0.1:9/simple",
            PIP_RETRIES="1",
        )
        assert result.returncode == 3
        assert "The package index cannot be reached" in result.stderr
        assert "HTTPS_PROXY" in result.stderr
        assert "Traceback" not in result.stderr

    @pytest.mark.parametrize(
        ("said", "advised"),
        [
            ("ERROR: No matching distribution found for duckdb==2.0.0", "pip config list"),
            ("OSError: [Errno 28] No space left on device", "The disk is full"),
            ("WARNING: Retrying ... 'ProxyError('Cannot connect to proxy.'", "HTTPS_PROXY"),
            ("ERROR: something else", "remove the folder .venv first"),
        ],
    )
    def test_advice(self, said, advised):
        assert advised in load_script().advice(said)

    def test_no_lock(self, project):
        (project.folder / "requirements.txt").unlink()
        result = project.run("setup")
        assert result.returncode == 3
        assert "cannot read" in result.stderr
        assert "requirements.txt" in result.stderr

    @pytest.mark.parametrize("words", [["tset"], ["setup", "now"], ["show", "x"]])
    def test_words_that_mean_nothing(self, project, words):
        result = project.run(*words)
        assert result.returncode == 2
        assert "--help" in result.stderr

    def test_debian_without_its_venv_package(self, project, tmp_path):
        # Debian takes ensurepip out of the standard library.
        (tmp_path / "ensurepip.py").write_text(
            "raise ModuleNotFoundError('No module named ensurepip')"
        )
        project.lock(1)
        shutil.rmtree(project.venv, ignore_errors=True)
        result = project.run("setup", PYTHONPATH=str(tmp_path))
        assert result.returncode == 2
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        assert f"sudo apt-get install python{version}-venv" in result.stderr
        assert not project.venv.exists()


class TestOldPython:
    def test_old_pythons_can_parse_the_script(self):
        text = SCRIPT.read_text(encoding="ascii")
        tree = ast.parse(text, feature_version=(3, 4))
        # What Python 2 cannot read, and Python 3.4 can.
        for node in ast.walk(tree):
            assert not isinstance(node, (ast.Starred, ast.JoinedStr, ast.Nonlocal, ast.YieldFrom))
            if isinstance(node, ast.FunctionDef):
                assert not node.args.kwonlyargs
                assert node.returns is None
                assert all(argument.annotation is None for argument in node.args.args)
            if isinstance(node, ast.Raise):
                assert node.cause is None

    @pytest.fixture
    def old(self, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
        script = load_script()
        monkeypatch.setattr(script.sys, "version_info", (3, 9, 18, "final", 0))
        return script

    def test_says_what_to_install_where_there_is_no_newer_one(self, old, monkeypatch, capsys):
        monkeypatch.setenv("PATH", "/nowhere")
        assert old.main([]) == 2
        said = capsys.readouterr().err
        assert "this is Python 3.9, and kg needs Python 3.11 or newer" in said
        assert "sudo apt-get install python3.11 python3.11-venv" in said
        assert "brew install" in said

    def test_goes_on_with_a_newer_one(self, old, monkeypatch, tmp_path, capfd):
        newer = tmp_path / "python3.12"
        newer.write_text('#!/bin/sh\n[ "$1" = -c ] && exit 0\necho went on with "$2"\nexit 7\n')
        newer.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert old.main(["setup"]) == 7
        shown = capfd.readouterr()
        assert "went on with setup" in shown.out
        assert f"going on with {newer}" in shown.err

    def test_passes_over_a_stand_in_that_does_not_run(self, old, monkeypatch, tmp_path):
        shim = tmp_path / "python3.13"
        shim.write_text("#!/bin/sh\necho not installed >&2\nexit 127\n")
        shim.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert old.find_newer_python() is None


class TestLong:
    def test_sets_how_much_tests_try_unless_it_is_set(self, monkeypatch):
        script = load_script()
        asked: list[tuple[list[str], dict[str, str]]] = []

        def call(words, cwd, env=None):  # noqa: ARG001
            asked.append((words, env or {}))
            return 0

        monkeypatch.setattr(script.subprocess, "call", call)
        monkeypatch.setenv("KG_EXAMPLES", "7")
        monkeypatch.delenv("KG_FUZZ_HOURS", raising=False)
        script.test(["--long", "tests/test_fuzz.py"])
        ((words, environment),) = asked
        assert words[-1] == "tests/test_fuzz.py"
        assert "--long" not in words
        assert environment["KG_EXAMPLES"] == "7"
        assert environment["KG_FUZZ_HOURS"] == script.LONG["KG_FUZZ_HOURS"] == "1"
        script.test(["tests/test_fuzz.py"])
        assert "KG_FUZZ_HOURS" not in asked[1][1]

    def test_every_variable_is_one_that_tests_read(self):
        texts = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/*.py"))
        for name in load_script().LONG:
            assert f'environ.get("{name}"' in texts, name


class TestCounting:
    def report(self, folder: Path, text: str) -> str:
        path = folder / "report.xml"
        path.write_text(text)
        return str(path)

    def test_counts_of_a_report(self, tmp_path):
        path = self.report(
            tmp_path,
            '<testsuites><testsuite tests="10" failures="2" errors="1" skipped="3"/></testsuites>',
        )
        assert load_script().count_tests(path) == (4, 3, 3)

    @pytest.mark.parametrize("text", ["", "<testsuites>"])
    def test_no_report(self, tmp_path, text):
        assert load_script().count_tests(self.report(tmp_path, text)) is None

    @pytest.mark.parametrize(
        ("broken", "code", "counts", "exit_code", "last"),
        [
            ([], 0, (9, 0, 1), 0, "tests: 9 passed, 0 failed, 1 skipped"),
            ([], 1, (8, 1, 1), 1, "tests: 8 passed, 1 failed, 1 skipped"),
            (["types"], 0, (9, 0, 1), 1, "tests: 9 passed, 0 failed, 1 skipped"),
            ([], 5, (0, 0, 0), 1, "tests: 0 passed, 0 failed, 0 skipped"),
            ([], 3, None, 1, "these checks failed: tests (pytest ended with 3)"),
        ],
    )
    def test_the_last_line(self, capsys, broken, code, counts, exit_code, last):
        assert load_script().conclude(broken, code, counts) == exit_code
        lines = capsys.readouterr().out.splitlines()
        assert lines[-1] == last
        if broken:
            assert "these checks failed: types" in lines


class TestSpark:
    """Whether Spark is installed and tried: where there is a Java that it runs on."""

    @pytest.mark.parametrize(
        ("said", "lacks"),
        [
            ('openjdk version "17.0.15" 2025-04-15', ""),
            ('java version "21" 2023-09-19 LTS', ""),
            ('openjdk version "1.8.0_402"', "Java is older than 17"),
            ('openjdk version "11.0.2" 2019-01-15', "Java is older than 17"),
            ("", "there is no Java"),
        ],
    )
    def test_needs_java_17(self, tmp_path, monkeypatch, said, lacks):
        java = tmp_path / "bin" / "java"
        java.parent.mkdir()
        java.write_text(f"#!/bin/sh\necho '{said}' >&2\n" if said else "#!/bin/sh\nexit 1\n")
        java.chmod(0o755)
        monkeypatch.delenv("KG_SPARK", raising=False)
        monkeypatch.setenv("JAVA_HOME", str(tmp_path))
        assert load_script().lacks_spark() == lacks

    def test_no_java(self, tmp_path, monkeypatch):
        monkeypatch.delenv("KG_SPARK", raising=False)
        monkeypatch.delenv("JAVA_HOME", raising=False)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert load_script().lacks_spark() == "there is no Java"

    @pytest.mark.parametrize(
        ("words", "lacks", "installed"),
        [([], "", 1), ([], "KG_SPARK=off", 0), (["--spark"], "", 1), (["tests/sql"], "", 0)],
    )
    def test_is_installed_for_all_tests_and_told_where_not(
        self, monkeypatch, capsys, words, lacks, installed
    ):
        script, found = load_script(), []
        monkeypatch.setattr(script, "lacks_spark", lambda: lacks)
        monkeypatch.setattr(script, "add_spark", lambda: found.append(1))
        monkeypatch.setattr(script.subprocess, "call", lambda *_, **__: 0)
        script.test(words)
        assert len(found) == installed
        assert ("Apache Spark is not tried: KG_SPARK=off" in capsys.readouterr().err) == bool(lacks)

    @pytest.mark.parametrize(
        ("words", "said", "fails"),
        [
            ([], "no route to host", False),
            ([], "THESE PACKAGES DO NOT MATCH THE HASHES", True),
            (["--spark"], "no route to host", True),
        ],
    )
    def test_that_cannot_be_installed_is_told(self, monkeypatch, capsys, words, said, fails):
        script = load_script()

        def add_spark():
            raise script.SetupError(said, 3)

        monkeypatch.setattr(script, "lacks_spark", lambda: "")
        monkeypatch.setattr(script, "add_spark", add_spark)
        monkeypatch.setattr(script.subprocess, "call", lambda *_, **__: 0)
        with pytest.raises(script.SetupError) if fails else nullcontext():
            script.test(words)
        assert (f"Apache Spark is not tried: {said}" in capsys.readouterr().err) != fails


class TestTheLock:
    # The large one is beside the others, since few need it.
    LOCK = "".join(
        (ROOT / name).read_text(encoding="utf-8").replace("(pyproject.toml)", "")
        for name in ("requirements.txt", "requirements-spark.txt")
    )

    def pinned(self) -> dict[str, str]:
        """Return each distribution of the lock with its part of the text."""
        parts = re.split(r"^(?=[A-Za-z])", self.LOCK, flags=re.MULTILINE)[1:]
        return {re.split(r"\[|==", part)[0].lower(): part for part in parts}

    def test_names_everything_that_the_project_asks_for_with_digests(self):
        import tomllib

        with (ROOT / "pyproject.toml").open("rb") as text:
            project = tomllib.load(text)
        asked = list(project["project"]["dependencies"])
        for extra in project["project"]["optional-dependencies"].values():
            asked += extra
        # What builds kg is there too: the set-up fetches nothing that the lock does not name.
        asked += project["build-system"]["requires"]
        pinned = self.pinned()
        for requirement in asked:
            name = re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower()
            part = pinned[re.sub(r"[-_.]+", "-", name)]
            assert re.match(r"[a-z0-9-]+(?:\[[a-z,-]+\])?==\d", part)
        assert len(pinned) > len(asked)
        for part in pinned.values():
            assert part.count("--hash=sha256:") >= 1

    def test_what_is_asked_for_is_what_is_pinned(self):
        from importlib.metadata import requires

        from packaging.requirements import Requirement

        for text in requires("kg-exporter") or []:
            requirement = Requirement(text)
            part = self.pinned()[re.sub(r"[-_.]+", "-", requirement.name.lower())]
            version = re.search(r"==([^\s;\\]+)", part)[1]
            assert requirement.specifier.contains(version), text

    def test_extras_are_pinned_with_what_has_them(self):
        """Else pip takes the newest release for the extra, which has no digest here."""
        from importlib.metadata import PackageNotFoundError, requires

        from packaging.requirements import Requirement

        pinned, seen = self.pinned(), 0
        for name in pinned:
            try:
                asked = [Requirement(text) for text in requires(name) or []]
            except PackageNotFoundError:  # of another system
                continue
            for requirement in asked:
                applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
                if requirement.extras and applies:
                    part = pinned[re.sub(r"[-_.]+", "-", requirement.name.lower())]
                    for extra in requirement.extras:
                        assert re.match(rf"\S*[\[,]{extra}[\],]", part), name
                    seen += 1
        assert seen

    def test_names_no_place_to_fetch_from_and_no_folder(self):
        assert "://" not in self.LOCK
        assert not re.search(
            r"^\s*(-i|-f|--index|--extra-index|--find-links|-e)\b", self.LOCK, re.M
        )
        assert not re.search(r"(^|\s)/\w", self.LOCK)

    def test_says_how_it_is_made(self):
        command = next(
            line.removeprefix("#").strip() for line in self.LOCK.splitlines() if "uv pip" in line
        )
        assert command in (ROOT / "justfile").read_text(encoding="utf-8")


class TestContinuousIntegration:
    def test_runs_the_second_command_from_any_folder(self, tmp_path):
        (tmp_path / "kg" / ".ci").mkdir(parents=True)
        shutil.copy(ROOT / ".ci" / "run", tmp_path / "kg" / ".ci")
        (tmp_path / "kg" / "start.py").write_text(
            "import os, sys\n"
            "print(sys.argv[1:], os.environ.get('KG_CONFORMANCE'), os.environ.get('KG_SEEDS'))\n"
            "print(repr(sys.stdin.read()))\nsys.exit(5)\n"
        )
        kept = {k: v for k, v in os.environ.items() if not k.startswith("KG_")}

        def run() -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                ["bash", tmp_path / "kg" / ".ci" / "run"],
                cwd="/",
                env=kept,
                input="something",
                capture_output=True,
                text=True,
                check=False,
            )

        alone = run()
        assert (alone.returncode, alone.stdout) == (5, "['test'] None None\n''\n")
        for name in ("conformance", "seeds"):
            (tmp_path / "shared" / name).mkdir(parents=True)
        shared = tmp_path / "shared"
        assert run().stdout == f"['test'] {shared / 'conformance'} {shared / 'seeds'}\n''\n"
