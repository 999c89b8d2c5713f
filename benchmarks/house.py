"""Figures of the code of kg: sizes, complexity, duplicated runs, and four walks through its files.

    python benchmarks/house.py [TREE] [--walks] [--paths] [--most 10]

TREE is a checkout, by default the one that this script is in. All but the walks only reads text.
A walk runs a small command of the checkout in a process of its own and records each call from one
file of kg to another: `files` are the files entered, `returns` the pairs of caller and callee
where the callee was entered before the caller, `climbs` those where a function of the callee was
still waiting for its own call to end.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import io
import keyword
import os
import re
import statistics
import subprocess
import sys
import tempfile
import tokenize
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType

RUN = 6  # lines that make a duplicated run
COMMON = 8  # places of a run of the same shape; one with more is an idiom

_BRANCHES = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.Assert,
    ast.match_case,
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Module:
    """A file of the package, with its text and its tree."""

    name: str
    text: str
    tree: ast.Module


def modules(tree: Path) -> list[Module]:
    """Read all files of the package."""
    found = []
    for path in sorted((tree / "kg").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.append(Module(path.relative_to(tree).as_posix(), text, ast.parse(text)))
    return found


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield each function of a file, methods and nested ones too."""
    for node in ast.walk(module.tree):
        if isinstance(node, _FUNCTIONS):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function from its `def`, without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function):
        lines -= (function.body[0].end_lineno or 0) - function.body[0].lineno + 1
    return lines


def complexity(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the decisions of a function (McCabe), without those of functions within it."""
    total, waiting = 1, list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        if isinstance(node, (*_FUNCTIONS, ast.Lambda, ast.ClassDef)):
            continue
        if isinstance(node, ast.BoolOp):
            total += len(node.values) - 1
        elif isinstance(node, ast.comprehension):
            total += 1 + len(node.ifs)
        elif isinstance(node, _BRANCHES):
            total += 1
        waiting += ast.iter_child_nodes(node)
    return total


def is_annotated(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell whether each parameter and the result have a type."""
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return function.returns is not None and all(
        argument is None or argument.annotation or argument.arg in ("self", "cls")
        for argument in named
    )


def blanket_excepts(module: Module) -> int:
    """Count handlers of all exceptions."""
    kinds = ("Exception", "BaseException")
    return sum(
        isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in kinds))
        for node in ast.walk(module.tree)
    )


def _is_overload(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "overload" for each in node.decorator_list)


def undocumented(module: Module) -> Iterator[str]:
    """Yield the public classes, functions and methods without a docstring."""
    waiting: list[tuple[str, ast.AST]] = [(module.name, module.tree)]
    while waiting:
        prefix, parent = waiting.pop()
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_"):
                if not ast.get_docstring(node) and not _is_overload(node):
                    yield f"{prefix} {node.name}"
                if isinstance(node, ast.ClassDef):
                    waiting.append((f"{prefix} {node.name}", node))


