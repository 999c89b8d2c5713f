#!/usr/bin/env python3
"""Set up all that kg needs, in the folder .venv beside this file, then run it.

    python3 start.py              set up, build the graph, answer a question
    python3 start.py test         set up, run every check and test
    python3 start.py test ARGS    set up, run pytest with these arguments
    python3 start.py test --long  more examples, coverage, and an hour of fuzzing
    python3 start.py test --spark  run the tests of Apache Spark alone; with --long all of them
    python3 start.py setup        set up only

Where there is Java 17 or newer, all tests are with a small one of Apache Spark, which is installed
for it, once (500 MB). KG_SPARK=off leaves it out.

Needs Python 3.11 or newer with its standard library, and a package index that pip reaches. What
is installed, and nothing else, stands with its digests in requirements.txt. What pip is told by
its own files and variables (PIP_INDEX_URL, PIP_CERT, HTTPS_PROXY ...) holds here too.

This file keeps to what old Pythons can parse, so that they can say that they are too old.
"""

from __future__ import print_function

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
LOCK = os.path.join(ROOT, "requirements.txt")
SPARK_LOCK = os.path.join(ROOT, "requirements-spark.txt")
SPARK_TESTS = ["tests/mapping/test_spark%s.py" % kind for kind in ("", "_cluster", "_conformance")]
SPARK_TESTS += ["tests/mapping/test_spark_views.py", "tests/mapping/test_spark_copies.py"]
SPARK_TESTS += ["tests/build/test_spark_builds.py"]
PROJECT = os.path.join(ROOT, "pyproject.toml")
# Written first, so that a folder that this script did not make is never touched; the digest of
# what was installed comes last, so that a set-up that was interrupted is seen.
STAMP = os.path.join(VENV, "kg-setup")
LOG = os.path.join(VENV, "kg-setup.log")

QUESTION = ["claims-on-launch", "--format", "table"]
CHECKS = (
    ("format", ["-m", "ruff", "format", "--check", "."]),
    ("lint", ["-m", "ruff", "check", "."]),
    ("types", ["-m", "mypy"]),
    ("layers", [os.path.join(VENV, "bin", "lint-imports")]),
)

# What pip says of a package that is not the one of the lock.
WRONG_FILE = "DO NOT MATCH THE HASHES"

# The oldest Java that Spark runs on.
OLDEST_JAVA = 17

# What makes tests try more, unless the environment says how much.
LONG = {
    "KG_LONG": "1",
    "KG_EXAMPLES": "1000",  # random mappings
    "KG_SPARQL_CASES": "20000",  # random queries
    "KG_FUZZ_EXAMPLES": "2000",  # random terms and documents
    "KG_FLIPS": "40",  # damaged bits of each file of a build
    "KG_KILLS": "100",  # builds that are killed
    "KG_FUZZ_HOURS": "1",  # the command on damaged files
}

# Exit codes, as of the kg command itself.
WRONG_INPUT = 2
WORLD_FAILED = 3
INTERRUPTED = 130

# What pip says when it did not get through to an index, in its own words and those of its parts.
NO_CONNECTION = (
    "NewConnectionError",
    "Failed to establish a new connection",
    "name resolution",
    "Name or service not known",
    "nodename nor servname",
    "Max retries exceeded",
    "ProxyError",
    "TimeoutError",
    "timed out",
    "SSLError",
    "Connection refused",
    "Connection broken",
    "Network is unreachable",
)


class SetupError(Exception):
    """The set-up cannot go on; holds what to tell the user, and the exit code."""

    def __init__(self, message, exit_code):
        Exception.__init__(self, message)
        self.exit_code = exit_code


