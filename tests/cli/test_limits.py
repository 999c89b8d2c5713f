"""Each command that works on input has the same limits, and they are checked before it begins."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import kg
from kg.building import BuildOptions
from kg.cli.main import COMMANDS, main
from kg.errors import UsageError
from kg.init import init_workspace
from kg.sizes import check_seconds, check_threads, parse_size

ROOT = Path(__file__).resolve().parents[2]
# These have little to do (and query and serve have watches of their own).
WITHOUT = ("query", "questions", "init", "help", "serve", "mcp")
LIMITED = [name for name in COMMANDS if name not in WITHOUT]
SIZES = ["0", "0MB", "-1", "nan", "inf", "1e9", "much", "", "999999999TB", "9" * 5000, "٣GB"]
SECONDS = [-1.0, float("nan"), float("inf"), 1e300]
THREADS = [0, -1, 1025, 10**30]
# What a command needs, so that only a limit can be wrong.
WORDS = {
    "map": ["no.yml", "-o", "out.nt"],
    "trace": ["http://e/x"],
    "export": ["-o", "out.nt"],
    "diff": ["a.nt", "b.nt"],
    "push": ["http://127.0.0.1:1/"],
    "release": ["out"],
    "show": ["peak"],
    "peek": ["peaks.csv"],
    "site": ["-o", "out"],
}


@pytest.mark.parametrize("text", SIZES)
def test_what_is_no_size(text):
    with pytest.raises(UsageError):
        parse_size(text)


@pytest.mark.parametrize("seconds", SECONDS)
def test_what_is_no_time(seconds):
    with pytest.raises(UsageError):
        check_seconds(seconds)


@pytest.mark.parametrize("threads", THREADS)
def test_what_is_no_number_of_threads(threads):
    with pytest.raises(UsageError):
        check_threads(threads)


def test_limits_that_are_good():
    assert check_seconds(None) is None
    assert check_seconds(0) is None
    assert check_seconds(0.5) == 0.5
    assert check_threads(None) is None
    assert check_threads(4) == 4


@pytest.mark.parametrize("name", LIMITED)
def test_each_command_is_limited_before_it_does_anything(name, monkeypatch, tmp_path):
    module, function = COMMANDS[name].split(":")
    monkeypatch.chdir(tmp_path)
    given = []

    class Begun(BaseException):
        pass

    def limit(*values):
        given.extend(values)
        raise Begun

    monkeypatch.setattr(f"{module}.limit", limit)
    words = [name, *WORDS.get(name, []), "--memory", "1GB", "--timeout", "2.5"]
    threads = "threads" in inspect.signature(getattr(import_module(module), function)).parameters
    if threads:
        words += ["--threads", "3"]
    with pytest.raises(Begun):
        main(words)
    assert given[:3] == ["1GB", 2.5, *([3] if threads else [])]


@pytest.mark.parametrize("name", LIMITED)
@pytest.mark.parametrize("words", [["--memory", "nan"], ["--timeout", "nan"], ["--timeout", "-1"]])
def test_absurd_limits_are_refused_by_each_command(name, words, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main([name, *WORDS.get(name, []), *words]) == 2
    assert words[1].lstrip("-") in capsys.readouterr().err


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python with words; all temporary files are gone then."""
    (folder / "tmp").mkdir()
    result = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder / "tmp")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert list((folder / "tmp").iterdir()) == []
    return result


# A command whose work holds Python's lock for ever.
STUCK = """\
import importlib, sys
sys.argv = ["kg", *sys.argv[1:]]
importlib.import_module("kg.describe").describe = lambda *_, **__: sum(range(10**12))
importlib.import_module("kg.cli.main").run()
"""


def test_work_that_never_ends_is_ended(tmp_path):
    init_workspace(tmp_path / "w")
    kg.build(tmp_path / "w", BuildOptions(index=False))
    (tmp_path / "card.ttl").write_text("before")
    result = run(tmp_path, "-c", STUCK, "-C", "w", "describe", "-o", "card.ttl", "--timeout", "1")
    assert result.returncode == 4
    assert result.stderr.startswith("kg: stopped after 1 s; no target was replaced [timeout]")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card.ttl", "tmp", "w"]
    assert (tmp_path / "card.ttl").read_text() == "before"


def test_a_target_is_as_it_was_when_time_is_up(tmp_path):
    (tmp_path / "d.csv").write_text("a\n" + "".join(f"{i}\n" for i in range(20_000)))
    (tmp_path / "m.yml").write_text(
        "prefixes: {ex: 'http://e/'}\n"
        "mappings:\n  a: {sources: [[d.csv~csv]], s: 'ex:$(a)', po: [[ex:p, '$(a)']]}\n"
    )
    (tmp_path / "out.nt").write_text("before")
    result = run(tmp_path, "-m", "kg", "map", "m.yml", "-o", "out.nt", "--timeout", "0.05")
    assert result.returncode == 4
    assert (tmp_path / "out.nt").read_text() == "before"
    names = {"d.csv", "m.yml", "out.nt", "tmp"}
    assert {path.name for path in tmp_path.iterdir()} == names


@pytest.mark.parametrize(("files", "code", "said"), [(64, 4, "only 64 files"), (256, 0, "kg ")])
def test_how_many_files_may_be_open(files, code, said):
    """Too few are told before anything begins; a soft limit is raised."""
    words = f"ulimit -n {files} && exec {sys.executable} -m kg describe --help"
    if code == 0:
        words = f"ulimit -S -n 64 && {words.replace('ulimit -n', 'ulimit -H -n')}"
    done = subprocess.run(
        ["/bin/sh", "-c", words],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == code, done.stderr
    assert said in done.stderr + done.stdout
    assert ("ulimit -n 1024" in done.stderr) == (code == 4)
