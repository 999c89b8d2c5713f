"""Cases: a damaged file, the commands that are run on it, and the laws that must hold."""

from __future__ import annotations

import gzip
import random
import re
import shutil
import tempfile
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from kg.about import error_codes
from tests.fuzzing.mutations import ADDRESS, mutated
from tests.fuzzing.samples import BINARY, Sample, samples
from tests.fuzzing.server import Outcome, Server

MEMORY: Final = 400 * 10**6
_SECONDS: Final = 20  # that a command is given
_GRACE: Final = 40  # more seconds until it is killed: the machine may be busy
_LIMITS: Final = ["--memory", f"{MEMORY // 10**6}MB"]
_CODES: Final = frozenset({0, 1, 2, 3, 4, 130})
_COUNT: Final = "SELECT (COUNT(*) AS ?n) WHERE { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
_FAULTS: Final = re.compile(
    r"internal error|Traceback \(most|panicked at|RUST_BACKTRACE|core dumped"
)
_QUADS: Final = (".nq", ".trig", ".jsonld", ".nq.gz")


class Broken(AssertionError):
    """A law that does not hold."""


@dataclass
class Case:
    """A folder with a damaged file, in which commands are run.

    Attributes:
        kind: Kind of file.
        number: What the case is made from, with the kind.
        server: Runs the commands.
        runs: The commands that were run, with their exit codes.
    """

    kind: str
    number: int
    server: Server
    folder: Path = field(init=False)
    runs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(f"{self.kind} {self.number}")

    def run(self, keep: Path | None = None) -> None:
        """Make the case, run its commands, and check the laws.

        Raises:
            Broken: A law does not hold; the folder is kept in `keep`.
        """
        with tempfile.TemporaryDirectory(prefix="kg-fuzzing-") as name:
            whole = Path(name)
            self.folder, self._temporary = whole / "work", whole / "tmp"
            self.folder.mkdir()
            self._temporary.mkdir()
            try:
                sample = self._make()
                _STEPS.get(self.kind, Case._map)(self, sample)
            except Broken:
                if keep is not None:
                    target = keep / f"{self.kind}-{self.number}"
                    shutil.rmtree(target, ignore_errors=True)
                    shutil.copytree(whole, target, symlinks=True)
                raise

    def _make(self) -> Sample:
        every = samples(self.kind)
        sample = self._chance.choice(every)
        others = [
            each.files[each.damaged[0]] for each in self._chance.sample(every, min(3, len(every)))
        ]
        chosen = self._chance.choice(sample.damaged)
        for name, content in sample.files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name == chosen:
                content = mutated(self._chance, content, others, self.kind in BINARY)
                content = content.replace(ADDRESS.encode(), self.server.address.encode())
            path.write_bytes(content)
        return sample

    # --- commands ---------------------------------------------------------------------------

    def _map(self, sample: Sample) -> None:
        more = self._options(["--strict"], ["--base", "http://example.org/"], ["--threads", "1"])
        made = self._kg("map", sample.target, "-o", "out.nq", *more, *_LIMITS)
        if made.code == 0 and (self.folder / "out.nq").exists():
            self._same_again("out.nq")
        if self._chance.random() < 0.1:
            self._kg("map", sample.target, "--explain")

    def _options(self, *every: list[str]) -> list[str]:
        """Return some options, most often none."""
        return self._chance.choice(every) if self._chance.random() < 0.3 else []

    def _rdf(self, sample: Sample) -> None:
        source, target = sample.target, f"out{self._chance.choice(_QUADS)}"
        done = self._kg("export", "--data", source, "-o", target, *_LIMITS)
        if done.code not in (0, 1):
            if (self.folder / target).exists():
                raise Broken(f"{target} was written all the same")
            return
        canonical = [
            self._kg("export", "--data", name, "-o", f"{n}.nq", "--canonical", *_LIMITS)
            for n, name in enumerate((source, target))
        ]
        if canonical[1].code != canonical[0].code:
            raise Broken(f"{target} is not read as {source} is: {canonical[1].err}")
        if canonical[0].code == 0:
            first, second = ((self.folder / f"{n}.nq").read_bytes() for n in (0, 1))
            if first != second:
                raise Broken(f"{target} holds other statements than {source}")
        if self._chance.random() < 0.2:
            # Not all that RDF is can be written so; what is written can be read.
            plain = f"plain{self._chance.choice(('.ttl', '.rdf', '.nt'))}"
            more = self._options(["--skolemize"], ["--strict"])
            if self._kg("export", "--data", source, "-o", plain, *more, *_LIMITS).code == 0:
                again = self._kg("export", "--data", plain, "-o", "plain.nq", *_LIMITS)
                if again.code != 0:
                    raise Broken(f"{plain} is not read again: {again.err}")
        if self._chance.random() < 0.3:
            answers = [
                self._kg("query", "--data", name, "-e", _COUNT, "-f", "csv", *_LIMITS)
                for name in (source, target)
            ]
            if answers[0].out != answers[1].out:
                raise Broken(f"other answers: {answers[0].out!r} and {answers[1].out!r}")

    def _same_again(self, name: str) -> None:
        """What was written is read, and written again as it is."""
        again = self._kg("export", "--data", name, "-o", "again.nq", *_LIMITS)
        if again.code != 0:
            raise Broken(f"{name} is not read again: {again.err}")
        first, second = (self._lines(each) for each in (name, "again.nq"))
        if first != second:
            raise Broken(f"{name} is written otherwise again")

    def _lines(self, name: str) -> list[bytes]:
        content = (self.folder / name).read_bytes()
        lines = (gzip.decompress(content) if name.endswith(".gz") else content).splitlines()
        return sorted(re.sub(rb"_:\S+", b"_:b", line) for line in lines)

    def _validate(self, sample: Sample) -> None:
        form = self._chance.choice(
            ("table", "turtle", "json", "sarif", "csv", "github", "junit", "html")
        )
        given = ["--data", "data.ttl", "--shapes", sample.target, "--format", form]
        given += self._options(["--infer", "rdfs"], ["--explain"], ["--max-results", "1"])
        self._kg("validate", *given, *_LIMITS)

    def _ask(self, sample: Sample) -> None:
        form = self._chance.choice(("table", "csv", "tsv", "json", "xml", "markdown", "html"))
        done = self._kg("query", sample.target, "--data", "data.ttl", *_LIMITS)
        self._kg("query", sample.target, "--data", "data.ttl", "-f", form, "-o", "out", *_LIMITS)
        if done.code == 2 and self._chance.random() < 0.3:
            self._kg("query", sample.target, "--data", "data.ttl", "--explain")

    def _build(self, sample: Sample) -> None:
        del sample
        more = self._options(["--infer", "rdfs"], ["--strict"], ["--fail-on", "info"])
        built = self._kg("build", *more, *_LIMITS)
        answer = self._kg("query", "-e", _COUNT, "-f", "csv")
        if built.code == 0:
            if answer.code != 0:
                raise Broken(f"a build is in force that cannot be asked: {answer.err}")
            if self._kg("export", "-o", "out.nq", *_LIMITS).code == 0:
                self._same_again("out.nq")
        self._read_all()

    def _read(self, sample: Sample) -> None:
        del sample
        self._read_all()
        if self._chance.random() < 0.3:
            built = self._kg("build", *_LIMITS)
            if built.code != 0:
                raise Broken(f"a build cannot recover: {built.err}")
            if self._kg("query", "-e", _COUNT, "-f", "csv").code != 0:
                raise Broken("the graph cannot be asked after a new build")

    def _read_all(self) -> None:
        commands = [
            ["query", "-e", _COUNT],
            ["query", "first-ascents"],
            ["questions"],
            ["validate", *_LIMITS],
            ["export", "-o", "again.ttl", *_LIMITS],
            ["describe", *_LIMITS],
            ["trace", "https://example.org/graph/peak/k2"],
            ["diff", "current", "previous"],
            ["release", "released", *_LIMITS],
        ]
        for words in self._chance.sample(commands, 3):
            self._kg(*words)

    # --- laws -------------------------------------------------------------------------------

    def _kg(self, *words: str) -> Outcome:
        before = self._files()
        given = list(words)
        if words[0] not in ("questions", "help", "init") and "--explain" not in words:
            given += ["--timeout", str(_SECONDS)]
        outcome = self.server.run(given, self.folder, self._temporary, _SECONDS + _GRACE)
        self.runs.append(f"{outcome.code}: kg {' '.join(given)}")
        said = f"kg {' '.join(given)} ({outcome.code})"
        self._check(outcome, said)
        self._check_files(before, outcome, said)
        return outcome

    def _check(self, outcome: Outcome, said: str) -> None:
        text = outcome.err
        if outcome.hung:
            raise Broken(f"{said}: did not end in time")
        if outcome.code not in _CODES:
            raise Broken(f"{said}: ended by {outcome.code}: {text[-2000:]}")
        if _FAULTS.search(text):
            raise Broken(f"{said}: {text[-2000:]}")
        if outcome.code in (2, 3, 4):
            codes = re.findall(r"\[([a-z0-9-]+)\]", text)
            if not set(codes) & _documented() and not text.startswith(("Usage:", "Error:")):
                raise Broken(f"{said}: no error of kg: {text[-2000:]!r}")
        if outcome.peak > MEMORY * 1.2 and _LIMITS[0] in said:
            raise Broken(f"{said}: took {outcome.peak // 10**6} MB")
        if outcome.events:
            raise Broken(f"{said}: {outcome.events}")
        if outcome.left:
            raise Broken(f"{said}: a process is left")
        hidden = {c for c in text if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cf")}
        if hidden - {"\u200c", "\u200d"}:
            raise Broken(f"{said}: sends {hidden!r} to the terminal")

    def _files(self) -> set[str]:
        return {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*")}

    def _check_files(self, before: set[str], outcome: Outcome, said: str) -> None:
        left = [path.name for path in self._temporary.iterdir()]
        if left:
            raise Broken(f"{said}: left {left} in the folder for temporary files")
        new = self._files() - before
        parts = [name for name in new if name.endswith(".part")]
        if parts:
            raise Broken(f"{said}: left {parts}")
        if outcome.code in (2, 3, 4):
            kept = {name for name in new if not name.startswith(".kg")}
            if kept:
                raise Broken(f"{said}: failed, and made {kept}")


@cache
def _documented() -> frozenset[str]:
    return frozenset(error_codes())


_STEPS: Final = {
    **{f"rdf{ending}": Case._rdf for ending in (".ttl", ".trig", ".nt", ".nq", ".jsonld", ".rdf")},
    "shapes": Case._validate,
    "question": Case._ask,
    "kg.toml": Case._build,
    "ontology": Case._build,
    "build.json": Case._read,
    "quads.parquet": Case._read,
    "store": Case._read,
}