def main(arguments):
    """Do what the arguments say and return the exit code."""
    if sys.version_info < OLDEST:
        return use_newer_python(arguments)
    command = arguments[0] if arguments else "show"
    if command in ("-h", "--help", "help"):
        print(__doc__)
        return 0
    if command not in ("show", "setup", "test") or (len(arguments) > 1 and command != "test"):
        tell("there is no %r; python3 start.py --help says what there is" % " ".join(arguments))
        return WRONG_INPUT
    try:
        set_up()
        compile_modules()
        if command == "test":
            return test(arguments[1:])
        return show() if command == "show" else advise()
    except SetupError as error:
        tell(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        tell("interrupted; run it again to go on")
        return INTERRUPTED


def tell(text):
    """Say something to the user, on standard error."""
    sys.stdout.flush()
    print("start.py: %s" % text, file=sys.stderr)
    sys.stderr.flush()


# --- the Python to use ----------------------------------------------------------------------


def use_newer_python(arguments):
    """Go on with a newer Python of this machine, or say that one is needed."""
    running = "%d.%d" % sys.version_info[:2]
    newer = find_newer_python()
    if newer is None:
        tell(
            "this is Python %s, and kg needs Python 3.11 or newer\n"
            "  Debian, Ubuntu:  sudo apt-get install python3.11 python3.11-venv\n"
            "  Fedora:          sudo dnf install python3.11\n"
            "  macOS:           brew install python@3.13, or an installer from python.org\n"
            "Then:  python3.11 start.py" % running
        )
        return WRONG_INPUT
    tell("this is Python %s; going on with %s" % (running, newer))
    return subprocess.call([newer, os.path.abspath(__file__)] + arguments)


def find_newer_python():
    """Return the path of a Python on PATH that is new enough, or None."""
    for minor in (13, 12, 11, 14):
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            path = os.path.join(folder, "python3.%d" % minor)
            if os.access(path, os.X_OK) and is_new_enough(path):
                return path
    return None


def is_new_enough(python):
    """Try a Python: a file of that name may be a stand-in for one that is not installed."""
    test = "import sys; sys.exit(sys.version_info < (%d, %d))" % OLDEST
    with open(os.devnull, "w") as nowhere:
        return subprocess.call([python, "-c", test], stdout=nowhere, stderr=nowhere) == 0


# --- the set-up -----------------------------------------------------------------------------


def set_up():
    """Make .venv what requirements.txt and pyproject.toml say, unless it is so already."""
    wanted = wanted_stamp()
    found = read_stamp()
    if found == wanted and os.path.exists(PYTHON):
        return
    if found is None and os.path.isdir(VENV) and os.listdir(VENV):
        raise SetupError(
            "%s is there, but was not made by this script; remove or rename it" % VENV, WRONG_INPUT
        )
    check_venv_module()
    tell("setting up in .venv, once: about a minute, 360 MB" if not found else "setting up anew")
    # Always from nothing, so that the same lock gives the same environment.
    try:
        shutil.rmtree(VENV, ignore_errors=True)
        os.mkdir(VENV)
        write_stamp("begun\n")
    except OSError as error:
        raise SetupError("cannot write %s: %s" % (VENV, error), WORLD_FAILED)
    run("cannot make the environment .venv", [sys.executable, "-m", "venv", VENV])
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-user"]
    run(
        "cannot install what requirements.txt names",
        pip + ["--require-hashes", "--only-binary", ":all:", "-r", LOCK],
    )
    # What builds kg is in the lock: nothing is fetched for it.
    run(
        "cannot install kg itself",
        pip + ["--no-build-isolation", "--no-deps", "--editable", ROOT],
    )
    write_stamp(wanted)


def compile_modules():
    """Compile the modules of kg that have changed, as pip does with those that it installs.

    Where Python may not keep what it compiles, each command would compile them anew.
    """
    with open(os.devnull, "w") as nowhere:
        # A folder that may not be written to is no fault.
        words = [PYTHON, "-m", "compileall", "-q", os.path.join(ROOT, "kg")]
        subprocess.call(words, stdout=nowhere, stderr=nowhere)


def add_spark():
    """Install Spark beside the rest; it comes as source alone, which setuptools packs."""
    if subprocess.call([PYTHON, "-c", "import pyspark"], stderr=subprocess.DEVNULL) == 0:
        return
    tell(
        "installing Apache Spark in .venv, once: about a minute, 500 MB; KG_SPARK=off leaves it out"
    )
    run(
        "cannot install what requirements-spark.txt names; KG_SPARK=off leaves it out",
        [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-user"]
        + ["--require-hashes", "--no-deps", "-r", SPARK_LOCK],
    )


def lacks_spark():
    """Return why Spark is not tried; nothing if it can be."""
    if os.environ.get("KG_SPARK", "").lower() == "off":
        return "KG_SPARK=off"
    version = java_version()
    if not version:
        return "there is no Java"
    return "Java is older than %d" % OLDEST_JAVA if version < OLDEST_JAVA else ""


def java_version():
    """Return the first number of Java's version, 0 where there is no Java that runs."""
    home = os.environ.get("JAVA_HOME")
    java = os.path.join(home, "bin", "java") if home else "java"
    try:
        said = subprocess.check_output([java, "-version"], stderr=subprocess.STDOUT)
    except (OSError, subprocess.CalledProcessError):
        return 0
    # Before 9 it was called 1.8 and so on.
    found = re.search(r'version "(?:1\.)?([0-9]+)', said.decode("utf-8", "replace"))
    return int(found.group(1)) if found else 0


def wanted_stamp():
    """Return what tells a set-up that is wanted now from any other."""
    digest = hashlib.sha256()
    for path in (LOCK, PROJECT):
        try:
            with open(path, "rb") as source:
                digest.update(source.read())
        except IOError as error:
            raise SetupError("cannot read %s: %s" % (path, error.strerror), WORLD_FAILED)
    digest.update(repr((sys.version, platform.machine(), VENV)).encode("utf-8"))
    return digest.hexdigest() + "\n"


def read_stamp():
    """Return what the last set-up wrote, or None if there was none."""
    try:
        with open(STAMP) as stamp:
            return stamp.read()
    except (IOError, ValueError):
        return None


def write_stamp(text):
    """Write the stamp in one step."""
    with open(STAMP + ".part", "w") as stamp:
        stamp.write(text)
    os.rename(STAMP + ".part", STAMP)


def check_venv_module():
    """Refuse a Python that cannot make environments, as Debian's is without python3-venv."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise SetupError(
            "this Python has no venv module; on Debian and Ubuntu it comes with\n"
            "  sudo apt-get install python%d.%d-venv\n"
            "Then run this again." % sys.version_info[:2],
            WRONG_INPUT,
        )


def run(failure, command):
    """Run a step of the set-up; its output goes to the log, and is shown if it fails."""
    shows = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
    )
    lines = []
    with open(LOG, "a") as log:
        for line in process.stdout:
            log.write(line)
            lines.append(line)
            if shows and line.strip():
                sys.stderr.write("\r\033[K  " + line.strip()[:70])
                sys.stderr.flush()
    if shows:
        sys.stderr.write("\r\033[K")
    if process.wait() != 0:
        last = "".join("  " + line for line in lines[-12:])
        raise SetupError(
            "%s\n%s%s\nAll that was said is in %s" % (failure, last, advice("".join(lines)), LOG),
            WORLD_FAILED,
        )


def advice(said):
    """Return what to do next, guessed from what pip said."""
    if WRONG_FILE in said:
        return (
            "A package that was fetched is not the one that requirements.txt names. Do not go\n"
            "round this: a mirror or a proxy on the way serves something else."
        )
    if any(words in said for words in NO_CONNECTION):
        return (
            "The package index cannot be reached. Check the network; behind a proxy set\n"
            "HTTPS_PROXY, with a mirror of your own set PIP_INDEX_URL. Then run this again."
        )
    if "No space left" in said:
        return "The disk is full: 360 MB are needed."
    if "No matching distribution found" in said:
        return (
            "The package index does not have it for this machine, or pip did not get through to\n"
            "an index. kg is tried on Linux with glibc and on macOS, for x86-64 and ARM64, with\n"
            "Python 3.11 to 3.13. What pip is told to use is shown by:  python3 -m pip config list"
        )
    return "Run this again; if that does not help, remove the folder .venv first."


# --- what to do with it ---------------------------------------------------------------------


def show():
    """Build the graph and answer a question, then say how to go on."""
    for words in (["build"], ["query"] + QUESTION):
        tell("kg " + " ".join(words))
        code = subprocess.call([PYTHON, "-m", "kg"] + words, cwd=ROOT)
        if code != 0:
            return code
    return advise()


def advise():
    """Say how to go on."""
    tell("next:  source .venv/bin/activate  and then, for example,  kg questions")
    return 0


def test(pytest_arguments):
    """Run every check, then the tests; with arguments, the tests alone. Count on the last line."""
    environment = dict(os.environ)
    # Tests start kg some thousand times: each would compile its modules anew.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    is_long = "--long" in pytest_arguments
    if is_long:
        pytest_arguments = [word for word in pytest_arguments if word != "--long"]
        environment = dict(LONG, **environment)
    if "--spark" in pytest_arguments or not pytest_arguments:
        lacks = lacks_spark()
        if lacks:
            tell("Apache Spark is not tried: %s" % lacks)
        else:
            try:
                add_spark()
            except SetupError as error:
                # Who asks for it, or is given another file, has to know; all other tests go on.
                if "--spark" in pytest_arguments or WRONG_FILE in str(error):
                    raise
                tell("Apache Spark is not tried: %s" % error)
    if "--spark" in pytest_arguments:
        pytest_arguments = [word for word in pytest_arguments if word != "--spark"]
        pytest_arguments = pytest_arguments or SPARK_TESTS
    checks = () if pytest_arguments else CHECKS
    broken = []
    for name, words in checks:
        print("--- %s" % name)
        sys.stdout.flush()
        if subprocess.call([PYTHON] + words, cwd=ROOT) != 0:
            broken.append(name)
    print("--- tests")
    sys.stdout.flush()
    report = os.path.join(tempfile.mkdtemp(prefix="kg-test-"), "report.xml")
    try:
        code = subprocess.call(
            [PYTHON, "-m", "pytest", "--junitxml", report]
            + (pytest_arguments or everything(is_long)),
            cwd=ROOT,
            env=environment,
        )
        counts = count_tests(report)
    finally:
        shutil.rmtree(os.path.dirname(report), ignore_errors=True)
    return conclude(broken, code, counts)


def everything(is_long):
    """Return pytest's arguments for all tests: on all cores, a file's tests on one of them.

    The long run also counts what the tests reach: that takes three quarters more of the processor.
    """
    workers = min(os.cpu_count() or 1, 4)
    counts = ["--cov", "--cov-report=term:skip-covered"] if is_long else []
    return ["-n", str(workers), "--dist", "loadfile"] + counts


def count_tests(report):
    """Return how many tests passed, failed and were skipped, as pytest's report has it."""
    import xml.etree.ElementTree

    try:
        suites = list(xml.etree.ElementTree.parse(report).iter("testsuite"))
    except (IOError, xml.etree.ElementTree.ParseError):
        return None
    total, bad, skipped = 0, 0, 0
    for suite in suites:
        total += int(suite.get("tests", 0))
        bad += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
    return total - bad - skipped, bad, skipped


def conclude(broken, pytest_code, counts):
    """Print what failed beside the tests, and the count; return the exit code."""
    if pytest_code != 0 and not (counts and counts[1]):
        broken = broken + ["tests (pytest ended with %d)" % pytest_code]
    print("")
    if broken:
        print("these checks failed: %s" % ", ".join(broken))
    if counts:
        print("tests: %d passed, %d failed, %d skipped" % counts)
    sys.stdout.flush()
    return 1 if broken or pytest_code != 0 or not counts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
