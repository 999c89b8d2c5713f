"""The calls of functions in mappings: which function a name means, and what its arguments must be.

Mappings written for other engines name functions by the IRIs of GREL, of IDLab, of Morph-KGC and
of SDM-RDFizer; people may write the name alone, as in ``toUpperCase($(name))``. A function that is
neither in `kg.mapping.function_table` nor one of the user's own is refused by name.

Spec: https://rml.io/yarrrml/spec/#functions, https://kg-construct.github.io/rml-fnml/spec/docs/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Final

from kg.errors import InputError
from kg.mapping import own_functions
from kg.mapping.function_constants import Constants, text
from kg.mapping.function_table import (
    BY_NAME,
    COMPOSED,
    MODE,
    REFUSED,
    RESULT,
    SECOND,
    SEPARATOR,
    TABLE,
    VALUE,
    Signature,
    names,
)
from kg.mapping.plan import (
    Call,
    Constant,
    Dialect,
    Expression,
    Formulation,
    Function,
    LogicalSource,
    Lookup,
    Origin,
    Reference,
)
from kg.notes import Notes
from kg.wording import nearest

GREL: Final = "http://users.ugent.be/~bjdmeest/function/grel.ttl#"
IDLAB: Final = "https://w3id.org/imec/idlab/function#"
# The longest first, where one starts another.
NAMESPACES: Final = (
    GREL,
    IDLAB,
    "https://github.com/morph-kgc/morph-kgc/function/built-in.ttl#",
    "http://example.com/idlab/function/",
    "http://example.com/functions/",
    "http://example.com/fns#",
    "http://example.com/",
    # Prefixes that nothing declares, as yarrrml-parser then writes them.
    "grel:",
    "idlab-fn:",
)
# Prefixes that a mapping need not declare to name a function.
FUNCTION_PREFIXES: Final[Mapping[str, str]] = {"grel": GREL, "idlab-fn": IDLAB}
# A value of a call, with the name of its parameter where one is given.
Argument = tuple[str | None, Expression]
_MODES: Final[Mapping[tuple[str, str], Function]] = {
    ("escape", "url"): Function.URL_ENCODE,
    ("escape", "html"): Function.ESCAPE_HTML,
    ("escape", "xml"): Function.ESCAPE_XML,
    ("escape", "csv"): Function.ESCAPE_CSV,
    ("escape", "javascript"): Function.ESCAPE_SCRIPT,
    ("unescape", "url"): Function.URL_DECODE,
    ("unescape", "html"): Function.UNESCAPE_HTML,
    ("unescape", "xml"): Function.UNESCAPE_XML,
    ("unescape", "csv"): Function.UNESCAPE_CSV,
    ("unescape", "javascript"): Function.UNESCAPE_SCRIPT,
}
_TEXTS: Final[Mapping[str, str]] = {"helloworld": "Hello World!", "alwaysreturnsabc": "ABC"}
_PARTS: Final[Mapping[str, Function]] = {
    "protocoloutput": Function.URL_PROTOCOL,
    "domainoutput": Function.URL_DOMAIN,
    "stringoutput": Function.URL_PATH,
}


def make_call(
    name: str,
    arguments: Sequence[Argument],
    origin: Origin,
    shown: str = "",
    *,
    returned: str = "",
    folder: str = "",
) -> Call:
    """Return the call of a function that a mapping names.

    Args:
        name: A name of the table, an IRI of GREL, IDLab, Morph-KGC or SDM-RDFizer, or what a
            function of the user's own is called.
        arguments: Values with the names (or IRIs) of their parameters; without names they go by
            their order.
        origin: Where the mapping says so.
        shown: The name as the mapping writes it.
        returned: Which of several values that it returns is wanted, without namespace.
        folder: The folder that files of lookups are relative to.

    Raises:
        InputError: There is no such function, or it does not take these arguments.
    """
    maker = _Call(shown or name, origin)
    own = own_functions.find(name)
    if own is not None:
        return Call(own, maker.of_own(own, arguments))
    local = _local(name)
    if local == "string_replace" or (local == "replace" and name.startswith(GREL)):
        return maker.replaced(arguments)
    special = maker.composed(local or "", arguments, returned)
    if special is not None:
        return special
    function = BY_NAME.get(local or "")
    if function is None:
        raise _unknown(shown or name, local, origin)
    if function is Function.CONCAT:
        return maker.concat(arguments)
    if function is Function.LOOKUP:
        return maker.lookup(arguments, folder)
    if function is Function.RANDOM or function is Function.RANDOM_NUMBER:
        return maker.random(function, arguments)
    signature = TABLE[function].signature
    if signature.listed:
        return maker.of_list(function, signature, arguments)
    return maker.checked(Call(function, maker.bound(signature, arguments)))


def _local(name: str) -> str | None:
    """Return the name without its namespace, in lower case; None in a namespace of others."""
    for namespace in NAMESPACES:
        if name.startswith(namespace):
            return name[len(namespace) :].casefold()
    return None if ":" in name else name.casefold()


def _unknown(shown: str, local: str | None, origin: Origin) -> InputError:
    word = re.split(r"[:/#]", shown)[-1]
    reasons = {each.casefold(): why for each, why in REFUSED.items()}
    if local in reasons:
        return InputError(
            "unknown-function",
            f"kg does not have {shown}: {reasons[local]}",
            location=origin.location(),
            hint="Work it out before, in a column of the source, or write it in Python:"
            " --functions FILE.",
        )
    loaded = own_functions.names()
    known = {*(f.value for f in TABLE), *COMPOSED, *loaded}
    known |= {other for entry in TABLE.values() for other in entry.others}
    similar = nearest(word, known)
    guess = f"Did you mean {similar}? " if similar else ""
    if similar and local is None and similar.casefold() == word.casefold():
        guess = f"Did you mean {similar}, without its prefix? "
    other = f"Your own are {', '.join(loaded)}. " if loaded else ""
    return InputError(
        "unknown-function",
        f"{shown} is no function that kg knows",
        location=origin.location(),
        hint=f"{guess}{other}`kg help functions` lists all; --functions FILE brings your own.",
    )


def _parameter(name: str) -> str:
    """Return the name of a parameter as signatures have it, without prefix or namespace."""
    return re.split(r"[:/#]", name)[-1].lstrip("_").casefold()


class _Call(Constants):
    """Checks the arguments of one call."""

    def bound(self, signature: Signature, arguments: Sequence[Argument]) -> tuple[Expression, ...]:
        """Return the values in the order of the parameters."""
        given = self.given(signature, arguments)
        return tuple(value for values in given for value in values)

    def given(self, signature: Signature, arguments: Sequence[Argument]) -> list[list[Expression]]:
        """Return for each parameter what it is given."""
        given: list[list[Expression]] = [[] for _ in signature.parameters]
        for order, (name, value) in enumerate(arguments):
            given[self.place(signature, order, name)].append(value)
        if not signature.listed:
            self.part(given)
        for number, values in enumerate(given):
            may = (signature.repeated and number == len(given) - 1) or (
                signature.listed and not number
            )
            if len(values) > 1 and not may:
                raise self.error(f"{self.shown} is given its parameter {number + 1} twice")
        count = next((n for n, values in enumerate(given) if not values), len(given))
        if count < signature.required or any(given[count:]):
            raise self.error(
                f"{self.shown} needs {_count(signature)}, not {len(arguments)}",
                hint=f"They are called {_shown(signature)}, or stand in this order.",
            )
        return given

    def part(self, given: list[list[Expression]]) -> None:
        """Give the second value of a parameter to the next one, if that alone has none.

        People copy a line and leave the parameter's name as it is. Nothing else can be meant.
        """
        counts = [len(values) for values in given]
        for number in range(len(counts) - 1):
            rest = counts[:number] + counts[number + 2 :]
            if counts[number : number + 2] == [2, 0] and set(rest) <= {1}:
                given[number + 1].append(given[number].pop())
                text = f"{self.shown} has its parameter {number + 1} twice; the second is taken for"
                text += f" parameter {number + 2}"
                Notes().add(text, self.origin.location(), loses=False)

    def place(self, signature: Signature, order: int, name: str | None) -> int:
        """Return the number of the parameter that an argument is for."""
        if name is None:
            last = len(signature.parameters) - 1
            if order > last and not signature.repeated:
                raise self.error(f"{self.shown} takes {_count(signature)}")
            return min(order, last)
        local = _parameter(name)
        if signature.listed and local.isdecimal():  # rdf:_1, rdf:_2, …
            return 0
        # A name may be one of several parameters: where it comes first, it is meant most.
        folded = [[each.casefold() for each in known] for known in signature.parameters]
        found = [(known.index(local), n) for n, known in enumerate(folded) if local in known]
        if found:
            return min(found)[1]
        # Of a parameter that may be repeated, some number the names.
        if signature.repeated and local.rstrip("0123456789") in folded[-1]:
            return len(folded) - 1
        raise self.error(
            f"{self.shown} has no parameter {name}", hint=f"It has {_shown(signature)}."
        )

    # --- functions that need more than a list of values -------------------------------------

    def of_own(
        self, own: own_functions.OwnFunction, arguments: Sequence[Argument]
    ) -> tuple[Expression, ...]:
        """Return the arguments of a function of the user's own, a list where it takes one."""
        if not own.parameters:
            if arguments:
                raise self.error(f"{self.shown} takes no arguments")
            return ()
        known = tuple(parameter.names for parameter in own.parameters)
        signature = Signature(known, own.required)
        given: list[list[Expression]] = [[] for _ in known]
        for order, (name, value) in enumerate(arguments):
            given[self.place(signature, order, name)].append(value)
        found: list[Expression] = []
        for parameter, values in zip(own.parameters, given, strict=True):
            if parameter.is_list:
                left_out = [text(own_functions.LEFT_OUT)] if parameter.is_optional else []
                found.append(Call(Function.LIST, tuple(values or left_out)))
            elif len(values) > 1:
                raise self.error(f"{self.shown} is given {parameter.name} twice")
            elif values:
                found.append(values[0])
            elif parameter.is_optional:
                found.append(text(own_functions.LEFT_OUT))
            else:
                raise self.error(
                    f"{self.shown} needs {parameter.name}", hint=f"It has {_shown(signature)}."
                )
        return tuple(found)

    def of_list(
        self, function: Function, signature: Signature, arguments: Sequence[Argument]
    ) -> Call:
        """Read a function whose first parameter takes a list: of all that it is given."""
        given = self.given(signature, arguments)
        rest = tuple(value for values in given[1:] for value in values)
        if function is Function.ARRAY_GET and len(rest) == len(signature.parameters) - 1:
            function = Function.ARRAY_SLICE
        return self.checked(Call(function, (Call(Function.LIST, tuple(given[0])), *rest)))

    def random(self, function: Function, arguments: Sequence[Argument]) -> Call:
        """Read a function whose value depends on the call and the record alone."""
        signature = TABLE[function].signature
        seed = text(f"{PurePath(self.origin.file).name}:{self.origin.line}")
        return Call(function, (*self.bound(signature, arguments), seed))

    def lookup(self, arguments: Sequence[Argument], folder: str) -> Call:
        """Read ``lookup(str, inputFile, fromColumn, toColumn, delimiter)`` of IDLab.

        Columns are numbers from 0, as IDLab has them; then the first row is one like others. They
        may be names of the header, too.
        """
        call = Call(Function.LOOKUP, self.bound(TABLE[Function.LOOKUP].signature, arguments))
        path, *columns = [self.constant(call, number) for number in (1, 2, 3)]
        delimiter = self.constant(call, 4) if len(call.arguments) > 4 else ","
        if len(delimiter) != 1:
            raise self.error(f"{self.shown} needs a delimiter of one character")
        numbers = [re.fullmatch(r"\d{1,5}", column) is not None for column in columns]
        if any(numbers) and not all(numbers):
            raise self.error(f"{self.shown} takes two numbers of columns, or two names of them")
        if all(numbers):
            columns = [str(int(column) + 1) for column in columns]
        source = LogicalSource(
            path,
            Formulation.CSV,
            folder=folder,
            dialect=Dialect(delimiter=delimiter, header=not all(numbers)),
            origin=self.origin,
        )
        found = Lookup(source, Reference(columns[0]), Reference(columns[1]))
        return Call(found, (call.arguments[0],))

    def composed(self, local: str, arguments: Sequence[Argument], returned: str) -> Call | None:
        """Read a function that is written with others; None where it is none."""
        if local in _TEXTS:
            self.bound(Signature((), 0), arguments)
            return Call(Function.TO_STRING, (text(_TEXTS[local]),))
        one = Signature((VALUE,), 1)
        match local:
            case "decide":
                return self.decide(arguments)
            case "falsecondition":
                condition, value = self.bound(TABLE[Function.IF].signature, arguments)
                return Call(Function.IF, (Call(Function.NOT, (condition,)), value))
            case "controls_if_cast":
                value, *rest = self.bound(TABLE[Function.IF].signature, arguments)
                return Call(Function.IF, (Call(Function.TRUTH, (value,)), *rest))
            case "escape" | "unescape" | "string_escape" | "string_unescape":
                return self.escape(local.removeprefix("string_"), arguments)
            case "type" | "other_type":
                (value,) = self.bound(one, arguments)
                return Call(Function.IF, (Call(Function.IS_NOT_NULL, (value,)), text("string")))
            case "parseurl":
                part = _PARTS.get(returned.casefold().removeprefix("has"), Function.URL_PROTOCOL)
                return Call(part, self.bound(one, arguments))
            case "now" | "date_now":
                self.bound(Signature((), 0), arguments)
                return Call(Function.TO_STRING, (text(own_functions.now()),))
            case "hash_iri":
                digest = Call(Function.SHA256, self.bound(one, arguments))
                return Call(Function.CONCAT, (text("http://example.com/ns#"), digest))
            case "schema":
                name = Call(Function.URL_ENCODE, self.bound(one, arguments))
                return Call(Function.CONCAT, (text("https://schema.org/"), name))
        return None

    def decide(self, arguments: Sequence[Argument]) -> Call:
        """Read ``decide(str, expectedStr, result)``: the result where two texts are equal."""
        expected = names("expectedStr") + SECOND
        value, other, result = self.bound(Signature((VALUE, expected, RESULT), 3), arguments)
        return Call(Function.IF, (Call(Function.EQUAL, (value, other)), result))

    def escape(self, local: str, arguments: Sequence[Argument]) -> Call:
        """Read ``escape(value, mode)`` and ``unescape`` of GREL."""
        value, how = self.bound(Signature((VALUE, MODE), 2), arguments)
        mode = how.value.casefold() if isinstance(how, Constant) else ""
        if (local, mode) not in _MODES:
            known = ", ".join(mode for name, mode in _MODES if name == local)
            raise self.error(f"{self.shown} needs a mode", hint=f"Modes: {known}.")
        return Call(_MODES[local, mode], (value,))

    def replaced(self, arguments: Sequence[Argument]) -> Call:
        """Read ``replace`` of GREL: between slashes is a regular expression."""
        bound = self.bound(TABLE[Function.REPLACE].signature, arguments)
        found, by = bound[1:]
        if isinstance(found, Constant) and re.fullmatch(r"/.+/", found.value, re.DOTALL):
            regex = text(found.value[1:-1])
            if isinstance(by, Constant):
                # Java's $1 is \1 here.
                by = text(re.sub(r"\$(\d)", r"\\\1", by.value))
            return self.checked(Call(Function.REPLACE_REGEX, (bound[0], regex, by)))
        return Call(Function.REPLACE, bound)

    def concat(self, arguments: Sequence[Argument]) -> Call:
        """Read a concatenation; a separator that is given by name goes between the values."""
        separating = {name.casefold() for name in SEPARATOR}
        separators = [v for name, v in arguments if name and _parameter(name) in separating]
        values = [a for a in arguments if not a[0] or _parameter(a[0]) not in separating]
        bound = self.bound(TABLE[Function.CONCAT].signature, values)
        if len(separators) > 1:
            raise self.error(f"{self.shown} has one separator")
        if separators:
            bound = tuple(part for value in bound for part in (separators[0], value))[1:]
        return Call(Function.CONCAT, bound)


def _count(signature: Signature) -> str:
    most = len(signature.parameters)
    if signature.repeated:
        return "at least one argument"
    if most == signature.required:
        return "one argument" if most == 1 else f"{most} arguments"
    return f"{signature.required} or {most} arguments"


def _shown(signature: Signature) -> str:
    return ", ".join(known[0] for known in signature.parameters)
