r"""Mutation test: make each part of the table engine wrong, one at a time; a test must fail.

    python -m tests.query.table_mutants [WORD...]

Words choose the mutants whose names have them. Each runs in a process of its own, in which the
module is read with the change. The test that failed for the mutant the last time runs alone; if it
passes now, the tests of `SUITES` run until one fails, those first that failed for most mutants of
the module. `KNOWN`, which Git ignores, keeps that. The table shows the seconds of a core, and the
test. A mutant that survives makes the exit code 1, and so does one that no test can read.
"""

from __future__ import annotations

import argparse
import importlib.abc
import importlib.machinery
import json
import os
import resource
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
# Those that are quick first.
SUITES = (
    "tests/query/test_table_patterns.py",
    "tests/query/test_table_counted.py",
    "tests/query/test_table_held.py",
    "tests/query/test_table_values.py",
    "tests/query/test_table_instants.py",
    "tests/query/test_table_durations.py",
    "tests/query/test_table_describe.py",
    "tests/query/test_table_numbers.py",
    "tests/query/test_table_moved.py",
    "tests/query/test_table_calls.py",
    "tests/query/test_table_engine.py",
    "tests/query/test_table_ids.py",
    "tests/query/test_table_extremes.py",
)
# Seconds of a core after which a mutant is taken for one that never ends.
LONGEST = 300
UNREAD = "no test can read it"
KNOWN = ROOT / ".pytest_cache" / "table_mutants.json"


class Mutant(NamedTuple):
    """A change of the text of a module.

    Attributes:
        module: Its name below ``kg``.
        old: A text that occurs in it once.
        new: What stands in its place.
    """

    module: str
    old: str
    new: str

    @property
    def name(self) -> str:
        """The module and the change, on one line."""
        old, new = (" ".join(text.split()) for text in (self.old, self.new))
        return f"{self.module}: {old} → {new or 'nothing'}"


