"""The wheel, installed alone in a new environment: it holds all that kg needs, pages included."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Prints where each module of kg is that the command line imports.
HOMES = (
    "import sys, kg.cli.main, kg.about; print(*(module.__file__ for"
    " name, module in sys.modules.items() if name.split('.')[0] == 'kg'))"
)


class Installed:
    """An environment with kg from its wheel, away from the source tree."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wheel = self._build()
        self.environment = folder / "environment"
        venv.create(self.environment, with_pip=False, symlinks=True)
        self.python = self.environment / "bin" / "python"
        self._run(
            sys.executable, "-m", "pip", "--python", self.python, "install", "--no-deps",
            "--no-index", "--disable-pip-version-check", self.wheel, cwd=folder,
        )  # fmt: skip
        # The libraries are those of the running environment. A folder that a .pth file names
        # comes last, and the .pth files in it, that of an editable kg among them, do not count.
        (site,) = self.environment.glob("lib/python*/site-packages")
        (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def _build(self) -> Path:
        self._run(
            sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", self.folder, cwd=ROOT
        )
        (wheel,) = self.folder.glob("*.whl")
        return wheel

    def _run(self, *words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("COV", "PYTHON", "KG_"))}
        result = subprocess.run(
            [str(word) for word in words],
            cwd=cwd,
            env=kept,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result

    def kg(self, *words: str, cwd: Path) -> str:
        """Run the installed command and return what it writes to standard output."""
        return self._run(self.environment / "bin" / "kg", *words, cwd=cwd).stdout

    def run_python(self, code: str) -> str:
        """Run a text of Python in the environment."""
        return self._run(self.python, "-c", code, cwd=self.folder).stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed"))


@pytest.mark.slow
class TestTheWheel:
    def test_is_called_kg_exporter_and_holds_the_program_and_its_pages(self, installed):
        assert re.fullmatch(r"kg_exporter-[\d.]+-py3-none-any\.whl", installed.wheel.name)
        names = set(zipfile.ZipFile(installed.wheel).namelist())
        for folder, ending in (("kg", "py"), ("docs", "md"), ("kg/template", "*")):
            for path in (ROOT / folder).rglob(f"*.{ending}"):
                name = path.relative_to(ROOT).as_posix()
                assert ("" if folder.startswith("kg") else "kg/") + name in names
        assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"kg"}

    def test_is_what_runs(self, installed):
        homes = installed.run_python(HOMES).split()
        assert len(homes) > 5
        assert all(Path(home).is_relative_to(installed.environment) for home in homes)

    def test_makes_a_graph_asks_it_and_writes_it(self, installed):
        installed.kg("init", "mountains", cwd=installed.folder)
        graph = installed.folder / "mountains"
        installed.kg("build", cwd=graph)
        answer = installed.kg("query", "first-ascents", "--format", "csv", cwd=graph).splitlines()
        assert answer[0] == "peak,height,day,climbers"
        assert len(answer) > 3
        report = installed.kg("validate", "--format", "turtle", cwd=graph)
        assert "sh:conforms true" in report
        installed.kg("export", "-o", "graph.nt", cwd=graph)
        lines = (graph / "graph.nt").read_text(encoding="utf-8").splitlines()
        assert len(lines) == 128

    def test_has_its_version_and_its_pages(self, installed):
        assert re.fullmatch(r"kg \d+\.\d+\.\d+\n", installed.kg("--version", cwd=installed.folder))
        listed = installed.kg("help", cwd=installed.folder)
        assert "mappings, a tutorial: from a table to triples" in listed
        shown = installed.kg("help", "missing-column", cwd=installed.folder)
        assert shown.startswith("## missing-column\n")
        page = installed.kg("help", "workspace", cwd=installed.folder)
        assert page.startswith("# ")
        assert len(page) > 4000
