"""Limits hold whatever the work does, signals are passed on, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = """\
import os, signal, subprocess, sys, tempfile, time
from pathlib import Path
from kg import supervise

supervise.allow()
try:
    supervise.supervise(supervise.Limits({seconds}, {memory}))
except supervise.Ended as ended:
    sys.exit(ended.code)
{work}
"""
MEGABYTE = 10**6
# Holds Python's lock, and looks for no signals.
STUCK = "sum(range(10**12))"


def command(work: str, seconds: float | None = None, memory: int | None = None) -> list[str]:
    return [sys.executable, "-c", SCRIPT.format(work=work, seconds=seconds, memory=memory)]


def environment(folder: Path) -> dict[str, str]:
    (folder / "tmp").mkdir(exist_ok=True)
    return {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder / "tmp")}


def run(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        command(*words),  # type: ignore[arg-type]
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert list((folder / "tmp").iterdir()) == []
    return result


def start(folder: Path, work: str, *words: float) -> subprocess.Popen[str]:
    """Start work that makes the file ``began`` with its process id once it is under way."""
    before = "Path('began.part').write_text(str(os.getpid())); os.rename('began.part', 'began')\n"
    process = subprocess.Popen(
        command(before + work, *words),
        cwd=folder,
        env=environment(folder),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until(lambda: (folder / "began").exists())
    return process


def until(condition) -> None:
    ends = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.005)


def runs(pid: int) -> bool:
    """Tell whether a process is there and is no zombie."""
    told = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return bool(told.strip()) and not told.startswith("Z")


@pytest.mark.parametrize("code", [0, 1, 7, 130])
def test_the_exit_code_is_that_of_the_work(tmp_path, code):
    work = f"print('out'); print('err', file=sys.stderr); sys.exit({code})"
    result = run(tmp_path, work, 60, 10**9)
    assert (result.returncode, result.stdout, result.stderr) == (code, "out\n", "err\n")


def test_what_was_said_before_is_said_once(tmp_path):
    program = SCRIPT.format(work="", seconds=None, memory=None)
    program = program.replace("supervise.allow()", "supervise.allow(); print('before')")
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment(tmp_path), capture_output=True, text=True
    )
    assert (result.returncode, result.stdout) == (0, "before\n")


@pytest.mark.parametrize(
    "work", [STUCK, "time.sleep(60)", "import re; re.match('(a+)+$', 'a' * 99 + '!')"]
)
def test_the_time_limit_ends_any_work(tmp_path, work):
    result = run(tmp_path, work, 0.2)
    assert result.returncode == 4
    assert result.stderr.startswith("kg: stopped after 0.2 s; no target was replaced [timeout]\n")


# Runs a command from a small process: what the tests themselves take would count for it.
MEASURED = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""


@pytest.mark.parametrize(
    "work", ["held = bytes(1) * 3 * 10**8", "held = [bytes(9999) for _ in range(40000)]"]
)
def test_the_memory_limit_ends_any_work(tmp_path, work):
    limit = 100 * MEGABYTE
    words = command(work + "\ntime.sleep(60)", None, limit)  # type: ignore[arg-type]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *words],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
    )
    code, peak = map(int, done.stdout.split())
    assert code == 4
    assert done.stderr.startswith("kg: stopped at 100 MB of memory; no target was replaced [out-of")
    unit = 1 if sys.platform == "darwin" else 1024
    assert limit < peak * unit < 1.6 * limit  # on a busy machine it is seen late
    assert list((tmp_path / "tmp").iterdir()) == []


def test_what_is_left_over_is_removed_and_what_is_complete_is_kept(tmp_path):
    work = """
for name in ('half', 'whole'):
    supervise.leftover(Path(name))
    Path(name).touch()
supervise.leftover(Path('folder'))
Path('folder/in/it').mkdir(parents=True)
supervise.leftover(Path('never made'))
supervise.keep(Path('whole'))
tempfile.mkdtemp()
sum(range(10**12))
"""
    assert run(tmp_path, work, 0.5).returncode == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tmp", "whole"]


def test_work_that_ends_by_itself_cleans_up_by_itself(tmp_path):
    work = "supervise.leftover(Path('result')); Path('result').touch()"
    assert run(tmp_path, work).returncode == 0
    assert (tmp_path / "result").exists()


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT])
def test_a_crash_is_told_and_cleaned_up(tmp_path, number):
    work = f"""
supervise.leftover(Path('half')); Path('half').touch()
os.kill(os.getpid(), {int(number)})
"""
    result = run(tmp_path, work)
    assert result.returncode == 4
    assert result.stderr.startswith(f"kg: a library crashed ({number.name})")
    assert not (tmp_path / "half").exists()


def test_work_that_is_killed_from_outside(tmp_path):
    result = run(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)")
    assert result.returncode == 137
    assert result.stderr.startswith("kg: killed from outside")


CLEANS_UP = """
try:
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(0.1)
    with open('cleaned', 'a') as out:
        out.write('once')
    sys.exit(130)
"""


@pytest.mark.parametrize("to_group", [False, True])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_passed_on_once(tmp_path, number, code, to_group):
    with start(tmp_path, CLEANS_UP) as process:
        (os.killpg if to_group else os.kill)(process.pid, number)
        assert process.wait(10) == code
    assert (tmp_path / "cleaned").read_text() == "once"
    assert list((tmp_path / "tmp").iterdir()) == []


def test_what_an_interruption_leaves_behind_is_removed(tmp_path):
    """It strikes anywhere, also between what is made and who is to remove it."""
    half = "supervise.leftover(Path('half')); Path('half').touch()"
    with start(tmp_path, CLEANS_UP.replace("try:", f"try:\n    {half}")) as process:
        until((tmp_path / "half").exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 143
    assert not (tmp_path / "half").exists()


def test_a_second_signal_ends_work_that_does_not_listen(tmp_path):
    with start(tmp_path, STUCK) as process:
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert process.stderr is not None
        assert process.stderr.read() == "kg: interrupted\n"
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_the_work_ends_with_the_watching_process(tmp_path):
    with start(tmp_path, STUCK) as process:
        work = int((tmp_path / "began").read_text())
        assert runs(work)
        process.kill()
        until(lambda: not runs(work))


def test_what_the_work_has_started_ends_with_it(tmp_path):
    work = """
started = subprocess.Popen(['sleep', '60'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
Path('pid').write_text(str(started.pid))
sum(range(10**12))
"""
    assert run(tmp_path, work, 0.5).returncode == 4
    started = int((tmp_path / "pid").read_text())
    until(lambda: not runs(started))


def test_a_process_that_is_no_command_stays_one():
    program = (
        "import os; from kg import supervise; before = os.getpid();"
        " supervise.supervise(supervise.Limits(1, 1)); assert os.getpid() == before;"
        " supervise.leftover(__import__('pathlib').Path('x'))"
    )
    words = [sys.executable, "-c", program]
    subprocess.run(words, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