CHANGES: dict[str, tuple[tuple[str, str], ...]] = {
    "table.ids": (
        ("(id_integer(x)::HUGEINT * {10**SCALE})", "(id_integer(x)::HUGEINT * {10**14})"),
        ("[{_TEN}][16 - (x & 15)]", "[{_TEN}][15 - (x & 15)]"),
        ("[{_TEN}][1 + (x & 15)]", "[{_TEN}][2 + (x & 15)]"),
        ("CASE WHEN x & 1 = 1 THEN 'Z' ELSE '' END", "'Z'"),
        (" AND {text}[12:13] < '24'", " AND {text}[12:13] <= '24'"),
        ("{mantissa} = 0 AND starts_with({text}, '-')", "false"),
    ),
    "table.macros": (
        ("WHEN abs(d) < 3.4028235677973366e38 THEN d::FLOAT::DOUBLE", "WHEN true THEN d"),
        ("THEN (term_tail(t))[2:] ELSE ''", "THEN (term_tail(t))[3:] ELSE ''"),
        ("integer_term(exact // {10**SCALE})", "integer_term(exact // {10**SCALE} + 1)"),
        ("ELSE scaled_text(exact, {SCALE})::DOUBLE END", "ELSE exact::DOUBLE / 1e15 END"),
        ("'0'), '.') END", "'1'), '.') END"),
        ('f"list_transform(string_split(x, ', 'f"list_transform(list_value(x, '),
        ("WHEN NOT b THEN", "WHEN b IS NULL THEN"),
    ),
    "queries.table.values": (
        ("abs(apart) > 14 * 3600", "abs(apart) > 0"),
        ("return value if name == \"double\" else single(value)", "return value"),
        ("lambda value: single(float(value))", "float"),
        ("        x, y, _ = promoted(left, right)\n        return bool(x == y)",
         "        return bool(a.value == b.value)"),
        ("or a.language or b.language", ""),
        ("return less(left, right) or equals(left, right)", "return less(left, right)"),
        ("if a.value is None or b.value is None:\n        raise NoValueError\n    if isinstance",
         "if a.value is None or b.value is None:\n        return False\n    if isinstance"),
        ("return (a.value, a.language) == (b.value, b.language)", "return a.value == b.value"),
    ),
    "queries.table.moments": (
        ("- 60 * (self.offset or 0)", "+ 60 * (self.offset or 0)"),
        ("sign = -1 if zone[0] == \"-\" else 1", "sign = 1"),
        ("days_since(year + month // 12, month", "days_since(year, month"),
        ("        seconds %= _OF_A_DAY", "        pass"),
        ("_USUAL_YEAR: Final = 1972", "_USUAL_YEAR: Final = 1973"),
        ("return left + _OF_A_DAY if left < 0 else left + 0", "return left"),
        ("return (clock if datatype == TIME else", "return (clock if True else"),
        ("return DATE_TIME if datatype == STAMP else datatype", "return datatype"),
    ),
    "queries.table.functions": (
        ("* 10**_FRACTION // abs(b * c)", "* 10**_FRACTION // abs(b * c) + 1"),
        ("sign = -1 if (x < 0) is not (y < 0) else 1", "sign = 1"),
        ("if first <= at < last", "if first <= at <= last"),
        ('if parts.get("hour") == "24" and "day" in parts:', "if False:"),
        ("int(found) % 24", "int(found)"),
        ('value.lexical.strip(" \\t\\r\\n")', "value.lexical.strip()"),
        ("bool(value.value) and value.value == value.value", "bool(value.value)"),
        ('raise OverflowError(f"{term} has more than 38 digits")', "return None"),
        ('sign = "-" if zone[0] == "-" and (hours or minutes) else ""', 'sign = ""'),
        ("_rounded(length)", "_rounded(length) + 1"),
        ('traps=[Inexact, InvalidOperation', "traps=[InvalidOperation"),
        ("_half_up(value) if isinstance(value, float)", "round(value) if isinstance(value, float)"),
    ),
    "queries.table.expressions": (
        ('f"({self.id} & 1) = 1"', 'f"({self.id} & 1) = 0"'),
        ("if len(views) > 1 and not column.bound:", "if False:"),
        ("self.view.let(sql, is_new=is_new)", "self.view.let(sql)"),
        ('"false" if found is None', '"true" if found is None'),
        ('return f"({self.sql} <> 0)"', 'return f"({self.sql} <> 1)"'),
        ("return f\"({self.value.chars} <> '')\"", 'return "true"'),
        ("return self._beyond and Kind.LITERAL in self.kinds", "return False"),
        ('f"id_mantissa({self.id}) <> 0"', 'f"id_mantissa({self.id}) > 0"'),
    ),
    "queries.table.calls": (
        ("WHEN NOT {truth} THEN {no.text()} END", "ELSE {no.text()} END"),
        ("IN ('', {a.language}) THEN", "IN ('', 'en', {a.language}) THEN"),
        ('f" WHEN is_iri({text}) THEN ({text})[2:-2] END)"', 'f" END)"'),
        ("({operand.id} IS NOT NULL OR NULL)", "true"),
        ("|| {chars})", ")"),
        ("\"(CASE WHEN {value.text()} IS NOT NULL THEN false END)\"", '"false"'),
    ),
    "queries.table.arithmetic": (
        ("all(map(_is_exact, operands)) and", "True and"),
        ('return f"({a} {sign} {b})"', 'return f"({b} {sign} {a})"'),
        ("{a.scale} + {b.scale}", "{a.scale}"),
        ("WHEN {a.rank} + {b.rank} = 2 THEN 1", "WHEN {a.rank} + {b.rank} < 4 THEN 1"),
        ("{a} * {_ONE} // {b} END", "({a} * {_ONE} // {b}) + 1 END"),
        ("WHEN {b} = 0 THEN NULL", "WHEN {b} = 0 THEN 0"),
        ("WHEN {1} = 1 AND {0} = 0 THEN 0::DOUBLE", "WHEN false THEN 0::DOUBLE"),
        ("CASE WHEN {digits} % 1000 = 0 THEN", "CASE WHEN true THEN"),
    ),
    "queries.table.numbers": (
        ("NOT isnan({double})", "true"),
        ("coalesce({one}, {two})", "{one}"),
    ),
    "queries.table.comparisons": (
        ("{same if is_text else 'false'}", "{same if is_text else 'NULL'}"),
        ("{a.rank} <> 4 AND {b.rank} <> 4 THEN", "false THEN"),
        ("isnan({a.double}) OR isnan({b.double}) THEN false", "false THEN false"),
        ("frozenset({Kind.INTEGER, Kind.DATE, Kind.TRUTH})",
         "frozenset({Kind.INTEGER, Kind.DATE, Kind.TRUTH, Kind.INSTANT})"),
        ("IS NOT NULL AND {each.language} = ''", "IS NOT NULL"),
        ("return ids_compared(sign, *ids_)", 'return f"({plain})"'),
        ("_case([*cases, *between], _asked", "_case(cases, _asked"),
    ),
    "queries.table.instants": (
        ("OR {far} THEN {apart}", "THEN {apart}"),
        ("{a.zoned} = {b.zoned} OR", "true OR"),
        ("{left} & 1 = {right} & 1 OR", ""),
        ("if since != int(since) or", "if"),
        ("{one} ELSE {two} END", "{one} END"),
        ("return inline if Kind.INSTANT in operand.kinds else None", "return inline"),
    ),
    "queries.table.strings": (
        ("{other.language} IN ('', {text.language})", "{other.language} IN ('', 'en')"),
        ("THEN {first} ELSE '' END", "THEN {first} ELSE {first} END"),
        ("{b} || '-')", "{b})"),
        ("length({text.chars}) = strlen({text.chars})", "true"),
        ("max(first, 1)", "first"),
        ("{at} + length({other.chars})", "{at} + 1"),
        ("THEN {text.language} ELSE '' END", "THEN {text.language} ELSE {text.language} END"),
        ("if not plain:", "if True:"),
    ),
    "queries.table.aggregates": (
        ("count({'DISTINCT ' if node.distinct else ''}{key})", "count({key})"),
        ("CASE WHEN count(*) = count({key}) THEN {found} END", "{found}"),
        ("WHEN {total.rank} = 3 THEN", "WHEN {total.rank} = 2 THEN"),
        ("WHEN {total.rank} = 4 THEN", "WHEN {total.rank} >= 2 THEN"),
        ('f"arg_{way}(', 'f"arg_max('),
        ("CASE WHEN count(*) = count({string.chars}) THEN plain_term({joined}) END\"\n\n\n",
         "plain_term({joined})\"\n\n\n"),
        ('terms = f"list(DISTINCT {packed})', 'terms = f"list({packed})'),
        ("CASE WHEN {on} THEN", "CASE WHEN true THEN"),
        ('case "SUM" | "AVG":', 'case "SUM":'),
        ("count(*) = 0 THEN integer_term(0) ELSE decimal_term", "false THEN '' ELSE decimal_term"),
        ("sum({distinct}id_integer({operand.id}))", "sum(id_integer({operand.id}))"),
    ),
    "queries.table.joins": (
        ("mine} IS NULL\"] * (not column.bound)", "mine} IS NULL\"] * 0"),
        ("bound = len(found) == 2 and all(", "bound = all("),
        ("if not any(a.columns[name].bound and b.columns[name].bound for name in shared):",
         "if False:"),
        ("columns[name] = column.unbound() if optional else column", "columns[name] = column"),
        ("if not shared:\n            return a", "if False:\n            return a"),
        ("not n.startswith(HIDDEN)", "True"),
        ("(column.kinds is None) != (b.columns[name].kinds is None)", "False"),
    ),
    "queries.table.counted": (
        ("if len(names) == len(set(names)) else", "if True else"),
        ("if graph == ActiveGraph(MERGED)", "if True"),
        ("not each.distinct or _is_key", "True or _is_key"),
        ("if predicate.term != RDF_TYPE or", "if"),
        ("0 if known is None else known.triples", "0 if known is None else known.subjects"),
    ),
    "queries.table.held": (
        ("if size <= self._free:", "if True:"),
        ("self._was_asked = True\n            return", "self._was_asked = True"),
    ),
    "queries.table.leaves": (
        ('tests.append("a = b")', "pass"),
        ("full[variable.name] = False", "pass"),
        ("frozenset() if stored else self._extra_kinds()", "frozenset()"),
    ),
    "queries.table.paths": (
        ("return all(map(is_empty, paths))", "return any(map(is_empty, paths))"),
        ("return any(map(is_empty, paths))", "return all(map(is_empty, paths))"),
        ("case algebra.OneOrMorePath(inner) if not is_empty(inner):",
         "case algebra.OneOrMorePath(inner):"),
        ("turned = self.sql(inner, end, start)", "turned = self.sql(inner, start, end)"),
        ('" UNION ALL ".join', '" UNION ".join'),
        ('joins.append(f"{names[-1]}.g = {name}.g")', "pass"),
        ("AND {found}.g = {step}.g", ""),
        ('near, far = ("b", "a") if backwards', 'near, far = ("a", "b") if backwards'),
        ("if not constants:", "if True:"),
        (" UNION SELECT o, {self._g} FROM {rows}", ""),
    ),
    "queries.table.scans": (
        ("SELECT DISTINCT s, p, o, NULL::BIGINT AS g", "SELECT s, p, o, NULL::BIGINT AS g"),
        ("kinds[part.name] &= known", "kinds[part.name] = known"),
        ('conditions.append(f"{first[part.name]} = {sql}")', "pass"),
    ),
    "queries.table.compile": (
        ("if (isinstance(pattern, algebra.Path) and not is_empty(pattern.path)) or (",
         "if isinstance(pattern, algebra.Path) or ("),
        ('where = f" WHERE {mine.name} = {own.name} OR {mine.name} IS NULL"', "pass"),
        ('f"SELECT {column.name} FROM {known}"', 'f"SELECT {column.name} FROM {known} LIMIT 1"'),
        ('alone = not any(f"{view.alias}." in a.sql for view in outer)', "alone = True"),
        ("if graph.variable is not None:\n            keys.append(graph.variable)", "pass"),
        ('condition = f"{self._named} AND g =', 'condition = f"g ='),
        (" OVER () AS {number}", " OVER () % 2 AS {number}"),
        ('" GROUP BY 1 HAVING count(*) > 0" if not items', '"" if not items'),
        ('else " HAVING count(*) > 0"', 'else ""'),
        ("several=len(found) > 1", "several=False"),
        ("LEFT JOIN ({fits.sql})", "JOIN ({fits.sql})"),
        ("replace(self.relation(query, graph, ()), order=())", "self.relation(query, graph, ())"),
    ),
    "queries.table.modifiers": (
        ("if _is_sorted_by_shown(node):", "if True:"),
        ("return mentioned(keys) <= mentioned(shown)", "return False"),
        ("OVER ({alike}{order_sql(inner.order)})", "OVER ({alike})"),
        ("'DESC NULLS LAST' if descending", "'DESC NULLS FIRST' if descending"),
        ("'ASC NULLS FIRST'", "'ASC NULLS LAST'"),
        (' OFFSET {start}"', ' OFFSET 0"'),
        ("QUALIFY {number} > {start}", "QUALIFY {number} >= {start}"),
        ("{start + length}", "{length}"),
    ),
    "queries.table.ordering": (
        ("since = value.value.utc + _FARTHEST", "since = value.value.days + _FARTHEST"),
        ("digits.translate(_TURNED)", "digits"),
        ('~" if number < 0', '" if number < 0'),
        ("        double,\n        exact,\n", "        double,\n"),
        ("        double,\n        exact,\n", "        exact,\n"),
        ('f"coalesce(instant_order({text}), day_order({text}), python_order({text}))"', "text"),
        ("CASE WHEN {other} THEN {datatype} END", "NULL"),
        ("WHEN '<{STAMP}>' THEN", "WHEN '' THEN"),
        ("is_blank({text}) THEN 1", "is_blank({text}) THEN 3"),
        ("{rank} IS NOT NULL THEN 3", "{rank} IS NOT NULL THEN 5"),
        ("THEN term_lexical({text})", "THEN {text}"),
    ),
    "queries.table.exists": (
        ("case algebra.LeftJoin(left, _, _):\n                node = left",
         "case algebra.LeftJoin(_, left, _):\n                node = left"),
        ("return not (is_empty(path) and", "return not (False and"),
        ("return inside <= certain(left) and substitutes(left, known)",
         "return substitutes(left, known)"),
        ("return not mentioned(right).intersection(known) and substitutes(left, known)",
         "return substitutes(left, known)"),
        ("return isinstance(inner, algebra.BGP | algebra.Path) and substitutes(inner, seen)",
         "return True"),
        ("loose = [f\"{value} IS NULL\"] * (not mine.bound)", "loose = []"),
    ),
    "queries.table.patterns": (
        ("while len(known) > 1 and int(known) > groups:", "while False:"),
        ('if "q" in flags:', "if False:"),
        ("if int(known) <= groups else", "if True else"),
        (' if string.language == "\'\'" else None', ""),
        (").python, \"\") is not None:", ").python, \"\") is None:"),
        ("'g')", "'')"),
    ),
    "queries.table.semijoins": (
        ("if not substitutes(pattern, around):", "if False:"),
        ("not all(column.bound for name, column in b.columns.items() if name in a.columns)",
         "False"),
        ("new = certain(right) - mentioned(left)", "new = mentioned(right)"),
    ),
    "queries.table.extremes": (
        ('">": ("max",)', '">": ("min",)'),
        ('"!=": ("min", "max")', '"!=": ("min",)'),
        ('_TURNED: Final = {">": "<",', '_TURNED: Final = {">": ">",'),
        ('f"10 + ({value} & 1)"', '"10"'),
        ("THEN 20 + {facets.rank} END", "THEN 23 END"),
        ("WHEN NOT isnan({facets.double}) THEN", "WHEN true THEN"),
        ("40 + term_zoned({text})::INTEGER", "40"),
        ("if Kind.LITERAL in operand.kinds:\n            groups.append",
         "if False:\n            groups.append"),
    ),
    "queries.table.bound": (
        ("return algebra.TRUE", "return part"),
        ("if variable in terms:\n                    found",
         "if False:\n                    found"),
        ("if v in shown", ""),
        ("if _has(part, terms):", "if False:"),
    ),
    "queries.table.describe": (
        ("WHERE is_blank(t.t)", "WHERE true"),
        ("            step += 1", "            break"),
        ("SELECT DISTINCT q.s, q.p, q.o", "SELECT q.s, q.p, q.o"),
    ),
}  # fmt: skip


