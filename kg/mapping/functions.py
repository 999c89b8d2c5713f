"""The functions of mappings: what mappings call them, and what they take.

They are a closed set, `kg.mapping.plan.Function`, since each compiles to SQL. Mappings written for
other engines name them by the IRIs of GREL, of IDLab and of Morph-KGC; people may write the name
alone, as in ``toUpperCase($(name))``. A function that is not in the set is refused by name.

Spec: https://rml.io/yarrrml/spec/#functions, https://kg-construct.github.io/rml-fnml/spec/docs/
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kg.errors import InputError
from kg.mapping.plan import Call, Constant, Expression, Function, Origin, TermType
from kg.notes import Notes

GREL: Final = "http://users.ugent.be/~bjdmeest/function/grel.ttl#"
IDLAB: Final = "https://w3id.org/imec/idlab/function#"
_NAMESPACES: Final = (
    GREL,
    IDLAB,
    "http://example.com/idlab/function/",
    "https://github.com/morph-kgc/morph-kgc/function/built-in.ttl#",
)
# Prefixes that a mapping need not declare to name a function.
FUNCTION_PREFIXES: Final[Mapping[str, str]] = {"grel": GREL, "idlab-fn": IDLAB}


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_VALUE: Final = _names(
    "valueParameter valueParam valueParameter1 str str1 string value input p_any_e param_any_e"
    " p_dec_n strDate parameter"
)
_SECOND: Final = _names("valueParameter2 valueParam2 str2 otherStr other compared")
_PART: Final = _names("string_sub param_string_sub sub") + _SECOND
_REGEX: Final = _names("p_string_regex param_regex regex") + _SECOND
_TRUTH: Final = _names("bool_b param_b bool boolean strBoolean boolParameter condition")
_TRUTHS: Final = _names("param_rep_b bool_array_b rep_b") + _TRUTH + _VALUE + _SECOND
_RESULT: Final = _names("any_true param_true true result expressionParameter then")
_THEN: Final = (*_RESULT, "str")
_ELSE: Final = _names("any_false param_false false else")
_ARRAY: Final = _names("p_array_a param_array_a array_a")
_SEPARATOR: Final = _names("p_string_sep param_string_sep sep separator delimiter")
_PATTERN: Final = _names("p_string_pattern param_string_pattern pattern format")


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes.

    Attributes:
        parameters: For each parameter the names that it goes by; the first is what kg calls it.
        required: How many must be given.
        repeated: Whether the last may be given any number of times.
    """

    parameters: tuple[tuple[str, ...], ...]
    required: int
    repeated: bool = False


