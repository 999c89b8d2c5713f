"""The verdict of a build on its graph: taken over, or made anew with what the build before knows.

Results are traced to the records of sources, which takes reading these again. The places of the
same results are those of the build before, as long as the files that were read for it are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import field, replace
from functools import cache
from pathlib import Path
from typing import Final

import duckdb

from kg.duck import beside, spare
from kg.errors import InputError
from kg.exports.checks import check_rows
from kg.kept import Kept
from kg.lineage import Wanted, trace_workspace
from kg.mapping.plan import Plan
from kg.quads import QuadTable
from kg.records import dataclass
from kg.sizes import USUAL_MEMORY
from kg.validation import Options, Severity, Sink, Verdict, validate
from kg.validation.origins import Origins
from kg.validation.results import Result
from kg.validation.shapes import ShapesGraph
from kg.validation.sieve.renewal import Before
from kg.validation.unchecked import Note
from kg.workspace import Workspace

# Validation results that are kept; where there are more, validation is done again.
_MOST_RESULTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Judging:
    """What is judged, and how.

    Attributes:
        workspace: The workspace.
        plan: Its mappings.
        shapes: Its shapes.
        kept: What the build before has kept.
        report: Where the standard report goes.
        spill: Folder for intermediate files.
        is_inferred: Whether the graph has its inferred triples.
        causes: The key of all that the verdict depends on.
        places: The key of all that origins depend on besides the files that were read for them.
        ignores: Whether unsupported features of SHACL are ignored.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.
        sinks: Each is called with every result.
    """

    workspace: Workspace
    plan: Plan
    shapes: ShapesGraph
    kept: Kept
    report: Path
    spill: Path
    is_inferred: bool
    causes: str | None
    places: str | None
    ignores: bool = False
    memory: str | None = None
    threads: int | None = None
    sinks: Sequence[Sink] = field(default=())

    def verdict(self, connection: duckdb.DuckDBPyConnection, table: QuadTable) -> Verdict:
        """Return the verdict; if an ill-typed literal makes pySHACL abort, report that literal.

        Args:
            connection: From `kg.duck.engine`.
            table: The graph.

        Raises:
            InputError: The shapes cannot be applied.
            WorldError: The disk failed.
            LimitError: The memory limit was reached.
        """
        known = self._known()
        if known is not None:
            for step, key in (("validate", self.causes), ("origins", self.places)):
                self.kept.keep_again(step, key)
            return known
        held: list[Result] = []

        def hold(result: Result) -> None:
            if len(held) < _MOST_RESULTS:
                held.append(result)

        try:
            verdict = self._made(connection, table, (*self.sinks, hold))
        except InputError as error:
            if error.code != "shapes-failed":
                raise
            raise self._ill_typed(connection, table) or error from error
        self._keep(verdict, held)
        return verdict

    def _known(self) -> Verdict | None:
        """Return the verdict that had the same causes, and pass its results to sinks again."""
        found = self.kept.find("validate", self.causes)
        if found is None or not self.kept.copy(self.report.name):
            return None
        for result in found["results"]:
            for sink in self.sinks:
                sink(result)
        return Verdict(
            {Severity(number): count for number, count in found["counts"]},
            self.report,
            judged=found["judged"],
            applied=found["applied"],
            notes=tuple(Note(text, code) for text, code in found["notes"]),
            met=found["met"],
            sieved=found["sieved"],
        )

    def _keep(self, verdict: Verdict, results: Sequence[Result]) -> None:
        """Keep a verdict with its results, unless they are too many."""
        if sum(verdict.counts.values()) != len(results):
            return
        gave = {
            "counts": [(int(severity), count) for severity, count in verdict.counts.items()],
            "judged": verdict.judged,
            "applied": verdict.applied,
            "notes": [(str(note), getattr(note, "code", "")) for note in verdict.notes],
            "met": verdict.met,
            "sieved": verdict.sieved,
            "shapes": self._key_of_shapes,
            "results": results,
        }
        self.kept.keep("validate", self.causes, gave)

    def _made(
        self, connection: duckdb.DuckDBPyConnection, table: QuadTable, sinks: Sequence[Sink]
    ) -> Verdict:
        with ExitStack() as stack:

            @cache
            def origins() -> Origins:
                # A separate connection, because source tables have the names of the graph's.
                sources = stack.enter_context(beside(connection, self.spill, self.threads))
                made = Origins(sources, self.workspace, self.shapes, self.spill, self.plan)
                return stack.enter_context(closing(made))

            places = _Places(self.kept, self.places, origins)
            verdict = validate(
                connection,
                table,
                self.shapes,
                report=self.report,
                sinks=sinks,
                options=Options(
                    locate=places.locate,
                    is_inferred=self.is_inferred,
                    before=self._before(connection),
                ),
            )
            places.keep()
        return verdict

    @property
    def _key_of_shapes(self) -> str | None:
        """The key of all that the verdict depends on but the graph."""
        return self.kept.key(self.workspace.shape_files, self.ignores, self.is_inferred)

    def _before(self, connection: duckdb.DuckDBPyConnection) -> Before | None:
        """Return the validation of the build before, if its graph differs a little."""
        found, key = self.kept.last("validate"), self._key_of_shapes
        if found is None or key is None or found["shapes"] != key:
            return None
        near = self.kept.difference(connection)
        if near is None:
            return None
        gave = (found[name] for name in ("results", "sieved", "met", "judged"))
        return Before(*near, *gave)

    def _ill_typed(
        self, connection: duckdb.DuckDBPyConnection, table: QuadTable
    ) -> InputError | None:
        rows = f"SELECT s, p, o, g FROM {table.sql}"
        for problem in check_rows(connection, rows):
            if problem.code != "ill-typed-literal":
                continue
            s, p, o, _ = problem.examples[0]
            with spare(connection, self.memory or USUAL_MEMORY) as memory:
                found = trace_workspace(self.workspace, [Wanted(s, p, o)], memory=memory)
                trace = next(found, None)
            more = f" ({problem.count:,} values like it)" if problem.count > 1 else ""
            return InputError(
                problem.code,
                f"{o} is not in the lexical space of its datatype{more}",
                location=trace.location if trace else None,
                hint="Write a date as 2022-11-18, a number with digits; pySHACL stops here.",
            )
        return None


class _Places:
    """Finds the origins of results, first among those that the build before found.

    Args:
        kept: What the build before has kept.
        key: The key of all that origins depend on besides the files that were read for them.
        origins: Returns what traces results.
    """

    def __init__(self, kept: Kept, key: str | None, origins: Callable[[], Origins]) -> None:
        self._kept, self._key, self._origins = kept, key, origins
        self._read: dict[str, str | None] = {}
        self._known: Mapping[Result, Result] = {}
        self._is_traced = False
        found = kept.find("origins", key)
        if found is not None and all(kept.digest(Path(name)) == sha for name, sha in found):
            self._read = dict(found)
            known = kept.last("validate")
            self._known = {result: result for result in known["results"]} if known else {}

    def locate(self, results: Sequence[Result]) -> list[Result]:
        """Return the results with their origins.

        Raises:
            InputError: A mapping, source or RDF file is missing or invalid.
        """
        unknown = [result for result in results if result not in self._known]
        located = iter(self._traced(unknown))
        return [
            replace(result, origins=self._known[result].origins)
            if result in self._known
            else next(located)
            for result in results
        ]

    def _traced(self, results: Sequence[Result]) -> Iterable[Result]:
        if not results:
            return ()
        self._is_traced = True
        return self._origins().locate(results)

    def keep(self) -> None:
        """Keep which files the origins of all results depend on."""
        files = self._origins().read if self._is_traced else ()
        read = self._read | {str(path): self._kept.digest(path) for path in files}
        if None not in read.values():
            self._kept.keep("origins", self._key, [*read.items()])