def mutants() -> Iterator[Mutant]:
    """Yield all mutants."""
    for module, changes in CHANGES.items():
        yield from (Mutant(module, old, new) for old, new in changes)


class _Loader(importlib.machinery.SourceFileLoader):
    """Reads a module with a change."""

    def __init__(self, name: str, path: str, mutant: Mutant) -> None:
        super().__init__(name, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType | None:
        text = Path(self.get_filename(fullname)).read_text(encoding="utf-8")
        return compile(text.replace(self._mutant.old, self._mutant.new), self.path, "exec")


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        del path, target
        if name != f"kg.{self._mutant.module}":
            return None
        loader = _Loader(name, str(_path(self._mutant)), self._mutant)
        return importlib.machinery.ModuleSpec(name, loader, origin=loader.path)


def _path(mutant: Mutant) -> Path:
    return ROOT / "kg" / f"{mutant.module.replace('.', '/')}.py"


class _Order:
    """Runs those tests first that are likely to fail, and tells of the one that does.

    Args:
        first: Names of tests, the most likely first.
        tell: A file that is open, to which the name of a test that fails is written.
    """

    def __init__(self, first: Sequence[str], tell: int) -> None:
        self._places = {name: place for place, name in enumerate(first)}
        self._tell = tell

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items.sort(key=lambda item: self._places.get(item.nodeid, len(self._places)))

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            os.write(self._tell, report.nodeid.encode())


def killer(mutant: Mutant, known: Mapping[str, str]) -> str | None:
    """Return the test that fails, or why none could; None if all pass.

    Args:
        mutant: The mutant.
        known: By the names of mutants, the tests that killed them before.
    """
    # To collect all tests takes longer than most of them.
    last = known.get(mutant.name, "")
    found = failing(mutant, [last]) if "::" in last else None
    return found or failing(mutant, SUITES, likely(mutant, known))


def failing(mutant: Mutant, tests: Sequence[str], first: Sequence[str] = ()) -> str | None:
    """Return the same of some tests.

    Args:
        mutant: The mutant.
        tests: Names of files, or of tests.
        first: Names of tests that run before the others.
    """
    heard, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(heard)
        os._exit(_run(mutant, tests, first, tell))
    os.close(tell)
    with os.fdopen(heard, encoding="utf-8") as file:
        name = file.read()
    _, status = os.waitpid(child, 0)
    if name:
        return name
    if os.WIFSIGNALED(status):
        return "it never ends" if os.WTERMSIG(status) == signal.SIGXCPU else "it crashes"
    # Pytest's own codes: 0 all passed, 1 some failed, 2 the tests could not be read, 4 there is no
    # such test.
    code = os.WEXITSTATUS(status)
    assert code in (0, 2, 4), f"pytest ends with {code}"
    return UNREAD if code == 2 else None


def _run(mutant: Mutant, tests: Sequence[str], first: Sequence[str], tell: int) -> int:
    import pytest

    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST + 1))
    sys.meta_path.insert(0, _Finder(mutant))
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    options = ["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist"]
    chosen = [f"{ROOT}/{each}" for each in tests]
    return int(pytest.main([*options, *chosen], plugins=[_Order(first, tell)]))