def _kept(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that count in a run: no blank, comment, import or lone punctuation."""
    for number, line in enumerate(text.splitlines(), 1):
        folded = " ".join(line.split())
        if re.search(r"\w", folded) and not folded.startswith(("#", "import ", "from ")):
            yield number, folded


def _shapes(text: str) -> dict[int, str]:
    """Return each line with its names, strings and numbers replaced by their kind."""
    lines: dict[int, list[str]] = defaultdict(list)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
            lines[token.start[0]].append("name")
        elif token.type == tokenize.STRING:
            for number in range(token.start[0], token.end[0] + 1):
                lines[number].append("string")
        elif token.type == tokenize.NUMBER:
            lines[token.start[0]].append("0")
        elif token.string.strip() and token.type != tokenize.COMMENT:
            lines[token.start[0]].append(token.string)
    return {number: " ".join(words) for number, words in lines.items()}


def duplicated(files: Sequence[Module], *, shape: bool) -> tuple[int, int]:
    """Count what stands more than once in runs of six lines: the runs, and the lines in them.

    Args:
        files: What to look at.
        shape: Compare the shape of lines, instead of their text. A run in which half of the
            lines are docstring, or that has more than eight places, does not count.
    """
    places: dict[tuple[str, ...], list[tuple[str, tuple[int, ...]]]] = defaultdict(list)
    for module in files:
        shapes = _shapes(module.text) if shape else {}
        lines = [(n, shapes.get(n, "") if shape else line) for n, line in _kept(module.text)]
        for start in range(len(lines) - RUN + 1):
            run = lines[start : start + RUN]
            places[tuple(line for _, line in run)].append((module.name, tuple(n for n, _ in run)))
    covered: dict[str, set[int]] = defaultdict(set)
    for run, found in places.items():
        if len(found) < 2 or (
            shape and (len(found) > COMMON or sum(len(line) < 12 for line in run) > RUN // 2)
        ):
            continue
        for name, numbers in found:
            covered[name].update(numbers)
    runs = sum(sum(number - 1 not in numbers for number in numbers) for numbers in covered.values())
    return runs, sum(map(len, covered.values()))


def report(tree: Path, most: int) -> None:
    """Print the figures that are read off the text."""
    files = modules(tree)
    sizes = sorted(module.text.count("\n") for module in files)
    every = [(module, function) for module in files for function in functions(module)]
    lengths = [length(function) for _, function in every]
    tenths = statistics.quantiles(lengths, n=10)
    print(f"kg/: {sum(sizes)} lines, {len(files)} modules, longest {sizes[-1]} lines")
    print(f"functions: {len(every)}, lines p50/p90/max", end=" ")
    print(f"{statistics.median(lengths):.0f}/{tenths[-1]:.0f}/{max(lengths)}")
    ranked = sorted(
        ((complexity(function), module.name, function.name) for module, function in every),
        key=lambda row: (-row[0], row[1:]),
    )
    print(f"complexity, the {most} highest:")
    for count, name, function in ranked[:most]:
        print(f"  {count:3} {name} {function}")
    for shape in (False, True):
        runs, lines = duplicated(files, shape=shape)
        what = "shape" if shape else "text"
        print(f"duplicated runs of {RUN} lines and more, same {what}: {runs} runs, {lines} lines")
    share = sum(is_annotated(function) for _, function in every) / len(every)
    print(f"annotated functions: {share:.1%}")
    print(f"blanket excepts: {sum(map(blanket_excepts, files))}")
    missing = [name for module in files for name in undocumented(module)]
    print(f"public names without docstring: {len(missing)}", *missing[:most], sep="\n  ")
    pages = [*(tree / "docs").rglob("*.md"), *tree.glob("*.md")]
    longest = max(
        (len(line), f"{page.relative_to(tree).as_posix()}:{number}")
        for page in pages
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
    )
    print(f"longest line of docs: {longest[0]} characters, {longest[1]}")


# A workspace of three records, one of which a second file of shapes refuses.
WORKSPACE = {
    "kg.toml": 'title = "Readings"\nbase = "http://example.org/r/"\n',
    "data/r.csv": "id,station,value\n1,Aas,4\n2,Bergen,5\n3,Bod,60\n",
    "data/r.yarrrml.yml": """\
prefixes: {ex: "http://example.org/r/"}
mappings:
  reading:
    sources: ["r.csv~csv"]
    s: ex:$(id)
    po:
    - [a, ex:Reading]
    - [rdfs:label, $(station)]
    - [ex:value, $(value), xsd:integer]
""",
    "shapes/s.ttl": """\
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix ex: <http://example.org/r/> .
ex:Shape a sh:NodeShape ; sh:targetClass ex:Reading ;
    sh:property [ sh:path ex:value ; sh:minCount 1 ] .
""",
    "strict.ttl": """\
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix ex: <http://example.org/r/> .
ex:Strict a sh:NodeShape ; sh:targetClass ex:Reading ;
    sh:property [ sh:path ex:value ; sh:maxInclusive 50 ] .
""",
}
QUESTION = "SELECT ?s ?v { ?s ex:value ?v } ORDER BY ?v"


def _read_plan() -> int:
    for home in ("kg.mapping.documents", "kg.mapping.reading"):
        try:
            module = __import__(home, fromlist=["read_mappings"])
        except ModuleNotFoundError:
            continue
        from kg.workspace import COMMON_PREFIXES

        return 0 if module.read_mappings([Path("data/r.yarrrml.yml")], COMMON_PREFIXES) else 1
    raise SystemExit("no reader of mappings")


def _command(*words: str) -> Callable[[], int]:
    def run() -> int:
        from kg.cli.main import main

        return main(list(words))

    return run


WALKS: dict[str, tuple[str, Callable[[], int], int]] = {
    "map": ("CSV cell → Turtle", _command("map", "data/r.yarrrml.yml", "-o", "r.ttl"), 0),
    "validate": ("shape → record", _command("validate", "--shapes", "strict.ttl"), 1),
    "query": (
        "question → table",
        _command("query", "-e", f"PREFIX ex: <http://example.org/r/> {QUESTION}"),
        0,
    ),
    "plan": ("YARRRML → plan", _read_plan, 0),
}


class Tracer:
    """Records the files of kg that calls enter, and from which file each call comes."""

    def __init__(self, tree: Path) -> None:
        self._prefix = f"{tree / 'kg'}{os.sep}"
        self._names: dict[CodeType, str] = {}
        self.files: dict[str, int] = {}
        self.calls: dict[tuple[str, str], bool] = {}  # whether the callee was waiting

    def _name(self, code: CodeType) -> str:
        """Return the file of a function of kg, ``import`` for the top level of one, or nothing."""
        name = self._names.get(code)
        if name is None:
            name = ""
            if code.co_filename.startswith(self._prefix):
                is_function = code.co_flags & inspect.CO_OPTIMIZED
                name = code.co_filename[len(self._prefix) :] if is_function else "import"
            self._names[code] = name
        return name

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Look at a call, if it enters a file of kg, and not while a file is imported."""
        if event != "call" or not (callee := self._name(frame.f_code)):
            return
        waiting, outer = [], frame.f_back
        while outer is not None:
            waiting += [name] if (name := self._name(outer.f_code)) else []
            outer = outer.f_back
        if "import" in (callee, *waiting):
            return
        self.files.setdefault(callee, len(self.files))
        if waiting and waiting[0] != callee:
            call = (waiting[0], callee)
            self.calls[call] = self.calls.get(call, False) or callee in waiting

    def returns(self) -> int:
        """Count the pairs whose callee was entered before the caller."""
        return sum(self.files[callee] < self.files[caller] for caller, callee in self.calls)

    def climbs(self) -> int:
        """Count the pairs whose callee was waiting for its own call to end."""
        return sum(self.calls.values())


def walk(tree: Path, name: str, paths: bool) -> None:
    """Run one walk in this process, within a workspace that is the current folder."""
    import threading

    title, command, code = WALKS[name]
    tracer = Tracer(tree)
    threading.setprofile(tracer)
    sys.setprofile(tracer)
    try:
        result = command()
    finally:
        sys.setprofile(None)
    if result != code:
        raise SystemExit(f"{title}: exit code {result}, expected {code}")
    rooms = {file.split("/")[0] for file in tracer.files}
    print(
        f"{title}: {len(tracer.files)} files, {len(rooms)} rooms,"
        f" {tracer.returns()} returns, {tracer.climbs()} climbs",
        file=sys.stderr,
    )
    if paths:
        print(*(f"  {file}" for file in tracer.files), sep="\n", file=sys.stderr)
        for (caller, callee), waiting in tracer.calls.items():
            if waiting:
                print(f"  climb: {caller} → {callee}", file=sys.stderr)


def walks(tree: Path, paths: bool) -> None:
    """Run each walk in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONUTF8": "1"}
    with tempfile.TemporaryDirectory() as name:
        space = Path(name)
        for file, text in WORKSPACE.items():
            (space / file).parent.mkdir(exist_ok=True)
            (space / file).write_text(text, encoding="utf-8")
        subprocess.run(
            [sys.executable, "-m", "kg", "-q", "build"], cwd=space, env=environment, check=True
        )
        for walked in WALKS:
            words = [sys.executable, str(Path(__file__).resolve()), str(tree), "--walk", walked]
            result = subprocess.run(
                [*words, *(["--paths"] if paths else [])],
                cwd=space,
                env=environment,
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            if result.returncode:
                raise SystemExit(result.stdout + result.stderr)
            print(result.stderr, end="")


def main() -> None:
    """Read the words of the command line, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("tree", nargs="?", type=Path, default=Path(__file__).parent.parent)
    parser.add_argument("--walks", action="store_true", help="run the walks too")
    parser.add_argument("--walk", choices=WALKS, help=argparse.SUPPRESS)
    parser.add_argument("--paths", action="store_true", help="list the files of each walk")
    parser.add_argument("--most", type=int, default=10, help="rows of each list")
    given = parser.parse_args()
    tree = given.tree.resolve()
    if given.walk:
        walk(tree, given.walk, given.paths)
        return
    report(tree, given.most)
    if given.walks:
        walks(tree, given.paths)


if __name__ == "__main__":
    main()