_ONE: Final = Signature((_VALUE,), 1)
_TWO: Final = Signature((_VALUE, _SECOND), 2)
_WITH_PART: Final = Signature((_VALUE, _PART), 2)
_DATED: Final = Signature((_VALUE, _PATTERN), 2)
_FIND: Final = _names("p_string_find param_find find regex")
_BY: Final = _names("p_string_replace param_replace replacement by")
SIGNATURES: Final[Mapping[Function, Signature]] = {
    Function.EQUAL: _TWO,
    Function.NOT_EQUAL: _TWO,
    Function.LESS: _TWO,
    Function.LESS_OR_EQUAL: _TWO,
    Function.GREATER: _TWO,
    Function.GREATER_OR_EQUAL: _TWO,
    Function.IS_NULL: _ONE,
    Function.IS_NOT_NULL: _ONE,
    Function.STARTS_WITH: _WITH_PART,
    Function.ENDS_WITH: _WITH_PART,
    Function.CONTAINS: _WITH_PART,
    Function.MATCHES: Signature((_VALUE, _REGEX), 2),
    Function.AND: Signature((_TRUTHS,), 1, repeated=True),
    Function.OR: Signature((_TRUTHS,), 1, repeated=True),
    Function.NOT: Signature((_TRUTH + _VALUE,), 1),
    Function.IF: Signature((_TRUTH, _THEN, _ELSE), 2),
    Function.COALESCE: Signature((_VALUE + _SECOND,), 1, repeated=True),
    Function.LOWER: _ONE,
    Function.UPPER: _ONE,
    Function.TITLE: _ONE,
    Function.TRIM: _ONE,
    Function.REPLACE: Signature((_VALUE, _FIND, _BY), 3),
    Function.REPLACE_REGEX: Signature((_VALUE, _FIND, _BY), 3),
    Function.CONCAT: Signature((_VALUE + _SECOND + _ARRAY,), 1, repeated=True),
    Function.SUBSTRING: Signature(
        (
            _VALUE,
            _names("param_int_i_from p_int_i_from from"),
            _names("param_int_i_opt_to p_int_i_opt_to to"),
        ),
        2,
    ),
    Function.LENGTH: _ONE,
    Function.SPLIT: Signature((_VALUE, _SEPARATOR), 2),
    Function.TO_STRING: _ONE,
    Function.TO_DATE: _DATED,
    Function.TO_DATE_TIME: _DATED,
    Function.URL_ENCODE: _ONE,
    Function.MD5: _ONE,
    Function.SHA1: _ONE,
    Function.SHA256: _ONE,
}
_ALIASES: Final[Mapping[Function, str]] = {
    Function.EQUAL: "equals",
    Function.NOT_EQUAL: "notEquals",
    Function.LESS_OR_EQUAL: "lessOrEqual",
    Function.GREATER_OR_EQUAL: "greaterOrEqual",
    Function.IS_NOT_NULL: "notNull isSet",
    Function.STARTS_WITH: "string_startsWith",
    Function.ENDS_WITH: "string_endsWith",
    Function.CONTAINS: "string_contains",
    Function.MATCHES: "match string_match",
    Function.AND: "boolean_and",
    Function.OR: "boolean_or",
    Function.NOT: "boolean_not",
    Function.IF: "controls_if trueCondition",
    Function.LOWER: "lower lowercase string_toLowerCase",
    Function.UPPER: "upper uppercase string_toUpperCase",
    Function.TITLE: "title string_toTitleCase",
    Function.TRIM: "string_trim strip",
    Function.REPLACE: "string_replace",
    # The values of an array are given one by one, as mappings for the RMLMapper have it.
    Function.CONCAT: "string_concat array_join",
    Function.SUBSTRING: "string_substring",
    Function.LENGTH: "string_length",
    Function.SPLIT: "string_split string_split_explode",
    Function.TO_STRING: "string_toString",
    Function.TO_DATE: "date_toDate normalizeDate",
    Function.TO_DATE_TIME: "normalizeDateTime",
    Function.URL_ENCODE: "encodeForUri",
    Function.MD5: "string_md5",
    Function.SHA1: "string_sha1",
    Function.SHA256: "hash",
}
_BY_NAME: Final[Mapping[str, Function]] = {
    name.casefold(): function
    for function in Function
    for name in (function.value, *_ALIASES.get(function, "").split())
}
KNOWN: Final = ", ".join(function.value for function in Function)

# A value of a call, with the name of its parameter where one is given.
Argument = tuple[str | None, Expression]


def make_call(name: str, arguments: Sequence[Argument], origin: Origin, shown: str = "") -> Call:
    """Return the call of a function that a mapping names.

    Args:
        name: A name of the set, or an IRI of GREL, IDLab or Morph-KGC.
        arguments: Values with the names (or IRIs) of their parameters; without names they go by
            their order.
        origin: Where the mapping says so.
        shown: The name as the mapping writes it.

    Raises:
        InputError: The function is not in the set, or does not take these arguments.
    """
    local = _local(name)
    maker = _Call(shown or name, origin)
    if local == "decide":
        return maker.decide(arguments)
    if local == "escape":
        return maker.escape(arguments)
    if local == "stringcontainsotherstring":
        return maker.contained(arguments)
    function = _BY_NAME.get(local or "")
    if function is None:
        raise InputError(
            "unknown-function",
            f"{shown or name} is no function that kg knows",
            location=origin.location(),
            hint=f"Known: {KNOWN}.",
        )
    if function is Function.CONCAT:
        return maker.concat(arguments)
    return maker.checked(Call(function, maker.bound(SIGNATURES[function], arguments)))