def likely(mutant: Mutant, killers: Mapping[str, str]) -> list[str]:
    """Return the tests that killed mutants, the most likely for this one first.

    Args:
        mutant: The mutant.
        killers: By the names of mutants, the tests that killed them.
    """
    module = f"{mutant.module}: "
    near = Counter(test for name, test in killers.items() if name.startswith(module))
    every = Counter(killers.values())
    return [test for test, _ in (near + every).most_common()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Try mutants; return 1 if one survives."""
    # What all need and no mutant changes: a child that is forked has read it.
    import duckdb  # noqa: F401
    import hypothesis  # noqa: F401
    import numpy  # noqa: F401
    import pyoxigraph  # noqa: F401
    import pytest  # noqa: F401

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*")
    words = parser.parse_args(arguments).words
    chosen = [each for each in mutants() if all(word in each.name for word in words)]
    survivors = 0
    for each in chosen:
        times = _path(each).read_text(encoding="utf-8").count(each.old)
        if times != 1:
            print(f"{times} times in the module: {each.name}", flush=True)
            survivors += 1
            continue
        before = _spent()
        found = killer(each, _known())
        survives = found in (None, UNREAD)
        print(f"{'SURVIVES' if survives else 'killed'} {_spent() - before:5.1f} s  {each.name}"
              f"  ({found})", flush=True)  # fmt: skip
        if found is None or survives:
            survivors += 1
        else:
            KNOWN.parent.mkdir(parents=True, exist_ok=True)
            KNOWN.write_text(json.dumps({**_known(), each.name: found}, indent=1), "utf-8")
    print(f"{len(chosen) - survivors} of {len(chosen)} killed")
    return int(survivors > 0)


def _known() -> dict[str, str]:
    """Return the tests that killed mutants before, by the names of the mutants."""
    return dict(json.loads(KNOWN.read_text("utf-8"))) if KNOWN.exists() else {}


def _spent() -> float:
    """Return the seconds of a core that the processes that ended have taken."""
    return sum(os.times()[2:4])


if __name__ == "__main__":
    sys.exit(main())
