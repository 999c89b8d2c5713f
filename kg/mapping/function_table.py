"""What mappings call functions, and what these take.

Mappings written for other engines name functions and parameters as GREL, IDLab, Morph-KGC and
SDM-RDFizer do, each in its own words; so each parameter goes by many names. `docs/functions.md`
is made of this table.

Spec: https://users.ugent.be/~bjdmeest/function/grel.ttl, https://w3id.org/imec/idlab/function,
https://openrefine.org/docs/manual/grelfunctions
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kg.mapping.function_set import Function
from kg.records import dataclass


def names(text: str) -> tuple[str, ...]:
    """Return the words of a text."""
    return tuple(text.split())


VALUE: Final = names(
    "valueParameter valueParam valueParameter1 value1 str str1 string string1 value input p_any_e"
    " param_any_e p_dec_n param_dec_n n strDate parameter stringParameter hasStringParameter"
)
SECOND: Final = names(
    "valueParameter2 valueParam2 value2 str2 string2 otherStr other compared param_n2 param_dec_n2"
)
SEPARATOR: Final = names(
    "p_string_sep param_string_sep p_opt_sep param_opt_sep sep separator delimiter"
)
RESULT: Final = names("any_true param_true true result expressionParameter then")
ARRAY: Final = names("p_array_a param_array_a param_a array_a array list seq a")
MODE: Final = names("modeParameter modeParam mode")
_PART: Final = names("string_sub param_string_sub sub") + SECOND
_REGEX: Final = names("p_string_regex param_regex regex regexParameter pattern") + SECOND
_TRUTH: Final = names("bool_b param_b bool boolean strBoolean boolParameter condition")
_TRUTHS: Final = names("param_rep_b bool_array_b rep_b") + _TRUTH + VALUE + SECOND
_THEN: Final = (*RESULT, "str")
_ELSE: Final = names("any_false param_false false else")
PATTERN: Final = names("p_string_pattern param_string_pattern pattern param_opt_format format")
_FIND: Final = names("p_string_find param_find find regex")
_BY: Final = names("p_string_replace param_replace replacement by")
_FROM: Final = names("param_int_i_from p_int_i_from from start")
_TO: Final = names("param_int_i_opt_to p_int_i_opt_to to end")
_MANY: Final = VALUE + SECOND + ARRAY + names("p_any_rep_e param_any_rep_e objects")
_LANGUAGE: Final = names("lang language")
_NUMBER: Final = names("p_dec_n param_dec_n n p_int_i param_int_i number number1") + VALUE
_NUMBER2: Final = (
    names("param_n2 param_dec_n2 n2 p_int_i2 param_int_i2 p_any_exp param_dec_n_exp e number2")
    + SECOND
)
_DATE: Final = names("p_date_d param_date_d p_datetime_d param_datetime_d date d") + VALUE
_DATE2: Final = names("p_datetime_d2 param_datetime_d2 date2 d2") + SECOND
_UNIT: Final = names(
    "p_string_unit param_string_unit p_string_timeunit param_string_timeunit unit timeUnit"
)
_FRAGMENT: Final = names("p_fragment param_fragment fragment frag") + _PART
_OMIT: Final = names("p_bool_opt_b param_bool_opt_b omitFragment omit")
_FILE: Final = names("inputFile file")
_COLUMN: Final = names("fromColumn from")
_COLUMN2: Final = names("toColumn to")


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes.

    Attributes:
        parameters: For each parameter the names that it goes by; the first is what kg calls it.
        required: How many must be given.
        repeated: Whether the last may be given any number of times.
        listed: Whether the first takes all values of what it is given, as one list.
    """

    parameters: tuple[tuple[str, ...], ...]
    required: int
    repeated: bool = False
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A function as mappings see it.

    Attributes:
        signature: What it takes.
        others: Its other names.
        about: What it gives, for the reference.
    """

    signature: Signature
    others: tuple[str, ...]
    about: str


def _entry(
    about: str,
    *parameters: tuple[str, ...],
    others: str = "",
    required: int | None = None,
    repeated: bool = False,
    listed: bool = False,
) -> Entry:
    least = len(parameters) if required is None else required
    return Entry(Signature(parameters, least, repeated, listed), names(others), about)


def _number(about: str, name: str) -> Entry:
    return _entry(about, _NUMBER, others=f"math_{name}")


def _numbers(about: str, name: str, others: str = "") -> Entry:
    return _entry(about, _NUMBER, _NUMBER2, others=f"math_{name} {others}")


F: Final = Function
TABLE: Final[Mapping[Function, Entry]] = {
    F.EQUAL: _entry("whether two texts are equal", VALUE, SECOND, others="equals"),
    F.NOT_EQUAL: _entry("whether two texts differ", VALUE, SECOND, others="notEquals"),
    F.LESS: _entry("whether one is less: of numbers, or of texts", VALUE, SECOND, others="less"),
    F.LESS_OR_EQUAL: _entry("the same, or equal", VALUE, SECOND, others="lessOrEqual"),
    F.GREATER: _entry("whether one is greater", VALUE, SECOND, others="greater"),
    F.GREATER_OR_EQUAL: _entry("the same, or equal", VALUE, SECOND, others="greaterOrEqual"),
    F.IN_RANGE: _entry(
        "whether a number is at least one and below another",
        names("p_test test") + VALUE,
        names("p_from from"),
        names("p_to to"),
    ),
    F.IS_NULL: _entry("whether there is no value", VALUE, others="controls_isNull"),
    F.IS_NOT_NULL: _entry(
        "whether there is a value", VALUE, others="notNull isSet controls_isNotNull"
    ),
    F.IS_BLANK: _entry("whether there is no value, or an empty text", VALUE),
    F.IS_NUMERIC: _entry("whether a text is a number", VALUE),
    F.STARTS_WITH: _entry("whether it starts so", VALUE, _PART, others="string_startsWith"),
    F.ENDS_WITH: _entry("whether it ends so", VALUE, _PART, others="string_endsWith"),
    F.CONTAINS: _entry("whether a text is a part of it", VALUE, _PART, others="string_contains"),
    F.CONTAINS_PART: _entry(
        "whether a text is one of the parts between separators", VALUE, SECOND, SEPARATOR
    ),
    F.MATCHES: _entry(
        "whether the whole text fits a regular expression", VALUE, _REGEX, others="booleanMatch"
    ),
    F.AND: _entry("whether all are true", _TRUTHS, repeated=True, others="boolean_and"),
    F.OR: _entry("whether one is true", _TRUTHS, repeated=True, others="boolean_or"),
    F.XOR: _entry(
        "whether an odd number of them is true", _TRUTHS, repeated=True, others="boolean_xor"
    ),
    F.NOT: _entry("whether it is false", _TRUTH + VALUE, others="boolean_not"),
    F.TRUTH: _entry(
        "false for an empty text, `false`, `no`, `off` and `0`, else true", VALUE, others="truthy"
    ),
    F.IF: _entry(
        "one value if something is true, else another, or none",
        _TRUTH,
        _THEN,
        _ELSE,
        required=2,
        others="controls_if trueCondition",
    ),
    F.COALESCE: _entry(
        "the first value that is there", _MANY, repeated=True, others="other_coalesce"
    ),
    F.LOWER: _entry(
        "the text in small letters",
        VALUE,
        others="lower lowercase toLower string_toLowerCase",
    ),
    F.UPPER: _entry(
        "the text in capitals", VALUE, others="upper uppercase toUpper string_toUpperCase"
    ),
    F.TITLE: _entry("each word with a capital", VALUE, others="title string_toTitleCase"),
    F.TRIM: _entry(
        "the text without white space at its ends", VALUE, others="string_trim strip string_strip"
    ),
    F.CHOMP: _entry("the text without an ending", VALUE, SEPARATOR, others="string_chomp"),
    F.REVERSE: _entry("the text backwards", VALUE, others="string_reverse"),
    F.REPLACE: _entry(
        "the text with each part replaced", VALUE, _FIND, _BY, others="string_replace replaceValue"
    ),
    F.REPLACE_CHARS: _entry(
        "the text with each character of a text replaced by that of another",
        VALUE,
        _FIND,
        _BY,
        others="string_replaceChars",
    ),
    F.REPLACE_REGEX: _entry(
        "the text with each match of a regular expression replaced", VALUE, _FIND, _BY
    ),
    # The values of an array are given one by one, as mappings for the RMLMapper have it.
    F.CONCAT: _entry(
        "the texts one after another, a `separator` between them",
        _MANY,
        repeated=True,
        others="string_concat concat2 concat3 concat4 concat5",
    ),
    F.SUBSTRING: _entry(
        "the part from one place to before another, from 0, or from the end below 0",
        VALUE,
        _FROM,
        _TO,
        required=2,
        others="string_substring string_slice string_get",
    ),
    F.LENGTH: _entry("the number of characters", VALUE, others="string_length"),
    F.INDEX_OF: _entry(
        "the place of a part, from 0; -1: there is none", VALUE, _PART, others="string_indexOf"
    ),
    F.LAST_INDEX_OF: _entry("the last such place", VALUE, _PART, others="string_lastIndexOf"),
    F.DIFF: _entry(
        "the rest of the second text from where they differ", VALUE, SECOND, others="string_diff"
    ),
    F.SLUGIFY: _entry("the text as a part of an address: `mont-blanc`", VALUE),
    F.UPPER_URL: _entry("the text in capitals as an address, `http://` before it", VALUE),
    F.MIME_TYPE: _entry("the media type of a file name", VALUE),
    F.TO_STRING: _entry("the text itself", VALUE, others="string_toString"),
    F.URL_ENCODE: _entry("percent-encoded", VALUE, others="encodeForUri"),
    F.URL_DECODE: _entry("percent-decoded", VALUE),
    F.ESCAPE_HTML: _entry("`escape` with the mode `html`", VALUE),
    F.ESCAPE_XML: _entry("`escape` with the mode `xml`", VALUE),
    F.ESCAPE_CSV: _entry("`escape` with the mode `csv`", VALUE),
    F.ESCAPE_SCRIPT: _entry("`escape` with the mode `javascript`", VALUE),
    F.UNESCAPE_HTML: _entry("`unescape` with the mode `html`", VALUE),
    F.UNESCAPE_XML: _entry("`unescape` with the mode `xml`", VALUE),
    F.UNESCAPE_CSV: _entry("`unescape` with the mode `csv`", VALUE),
    F.UNESCAPE_SCRIPT: _entry("`unescape` with the mode `javascript`", VALUE),
    F.URL_PROTOCOL: _entry("`parseURL` that returns `protocolOutput`", VALUE),
    F.URL_DOMAIN: _entry("`parseURL` that returns `domainOutput`", VALUE),
    F.URL_PATH: _entry("`parseURL` that returns `stringOutput`", VALUE),
    F.MD5: _entry("MD5 in hexadecimal", VALUE, others="string_md5"),
    F.SHA1: _entry("SHA-1 in hexadecimal", VALUE, others="string_sha1"),
    F.SHA256: _entry("SHA-256 in hexadecimal", VALUE, others="hash string_sha256"),
    F.RANDOM: _entry(
        "a UUID: another for each record and call, the same in each run", others="uuid"
    ),
    F.SPLIT: _entry(
        "the parts between separators", VALUE, SEPARATOR, others="string_split string_split_explode"
    ),
    F.SMART_SPLIT: _entry(
        "the parts between tabs, or else commas",
        VALUE,
        SEPARATOR,
        required=1,
        others="string_smartSplit",
    ),
    F.SPLIT_LENGTHS: _entry(
        "parts of given lengths",
        VALUE,
        names("p_int_i param_int_i p_int_i2 param_int_i2 p_rep_i param_int_rep_i length"),
        repeated=True,
        others="string_splitByLengths",
    ),
    F.SPLIT_TYPES: _entry(
        "runs of capitals, small letters, digits, others", VALUE, others="string_splitByCharType"
    ),
    F.PARTITION: _entry(
        "what is before a part, the part (unless `omit`), what is behind it",
        VALUE,
        _FRAGMENT,
        _OMIT,
        required=2,
        others="string_partition",
    ),
    F.LAST_PARTITION: _entry(
        "the same of the last such part",
        VALUE,
        _FRAGMENT,
        _OMIT,
        required=2,
        others="string_rpartition",
    ),
    F.MATCH: _entry(
        "what the groups of a regular expression capture, if the whole text fits",
        VALUE,
        _REGEX,
        others="string_match",
    ),
    F.FIND: _entry("all parts that fit a regular expression", VALUE, _REGEX, others="string_find"),
    F.UNICODE: _entry("the code points", VALUE, others="string_unicode unicodestring-s"),
    F.ARRAY_JOIN: _entry(
        "all values as one text, a separator between them",
        ARRAY,
        SEPARATOR,
        required=1,
        listed=True,
        others="join concatSequence",
    ),
    F.ARRAY_LENGTH: _entry("how many values there are", ARRAY, listed=True),
    F.ARRAY_SUM: _entry("the sum of all numbers", ARRAY, listed=True),
    F.ARRAY_GET: _entry(
        "the value at a place, from 0; with `to`, those before that place",
        ARRAY,
        _FROM,
        _TO,
        required=2,
        listed=True,
    ),
    F.ARRAY_SLICE: _entry(
        "the values from a place to before another", ARRAY, _FROM, _TO, required=2, listed=True
    ),
    F.ARRAY_REVERSE: _entry("the values, the last first", ARRAY, listed=True),
    F.ARRAY_SORT: _entry("the values in order", ARRAY, listed=True),
    F.ARRAY_UNIQUES: _entry("each value once", ARRAY, listed=True),
    F.LIST_CONTAINS: _entry("whether a text is one of the values", ARRAY, VALUE, listed=True),
    F.LOOKUP: _entry(
        "the value of a column of a CSV file in the first row where another column is equal",
        VALUE,
        _FILE,
        _COLUMN,
        _COLUMN2,
        SEPARATOR,
        required=4,
        others="lookupWithDelimiter",
    ),
    F.TO_NUMBER: _entry("the number that a text is", VALUE, others="string_toNumber"),
    F.ADD: _entry("the sum of two numbers", _NUMBER, _NUMBER2, others="plus math_add"),
    F.SUBTRACT: _entry("their difference", _NUMBER, _NUMBER2, others="minus math_subtract"),
    F.MULTIPLY: _entry("their product", _NUMBER, _NUMBER2, others="times math_multiply"),
    F.DIVIDE: _entry("the first by the second", _NUMBER, _NUMBER2, others="math_divide"),
    F.QUOTIENT: _numbers("the whole part of that", "quotient"),
    F.MOD: _numbers("the remainder of that", "mod"),
    F.POW: _numbers("the first to the power of the second", "pow", "power"),
    F.ABS: _number("the number without its sign", "abs"),
    F.ROUND: _number("the nearest whole number, half a one upwards", "round"),
    F.FLOOR: _number("the whole number below", "floor"),
    F.CEIL: _number("the whole number above", "ceil"),
    F.EVEN: _number("the even number above", "even"),
    F.ODD: _number("the odd number above", "odd"),
    F.MIN: _numbers("the smaller number", "min"),
    F.MAX: _numbers("the larger number", "max"),
    F.GCD: _numbers("the greatest common divisor", "gcd"),
    F.LCM: _numbers("the least common multiple", "lcm"),
    F.FACT: _number("the factorial", "fact"),
    F.FACTN: _numbers("the factorial in steps", "factn"),
    F.COMBIN: _numbers("how many combinations there are", "combin"),
    F.MULTINOMIAL: _entry(
        "the multinomial coefficient", ARRAY, listed=True, others="math_multinomial"
    ),
    F.SQRT: _number("the square root", "sqrt"),
    F.EXP: _number("e to the power of it", "exp"),
    F.LN: _number("the natural logarithm", "ln"),
    F.LOG: _number("the logarithm of base 10", "log"),
    F.SIN: _number("the sine", "sin"),
    F.COS: _number("the cosine", "cos"),
    F.TAN: _number("the tangent", "tan"),
    F.ASIN: _number("the arcsine", "asin"),
    F.ACOS: _number("the arccosine", "acos"),
    F.ATAN: _number("the arctangent", "atan"),
    F.ATAN2: _numbers("the angle of a point", "atan2"),
    F.SINH: _number("the hyperbolic sine", "sinh"),
    F.COSH: _number("the hyperbolic cosine", "cosh"),
    F.TANH: _number("the hyperbolic tangent", "tanh"),
    F.DEGREES: _number("radians in degrees", "degrees"),
    F.RADIANS: _number("degrees in radians", "radians"),
    F.RANDOM_NUMBER: _entry(
        "a number between two: another for each record, the same in each run",
        _NUMBER,
        _NUMBER2,
        others="math_randomNumber",
    ),
    F.TO_DATE: _entry(
        "`YYYY-MM-DD` of a text by its pattern, `lang` for the names of months",
        VALUE,
        PATTERN,
        _LANGUAGE,
        required=2,
        others="date_toDate normalizeDate normalizeDateWithLang",
    ),
    F.TO_DATE_TIME: _entry(
        "the same with its time, and its zone if the pattern has one",
        VALUE,
        PATTERN,
        _LANGUAGE,
        required=2,
        others="normalizeDateTime normalizeDateTimeWithLang",
    ),
    F.FORMAT_DATE: _entry(
        "a date or dateTime written by a pattern", _DATE, PATTERN, others="date_toString"
    ),
    F.DATE_INC: _entry("a date some units later", _DATE, _NUMBER, _UNIT, others="dateInc"),
    F.DATE_DIFF: _entry(
        "the units from the second date to the first", _DATE, _DATE2, _UNIT, others="dateDiff"
    ),
    F.DATE_PART: _entry("a part of a date: `year`, …", _DATE, _UNIT, others="date_datePart"),
    F.IN_ZONE: _entry(
        "a dateTime in a time zone, such as `Europe/Brussels` or `+02:00`",
        _DATE,
        names("zone timeZone timezone"),
        others="inTimeZone",
    ),
}

BY_NAME: Final[Mapping[str, Function]] = {
    name.casefold(): function
    for function, entry in TABLE.items()
    for name in (function.value, *entry.others)
}
# Functions that are written with others; `kg.mapping.functions` has how.
COMPOSED: Final[Mapping[str, str]] = {
    "decide": "a result where two texts are equal: `if(equal(a, b), result)`",
    "falseCondition": "a value where something is false",
    "controls_if_cast": "`if(toBoolean(a), b, c)`",
    "escape": "`url`, `html`, `xml`, `csv` or `javascript` as the second parameter",
    "unescape": "the way back",
    "other_type": "`string`: values of mappings are texts",
    "parseURL": "a part of an address; `rml:return` says which",
    "date_now": "the time at which the command began",
    "hash_iri": "`http://example.com/ns#` with the SHA-256",
    "schema": "`https://schema.org/` with the text",
    "helloworld": "`Hello World!`",
    "alwaysReturnsABC": "`ABC`",
}
_FETCHES: Final = "it asks a server, and kg fetches nothing"
_KEEPS: Final = "it keeps notes from one run to the next, and each run of kg stands alone"
# Public functions that kg does not have, and why.
REFUSED: Final[Mapping[str, str]] = {
    "dbpediaSpotlight": _FETCHES,
    "readFile": "it reads any file that a value names; use lookup, or name a source",
    **dict.fromkeys(
        (
            *("generateUniqueIRI", "createUniqueIRI", "updateUniqueIRI"),
            *("implicitCreate", "implicitUpdate", "implicitDelete"),
            *("explicitCreate", "explicitUpdate", "explicitDelete"),
        ),
        _KEEPS,
    ),
}