def _local(name: str) -> str | None:
    """Return the name without its namespace, in lower case; None in a namespace of others."""
    for namespace in _NAMESPACES:
        if name.startswith(namespace):
            return name[len(namespace) :].casefold()
    return None if ":" in name else name.casefold()


def _parameter(name: str) -> str:
    """Return the name of a parameter as signatures have it, without prefix or namespace."""
    return re.split(r"[:/#]", name)[-1].lstrip("_").casefold()


class _Call:
    """Checks the arguments of one call."""

    def __init__(self, shown: str, origin: Origin) -> None:
        self.shown = shown
        self.origin = origin

    def error(self, message: str, hint: str | None = None) -> InputError:
        return InputError("bad-function", message, location=self.origin.location(), hint=hint)

    def bound(self, signature: Signature, arguments: Sequence[Argument]) -> tuple[Expression, ...]:
        """Return the values in the order of the parameters."""
        given: list[list[Expression]] = [[] for _ in signature.parameters]
        for order, (name, value) in enumerate(arguments):
            given[self.place(signature, order, name)].append(value)
        self.part(given)
        for number, values in enumerate(given):
            last = number == len(given) - 1
            if len(values) > 1 and not (last and signature.repeated):
                raise self.error(f"{self.shown} is given its parameter {number + 1} twice")
        count = next((n for n, values in enumerate(given) if not values), len(given))
        if count < signature.required or any(given[count:]):
            raise self.error(
                f"{self.shown} needs {_count(signature)}, not {len(arguments)}",
                hint=f"They are called {_shown(signature)}, or stand in this order.",
            )
        return tuple(value for values in given for value in values)

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
        for number, names in enumerate(signature.parameters):
            if local in (known.casefold() for known in names):
                return number
        raise self.error(
            f"{self.shown} has no parameter {name}", hint=f"It has {_shown(signature)}."
        )

    def checked(self, call: Call) -> Call:
        """Return a call whose constant arguments were read, where the function needs constants."""
        match call.function:
            case Function.MATCHES | Function.REPLACE_REGEX:
                self.regex(self.constant(call, 1))
            case Function.SPLIT:
                if not self.constant(call, 1):
                    raise self.error(f"{self.shown} needs a separator that is not empty")
            case Function.SUBSTRING:
                for number in range(1, len(call.arguments)):
                    if not re.fullmatch(r"-?\d{1,9}", self.constant(call, number)):
                        raise self.error(f"{self.shown} takes whole numbers as places")
            case Function.TO_DATE | Function.TO_DATE_TIME:
                pattern = self.date_pattern(self.constant(call, 1))
                return Call(call.function, (call.arguments[0], _text(pattern)))
        return call

    def constant(self, call: Call, number: int) -> str:
        value = call.arguments[number]
        if not isinstance(value, Constant):
            raise self.error(f"the parameter {number + 1} of {self.shown} must be a constant text")
        return value.value

    def regex(self, pattern: str) -> None:
        """Refuse what the engine's regular expressions (RE2) and Python's do not share."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                re.compile(pattern)
        except (re.error, FutureWarning) as error:
            raise self.error(f"{pattern!r} is no regular expression: {error}") from error
        if re.search(r"\(\?(?!:|[ims]+[:)]|P<)|\\[1-9Z]|[*+?}]\+", pattern):
            raise self.error(
                f"{pattern!r} uses what kg cannot run",
                hint="Lookaround, backreferences and possessive quantifiers are not supported.",
            )

    def decide(self, arguments: Sequence[Argument]) -> Call:
        """Read ``decide(str, expectedStr, result)``: the result where two texts are equal."""
        expected = _names("expectedStr") + _SECOND
        value, other, result = self.bound(Signature((_VALUE, expected, _RESULT), 3), arguments)
        return Call(Function.IF, (Call(Function.EQUAL, (value, other)), result))

    def contained(self, arguments: Sequence[Argument]) -> Call:
        """Read ``stringContainsOtherString(str, otherStr, delimiter)``: whether it is a part."""
        signature = Signature((_VALUE, _SECOND, _SEPARATOR), 3)
        value, part, mark = self.bound(signature, arguments)
        inside = [Call(Function.CONCAT, (mark, each, mark)) for each in (value, part)]
        several = Call(Function.CONTAINS, (part, mark))
        found = Call(Function.CONTAINS, tuple(inside))
        return Call(Function.AND, (found, Call(Function.NOT, (several,))))

    def escape(self, arguments: Sequence[Argument]) -> Call:
        """Read ``escape(value, mode)`` of GREL, of which the mode ``url`` is supported."""
        mode = _names("modeParameter modeParam mode")
        value, how = self.bound(Signature((_VALUE, mode), 2), arguments)
        if not isinstance(how, Constant) or how.value.casefold() != "url":
            raise self.error(f"{self.shown} is supported with the mode url only")
        return Call(Function.URL_ENCODE, (value,))

    def concat(self, arguments: Sequence[Argument]) -> Call:
        """Read a concatenation; a separator that is given by name goes between the values."""
        separating = {name.casefold() for name in _SEPARATOR}
        separators = [v for name, v in arguments if name and _parameter(name) in separating]
        values = [a for a in arguments if not a[0] or _parameter(a[0]) not in separating]
        bound = self.bound(SIGNATURES[Function.CONCAT], values)
        if len(separators) > 1:
            raise self.error(f"{self.shown} has one separator")
        if separators:
            bound = tuple(part for value in bound for part in (separators[0], value))[1:]
        return Call(Function.CONCAT, bound)

    def date_pattern(self, pattern: str) -> str:
        """Return a pattern of dates as the engine reads it: Java's letters become ``%Y``."""
        if "%" in pattern:
            if re.fullmatch(r"(?:[^%]|%-?[YymdHIMSfpbBaAj]|%%)+", pattern):
                return pattern
            raise self.error(f"{pattern!r} is no pattern of dates that kg knows")
        made = ""
        for match in _JAVA.finditer(pattern):
            if match["quoted"] is not None:
                made += (match["quoted"] or "'").replace("%", "%%")
            elif match["letters"] is not None:
                if match["letters"] not in _LETTERS:
                    raise self.error(
                        f"{match['letters']!r} in {pattern!r} is no part of a date that kg knows",
                        hint=f"Known: {', '.join(_LETTERS)}; or write the pattern as %Y-%m-%d.",
                    )
                made += _LETTERS[match["letters"]]
            else:
                made += match[0]
        return made


_JAVA: Final = re.compile(r"'(?P<quoted>[^']*)'|(?P<letters>([A-Za-z])\3*)|[^A-Za-z']|'")
# https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/time/format/DateTimeFormatter.html
_LETTERS: Final[Mapping[str, str]] = {
    "yyyy": "%Y",
    "uuuu": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%-m",
    "dd": "%d",
    "d": "%-d",
    "EEEE": "%A",
    "EEE": "%a",
    "HH": "%H",
    "H": "%-H",
    "hh": "%I",
    "h": "%-I",
    "mm": "%M",
    "ss": "%S",
    "SSS": "%g",
    "a": "%p",
}


def _text(value: str) -> Constant:
    return Constant(value, TermType.LITERAL)


def _count(signature: Signature) -> str:
    most = len(signature.parameters)
    if signature.repeated:
        return "at least one argument"
    if most == signature.required:
        return "one argument" if most == 1 else f"{most} arguments"
    return f"{signature.required} or {most} arguments"


def _shown(signature: Signature) -> str:
    return ", ".join(names[0] for names in signature.parameters)
