"""Mutants of the sieve as changes of its text: what it prints as SQL, and how it decides.

Each is a text that occurs once in a module, and what stands there instead. A mutant that only puts
more nodes in doubt is not listed: pySHACL judges them, so results stay the same.

`in_force` changes the functions and constants of the loaded module, so that a mutant costs no new
process. `tests.validation.mutate` tries all of them.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import types
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class TextMutant:
    """A change of the text of a module.

    Attributes:
        module: The module, below ``kg.validation.sieve``.
        old: A text that occurs in it once.
        new: What stands in its place.
        needs: A text that the shapes of a case must contain to show it; a regular expression.
        kind: The kind of random cases to try: ``small``, ``value``, ``nested``, ``queries`` or
            ``random``.
    """

    module: str
    old: str
    new: str
    needs: str = "sh:"
    kind: str = "small"

    @property
    def name(self) -> str:
        """The module and the change, on one line."""
        return f"{self.module}: {' '.join(self.old.split())} → {' '.join(self.new.split())}"


def _values() -> Iterator[TextMutant]:
    """Yield mutants of tests of single values."""

    def of(needs: str, old: str, new: str, kind: str = "value") -> TextMutant:
        return TextMutant("values", old, new, needs, kind)

    yield of(
        "sh:(min|max)(In|Ex)clusive|lessThan",
        "length({v}) - {len(ending) + 1})",
        "length({v}) - {len(ending) + 2})",
    )
    yield of(
        "sh:datatype xsd:integer",
        '"integer": Form("[+-]?[0-9]+")',
        '"integer": Form("[+-]?[0-9x_]+")',
    )
    yield of("sh:datatype xsd:decimal", '"decimal": Form(_DECIMAL)', '"decimal": Form(".*")')
    yield of("sh:datatype xsd:double", '"double": Form(_DOUBLE)', '"double": Form(".*")')
    yield of("sh:datatype xsd:boolean", "(?:true|false|1|0)", ".*")
    yield of(
        "xsd:nonNegativeInteger",
        r'"nonNegativeInteger": Form(r"\+?[0-9]+")',
        '"nonNegativeInteger": Form(".*")',
    )
    yield of(
        "sh:datatype xsd:int", '"int": Form("[+-]?[0-9]+", 9)', '"int": Form("[+-]?[0-9]+", 99)'
    )
    yield of(
        "sh:datatype xsd:byte", '"byte": Form("[+-]?[0-9]+", 2)', '"byte": Form("[+-]?[0-9]+", 9)'
    )
    yield of("sh:datatype xsd:date ", "Form(_DATE + _ZONE, has_day=True)", "Form(_DATE + _ZONE)")
    yield of(
        "sh:datatype xsd:dateTime", '{_FRACTION}{_ZONE}", has_day=True)', '{_FRACTION}{_ZONE}")'
    )
    yield of("sh:datatype xsd:time", 'Form(f"{_CLOCK}{_FRACTION}{_ZONE}")', 'Form(".*")')
    yield of(
        "sh:datatype xsd:date",
        '{whole})"]\n        if self.has_day:',
        '{whole})"]\n        if False:',
    )
    yield of("sh:lessThan", "        ]\n        if self.has_day:", "        ]\n        if False:")
    yield of("sh:datatype xsd:date", "NOT starts_with({v}, '\\\"0000')", "true")
    yield of("sh:datatype xsd:byte", "self.longest + len(ending) + 1", "self.longest + 100")
    yield of("sh:(languageIn|uniqueLang)", "@([a-z0-9-]+)$", "@([a-z]+)")
    yield of(
        "xsd:string", "if datatype == XSD_STRING:\n        return", "if False:\n        return"
    )
    yield of("sh:datatype rdf:langString", "({language(v)}) <> '')", "({language(v)}) = '')")
    yield of(
        "rdfs:Literal",
        'f"{RDFS}Literal":\n        return is_literal',
        'f"{RDFS}Literal":\n        return is_iri',
    )
    yield of("sh:datatype xsd:duration", 'Test("true", f"NOT {typed}")', 'exact(f"NOT {typed}")')
    held = 'f"NOT ({typed} AND {form.held(v, _ending(datatype))})"'
    yield of("sh:datatype", f'Test({held}, f"NOT {{typed}}")', 'exact(f"NOT {typed}")')
    yield of("sh:datatype", f'Test({held}, f"NOT {{typed}}")', f"exact({held})")
    yield of("sh:nodeKind", "1, 1) NOT IN ({starts})", "1, 1) IN ({starts})")
    yield of("sh:m(in|ax)Length", "if constraint.least == 0:", "if constraint.least <= 1:")
    yield of("sh:m(in|ax)Length", '"< {bound(constraint.least)}"', '"<= {bound(constraint.least)}"')
    yield of("sh:m(in|ax)Length", '"> {bound(constraint.most)}"', '">= {bound(constraint.most)}"')
    yield of(
        "sh:m..Length",
        "{is_blank(v)} OR NOT {_unescaped(v)} OR {wrong}",
        "{is_blank(v)} OR {wrong}",
    )
    yield of("sh:m(in|ax)Length", "({_unescaped(v)} AND {wrong})", "({wrong})")
    yield of("sh:m(in|ax)Length", "({is_blank(v)} OR NOT {_unescaped(v)}", "(NOT {_unescaped(v)}")
    yield of("sh:(m(in|ax)Length|pattern)", "length({v}) - 2)", "length({v}) - 1)")
    yield of("sh:pattern", "OR NOT {legible} OR NOT {found})", "OR NOT {legible})")
    yield of("sh:pattern", "({legible} AND NOT {found})", "({legible} AND {found})")
    yield of("sh:pattern", "if way.ascii_only else", "if False else")
    yield of("sh:pattern", 'Test("true", is_blank(v))', "exact(is_blank(v))")
    yield of("sh:flags", "{sql_text(way.flags)}", "'c'")
    yield of("sh:languageIn", "exact(f\"{tag} = ''\")", 'exact("false")')
    yield of(
        "sh:languageIn", "split_part({tag}, '-', 1) NOT IN", "split_part({tag}, '-', 2) NOT IN"
    )
    yield of("sh:languageIn", "({tag} = '' OR ({tag} NOT IN", "({tag} <> '' AND ({tag} NOT IN")
    yield of("sh:in ", "{v} NOT IN ({terms})", "{v} IN ({terms})")
    yield of("sh:(min|max)(In|Ex)clusive", "{judged('')}) IS NOT TRUE", "{judged('NOT')}) IS TRUE")
    yield of(
        "sh:(min|max)(In|Ex)clusive", "OR {judged('NOT')}) IS TRUE", "OR {judged('')}) IS TRUE"
    )
    yield of("sh:(min|max)(In|Ex)clusive", "AND {wanted} ({compared})", "AND ({compared})")
    yield of("sh:(min|max)(In|Ex)clusive", "if kind is STRINGS else", "if False else")
    yield of("sh:(min|max)(In|Ex)clusive|lessThan", "if not self.numeric:", "if True:")
    yield of("sh:(min|max)(In|Ex)clusive|lessThan", "(Form(_DATE, has_day=True)", "(Form(_DATE)")
    yield of("sh:lessThan", "{a}.number IS NULL THEN", "{a}.number IS NOT NULL THEN")
    yield of("sh:lessThan", "{a}.number {sign} {b}.number", "{b}.number {sign} {a}.number")
    yield of("sh:lessThan", "{a}.text {sign} {b}.text", "{b}.text {sign} {a}.text")
    yield of("sh:lessThan", "AND {before}) IS NOT TRUE", "AND NOT {before}) IS TRUE")
    yield of("sh:lessThan", "{a}.kind = {b}.kind AND NOT", "true AND NOT")
    yield of("sh:(min|max)(In|Ex)clusive", "if name == datatype and fits", "if name == datatype")


def _rows() -> Iterator[TextMutant]:
    """Yield mutants of components on all values of a node."""

    def of(needs: str, old: str, new: str, kind: str = "small") -> TextMutant:
        return TextMutant("rows", old, new, needs, kind)

    along = r"sh:path [\[(][^;]*; [^\[\]]*"
    yield of("sh:class ", "ANTI JOIN {instances} i", "SEMI JOIN {instances} i")
    yield of(along + "sh:m(in|ax)Count", "count(*) > {bound(most)}", "count(*) >= {bound(most)}")
    yield of(along + "sh:m(in|ax)Count", "if least == 0:", "if least >= 0:")
    yield of(along + "sh:m(in|ax)Count", "if least == 1:", "if least >= 1:")
    yield of(along + "sh:m(in|ax)Count", "count(*) >= {bound(least)}", "count(*) > {bound(least)}")
    yield of("sh:uniqueLang true", "HAVING count(*) > 1", "HAVING count(*) > 2", "value")
    yield of("sh:uniqueLang", "WHERE tag <> ''\"", 'WHERE true"')
    yield of(along + "sh:hasValue", "WHERE v = {sql_text(term)}", "WHERE v <> {sql_text(term)}")
    yield of("sh:closed", "ON t.s = x.v", "ON t.o = x.v")
    yield of("sh:closed", "t.p NOT IN ({listed})", "t.p IN ({listed})")
    yield of(
        "sh:equals",
        "EXCEPT ({others})) UNION ALL (({others}) EXCEPT {pairs}))",
        "EXCEPT ({others})))",
    )
    yield of("sh:equals", "(({pairs} EXCEPT ({others})) UNION ALL ", "(")
    yield of("sh:disjoint", '" WHERE a.v = b.v"', '" WHERE a.v <> b.v"')
    yield of(
        "sh:lessThan",
        '"<" if constraint.kind == "lessThan"',
        '"<" if constraint.kind != "lessThan"',
    )


def _scan() -> Iterator[TextMutant]:
    """Yield mutants of the scan that checks all properties of a node, and of paths."""

    def folded(needs: str, old: str, new: str, kind: str = "small") -> TextMutant:
        return TextMutant("fold", old, new, needs, kind)

    yield folded("sh:m(in|ax)Count", "coalesce(c{number}, 0) {w}", "c{number} {w}")
    yield folded("sh:m(in|ax)Count", "{domain} LEFT JOIN", "{domain} JOIN")
    yield folded("sh:m(in|ax)Count", "WHERE bad OR {wrong}", "WHERE bad")
    yield folded("sh:m(in|ax)Count", "WHERE bad OR {wrong}", "WHERE {wrong}")
    yield folded("sh:m(in|ax)Count", '"> {bound(most)}"', '"> {bound(most)} + 1"')
    yield folded("sh:m(in|ax)Count", '"< {bound(least)}"', '"< {bound(least)} - 1"')
    yield folded("sh:hasValue", '"= 0"', '"> 0"')
    yield folded("sh:hasValue", "AND v = {sql_text(term)})", "AND v <> {sql_text(term)})")
    yield folded(
        "sh:",
        '" OR ".join(f"({side.of(test)})" for test in value',
        '" AND ".join(f"({side.of(test)})" for test in value',
    )
    yield folded("sh:path ex:", "SEMI JOIN {domain} d", "ANTI JOIN {domain} d")
    yield folded("sh:path ex:", "WHEN {i} THEN {bad}", "WHEN {i} THEN NOT ({bad})")
    yield folded(
        "sh:", "unsure = [test for test in tests if", "unsure = [test for test in () if", "nested"
    )

    def path(needs: str, old: str, new: str, kind: str = "small") -> TextMutant:
        return TextMutant("paths", old, new, needs, kind)

    yield path("sh:inversePath", '"o AS n, s AS v" if inverse', '"o AS n, s AS v" if False')
    yield path("sh:inversePath", "inner, starts, not inverse)", "inner, starts, inverse)")
    yield path(r"sh:path \(", "for part in parts[1:]:", "for part in parts[2:]:")
    yield path(r"sh:path \(", "ON a.v = b.n", "ON a.n = b.n")
    yield path(r"sh:path \(", "SELECT DISTINCT a.n, b.v", "SELECT a.n, b.v")
    yield path(
        "sh:alternativePath",
        "SELECT DISTINCT n, v FROM ({self._step",
        "SELECT n, v FROM ({self._step",
    )
    yield path("sh:alternativePath", '" UNION ".join', '" INTERSECT ".join')
    yield path("sh:zeroOrOnePath", "({self._here(starts)}) UNION ({once})", "({once})")
    yield path(
        "sh:zeroOrOnePath", "({self._here(starts)}) UNION ({once})", "({self._here(starts)})"
    )
    yield path(
        "sh:zeroOrMorePath",
        "self._closure(self._here(starts), inner",
        "self._closure(self.pairs(inner, starts, inverse), inner",
    )
    yield path(
        "sh:oneOrMorePath",
        "self._closure(self.pairs(inner, starts, inverse), inner",
        "self._closure(self._here(starts), inner",
    )
    yield path("sh:(oneOr|zeroOr)More", "ON r.v = e.n", "ON r.n = e.n")
    yield path("sh:(oneOr|zeroOr)More", "(SELECT r.n, e.v FROM", "(SELECT e.n, e.v FROM")


def _nested() -> Iterator[TextMutant]:
    """Yield mutants of components that refer to other shapes."""

    def of(needs: str, old: str, new: str, kind: str = "nested") -> TextMutant:
        return TextMutant("nested", old, new, needs, kind)

    yield of("sh:qualifiedMinCount", "constraint.least == 0:", "constraint.least in (0, 1):")
    yield of(
        "sh:not ",
        "shape, side.other))\n                return",
        "shape, side))\n                return",
        "value",
    )
    yield of(
        "sh:not ", 'ANTI JOIN {failing} f ON v = f.n")]', 'SEMI JOIN {failing} f ON v = f.n")]'
    )
    yield of("sh:xone", "len(members) - 1, len(members)", "len(members), len(members)")
    yield of("sh:xone", "({m} < {all_but_one} OR", "({m} <= {all_but_one} OR")
    yield of("sh:xone", "OR {s} = {every})", "OR false)")
    yield of(
        "sh:xone", "{m} = {all_but_one} AND {s} = {all_but_one})", "{m} = {all_but_one})", "value"
    )
    yield of("sh:xone", "SELECT DISTINCT n AS v, 1 AS m, 1 AS s", "SELECT n AS v, 1 AS m, 1 AS s")
    yield of("sh:qualifiedMinCount", "HAVING count(*) >= {least}", "HAVING count(*) > {least}")
    yield of("sh:qualifiedMaxCount", "HAVING count(*) > {most}", "HAVING count(*) >= {most}")
    yield of(
        "sh:qualified", 'ANTI JOIN {failing} f ON v = f.n"\n', 'SEMI JOIN {failing} f ON v = f.n"\n'
    )
    yield of("Disjoint true", "SEMI JOIN {passing}", "ANTI JOIN {passing}")
    yield of(
        "sh:qualifiedMinCount",
        "values, constraint, side.other)",
        "values, constraint, side)",
        "value",
    )
    yield of("sh:qualified", "constraint.shape, side.other))", "constraint.shape, side))", "value")
    yield of(
        "sh:(and|or|not|xone|node|qualified)",
        'f ON v = f.n")] if unsure else []',
        'f ON v = f.n")][:0]',
    )
    yield of(
        "sh:or ",
        'return [_having(values, " ".join(joins))]',
        "return [_having(values, next(joins))]",
    )

    def conforming(needs: str, old: str, new: str) -> TextMutant:
        return TextMutant("conformance", old, new, needs, "nested")

    yield conforming("sh:property", "sum(w) AS w", "max(w) AS w")
    yield conforming("sh:property", "[values.shape]\n        if", "[values.shape][:0]\n        if")
    yield conforming("sh:deactivated", "and not shape.deactivated", "and True")
    yield conforming("sh:deactivated", "if shape.deactivated:", "if False:")
    yield conforming("sh:property", "SEMI JOIN ({query}) f", "ANTI JOIN ({query}) f")
    yield conforming("sh:", "[Tests(tuple(tests)), *rest] if tests else rest", "rest")
    yield conforming("sh:", "bad_values(constraints, side)", "bad_values(constraints, Side.SURELY)")
    yield conforming(
        "sh:property",
        "if values.is_focus:\n            return queries",
        "if True:\n            return queries",
    )


def _whole() -> Iterator[TextMutant]:
    """Yield mutants of how shapes are put together, of classes, and of what pySHACL is given."""

    def compiler(needs: str, old: str, new: str, kind: str = "nested") -> TextMutant:
        return TextMutant("compiler", old, new, needs, kind)

    yield compiler("sh:property", "known = values.is_focus and", "known = not values.is_focus and")
    yield compiler("sh:property", "WHERE i = {numbers[shape.path.iri]})", "WHERE true)")
    yield compiler(
        "sh:", '{union(nodes)} d USING (n)" if nodes', '{union(nodes)} d USING (n)" if False'
    )
    yield compiler("sh:", "[doubt] if nodes else []", "[]")
    yield compiler(
        "sh:target", "SELECT DISTINCT n FROM {union(parts)}", "SELECT n FROM {union(parts)}"
    )
    yield compiler(
        "sh:target", '(("s", targets.subjects_of), ("o", ', '(("o", targets.subjects_of), ("s", '
    )
    yield compiler("sh:deactivated", "if shape.deactivated:", "if False:")
    yield compiler("sh:node ", "n AS r, n, 1 AS w", "n AS r, n, 2 AS w")
    yield compiler("sh:sparql", "domain.table, domain.weights)", "domain.table, None)", "queries")
    yield compiler(
        "sh:",
        "for constraint in component\n            for rows",
        "for constraint in component[:1]\n            for rows",
    )
    for old, new in (
        ("pending += fresh", "pending += []"),
        ("below.setdefault(high, []).append(low)", "below.setdefault(low, []).append(high)"),
    ):
        yield TextMutant("classes", old, new, "sh:(class|targetClass) ")
    for needs, old, new in (
        ("sh:(oneOr|zeroOr)More", "self._link(back, around)", "None"),
        ("sh:zeroOrMore", f"inverse)\n{' ' * 16}self._link(start, end)", "inverse)"),
        ("sh:zeroOrOne", f"self._link(start, end)\n{' ' * 16}self._read", "self._read"),
        (r"sh:path \(", "self._read_path(part, start, middle, inverse)", "None"),
        ("sh:(equals|disjoint|lessThan)", "self._move(start, predicate, None)", "None"),
        ("sh:inversePath", "inner, start, end, not inverse)", "inner, start, end, inverse)"),
        ("sh:closed", "self._move(values, None, None)", "None"),
        ("sh:class ", "self._move(self._ancestors, RDFS_SUBCLASS, self._ancestors)", "None"),
    ):  # fmt: skip
        yield TextMutant("neighbourhood", old, new, needs, "random")
    yield TextMutant("answering", "k.w::BIGINT AS w", "1 AS w", "sh:property", "nested")
    yield TextMutant(
        "answering",
        "SELECT DISTINCT v AS n FROM ({values})",
        "SELECT v AS n FROM ({values}) LIMIT 1",
        "sh:node ",
        "nested",
    )
    for old, new in (
        ("WHERE NOT ({fails})", "WHERE ({fails})"),
        ("WHERE v = {sql_text(pattern.object)}", "WHERE v <> {sql_text(pattern.object)}"),
        ("{literals} UNION SELECT n", "SELECT n"),
        ('f"SEMI JOIN ({sql}) c{i}', 'f"ANTI JOIN ({sql}) c{i}'),
        ("AND a.v = b.v)", "AND a.v <> b.v)"),
        ('"!=", "<>"', '"!=", "="'),
        ("chain[0] if len(chain) == 1 else Sequence(chain)", "chain[0]"),
    ):
        yield TextMutant("solutions", old, new, "sh:sparql", "queries")
    for needs, old, new in (
        ("sh:pattern", "ascii_only=classes or ignores_case", "ascii_only=False"),
        ("sh:flags", '"i" if ignores_case else "c"', '"c"'),
    ):
        yield TextMutant("regex", old, new, needs, "value")
    yield TextMutant(
        "routes",
        "shapes[node].targets and not shapes[node].deactivated",
        "shapes[node].targets",
        "sh:deactivated",
        "nested",
    )


TEXT_MUTANTS: Final = (*_values(), *_rows(), *_scan(), *_nested(), *_whole())

_ROOT: Final = "kg.validation.sieve"


@contextmanager
def in_force(mutant: TextMutant) -> Iterator[None]:
    """Put a mutant in force until the context closes."""
    module = importlib.import_module(f"{_ROOT}.{mutant.module}")
    text = inspect.getsource(module)
    assert text.count(mutant.old) == 1, f"{mutant.name}: {text.count(mutant.old)} times"
    changed = types.ModuleType(module.__name__)
    changed.__file__ = module.__file__
    known = sys.modules[module.__name__]
    try:
        sys.modules[module.__name__] = changed  # where dataclasses look for their module
        exec(
            compile(text.replace(mutant.old, mutant.new), str(module.__file__), "exec"),
            vars(changed),
        )
    finally:
        sys.modules[module.__name__] = known
    with ExitStack() as stack:
        for name, value in list(vars(module).items()):
            _change(stack, module, name, value, vars(changed).get(name))
        yield


def _change(stack: ExitStack, module: Any, name: str, value: Any, other: Any) -> None:
    if isinstance(value, type) and value.__module__ == module.__name__:
        for key, method in vars(value).items():
            _change_code(stack, module, method, vars(other).get(key))
    elif isinstance(value, types.FunctionType):
        _change_code(stack, module, value, other)
    elif not name.startswith("__") and repr(value) != repr(other) and " at 0x" not in repr(value):
        if isinstance(value, tuple):  # what is the same stays the same object
            pairs = zip(value, other, strict=True)
            other = tuple(a if repr(a) == repr(b) else b for a, b in pairs)
        for place in [each for each in sys.modules.values() if each.__name__.startswith(_ROOT)]:
            if vars(place).get(name) is value:
                stack.callback(setattr, place, name, value)
                setattr(place, name, other)


def _change_code(stack: ExitStack, module: Any, function: Any, other: Any) -> None:
    function, other = (getattr(each, "fget", each) for each in (function, other))
    if not isinstance(other, types.FunctionType):  # made by a decorator when first used
        return
    if not isinstance(function, types.FunctionType) or function.__module__ != module.__name__:
        return
    if function.__code__ != other.__code__ and not function.__code__.co_freevars:
        stack.callback(setattr, function, "__code__", function.__code__)
        function.__code__ = other.__code__
