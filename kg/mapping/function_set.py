"""The functions of mappings, as a set: which there are, and what kind of value each gives.

It is closed, since each compiles to SQL. `kg.mapping.function_table` says what mappings call them
and what they take; `kg.mapping.own_functions` has those that people write in Python.
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class Function(Enum):
    """What a mapping may do with values.

    `LIST` is not one that a mapping names: it gathers all values of its arguments for a function
    that takes a list.
    """

    EQUAL = "equal"
    NOT_EQUAL = "notEqual"
    LESS = "lessThan"
    LESS_OR_EQUAL = "lessThanOrEqual"
    GREATER = "greaterThan"
    GREATER_OR_EQUAL = "greaterThanOrEqual"
    IN_RANGE = "inRange"
    IS_NULL = "isNull"
    IS_NOT_NULL = "isNotNull"
    IS_BLANK = "isBlank"
    IS_NUMERIC = "isNumeric"
    STARTS_WITH = "startsWith"
    ENDS_WITH = "endsWith"
    CONTAINS = "contains"
    CONTAINS_PART = "stringContainsOtherString"
    MATCHES = "matches"
    AND = "and"
    OR = "or"
    XOR = "xor"
    NOT = "not"
    TRUTH = "toBoolean"
    IF = "if"
    COALESCE = "coalesce"

    LOWER = "toLowerCase"
    UPPER = "toUpperCase"
    TITLE = "toTitleCase"
    TRIM = "trim"
    CHOMP = "chomp"
    REVERSE = "reverse"
    REPLACE = "replace"
    REPLACE_CHARS = "replaceChars"
    REPLACE_REGEX = "replaceRegex"
    CONCAT = "concat"
    SUBSTRING = "substring"
    LENGTH = "length"
    INDEX_OF = "indexOf"
    LAST_INDEX_OF = "lastIndexOf"
    DIFF = "diff"
    SLUGIFY = "slugify"
    UPPER_URL = "toUpperCaseURL"
    MIME_TYPE = "getMIMEType"
    TO_STRING = "toString"
    URL_ENCODE = "urlEncode"
    URL_DECODE = "urlDecode"
    ESCAPE_HTML = "escapeHtml"
    ESCAPE_XML = "escapeXml"
    ESCAPE_CSV = "escapeCsv"
    ESCAPE_SCRIPT = "escapeJavascript"
    UNESCAPE_HTML = "unescapeHtml"
    UNESCAPE_XML = "unescapeXml"
    UNESCAPE_CSV = "unescapeCsv"
    UNESCAPE_SCRIPT = "unescapeJavascript"
    URL_PROTOCOL = "urlProtocol"
    URL_DOMAIN = "urlDomain"
    URL_PATH = "urlPath"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    RANDOM = "random"

    SPLIT = "split"
    SMART_SPLIT = "smartSplit"
    SPLIT_LENGTHS = "splitByLengths"
    SPLIT_TYPES = "splitByCharType"
    PARTITION = "partition"
    LAST_PARTITION = "rpartition"
    MATCH = "match"
    FIND = "find"
    UNICODE = "unicode"
    LIST = "list"
    ARRAY_JOIN = "array_join"
    ARRAY_LENGTH = "array_length"
    ARRAY_SUM = "array_sum"
    ARRAY_GET = "array_get"
    ARRAY_SLICE = "array_slice"
    ARRAY_REVERSE = "array_reverse"
    ARRAY_SORT = "array_sort"
    ARRAY_UNIQUES = "array_uniques"
    LIST_CONTAINS = "listContainsElement"
    LOOKUP = "lookup"

    TO_NUMBER = "toNumber"
    ADD = "add"
    SUBTRACT = "subtract"
    MULTIPLY = "multiply"
    DIVIDE = "divide"
    QUOTIENT = "quotient"
    MOD = "mod"
    POW = "pow"
    ABS = "abs"
    ROUND = "round"
    FLOOR = "floor"
    CEIL = "ceil"
    EVEN = "even"
    ODD = "odd"
    MIN = "min"
    MAX = "max"
    GCD = "gcd"
    LCM = "lcm"
    FACT = "fact"
    FACTN = "factn"
    COMBIN = "combin"
    MULTINOMIAL = "multinomial"
    SQRT = "sqrt"
    EXP = "exp"
    LN = "ln"
    LOG = "log"
    SIN = "sin"
    COS = "cos"
    TAN = "tan"
    ASIN = "asin"
    ACOS = "acos"
    ATAN = "atan"
    ATAN2 = "atan2"
    SINH = "sinh"
    COSH = "cosh"
    TANH = "tanh"
    DEGREES = "degrees"
    RADIANS = "radians"
    RANDOM_NUMBER = "randomNumber"

    TO_DATE = "toDate"
    TO_DATE_TIME = "toDateTime"
    FORMAT_DATE = "formatDate"
    DATE_INC = "date_inc"
    DATE_DIFF = "date_diff"
    DATE_PART = "datePart"
    IN_ZONE = "toTimeZone"

    @property
    def is_boolean(self) -> bool:
        """Whether it gives true or false, or nothing where a value is missing."""
        return self in _BOOLEAN

    @property
    def takes_null(self) -> bool:
        """Whether it may give a value although one that it is given is missing."""
        return self in _TAKING_NULL

    @property
    def is_partial(self) -> bool:
        """Whether it may give nothing although all values are there."""
        return self in _PARTIAL or self.gives_list

    @property
    def gives_list(self) -> bool:
        """Whether it gives several values, which are taken one by one."""
        return self in _LISTS

    @property
    def kind(self) -> str | None:
        """What it gives, as in `kg.mapping.source_table`; ``#``: a number whose text says which."""
        if self in _BOOLEAN:
            return "b"
        if self in _WHOLE:
            return "i"
        return "#" if self in _NUMBERS else None


_BOOLEAN: Final = frozenset(
    {
        *(Function.EQUAL, Function.NOT_EQUAL, Function.LESS, Function.LESS_OR_EQUAL),
        *(Function.GREATER, Function.GREATER_OR_EQUAL, Function.IS_NULL, Function.IS_NOT_NULL),
        *(Function.STARTS_WITH, Function.ENDS_WITH, Function.CONTAINS, Function.MATCHES),
        *(Function.AND, Function.OR, Function.NOT, Function.XOR, Function.TRUTH),
        *(Function.IN_RANGE, Function.IS_BLANK, Function.IS_NUMERIC),
        *(Function.CONTAINS_PART, Function.LIST_CONTAINS),
    }
)
_TAKING_NULL: Final = frozenset(
    {
        *(Function.IS_NULL, Function.IS_NOT_NULL, Function.AND, Function.OR, Function.IS_BLANK),
        *(Function.IF, Function.COALESCE, Function.LIST),
    }
)
_LISTS: Final = frozenset(
    {
        *(Function.SPLIT, Function.SMART_SPLIT, Function.SPLIT_LENGTHS, Function.SPLIT_TYPES),
        *(Function.PARTITION, Function.LAST_PARTITION, Function.MATCH, Function.FIND),
        *(Function.UNICODE, Function.ARRAY_SLICE, Function.ARRAY_REVERSE, Function.ARRAY_SORT),
        Function.ARRAY_UNIQUES,
    }
)
_WHOLE: Final = frozenset(
    {
        *(Function.LENGTH, Function.INDEX_OF, Function.LAST_INDEX_OF, Function.UNICODE),
        *(Function.ARRAY_LENGTH, Function.GCD, Function.LCM, Function.DATE_DIFF),
    }
)
# Functions that take numbers; what reads as none gives nothing.
ARITHMETIC: Final = frozenset(
    {
        *(Function.ADD, Function.SUBTRACT, Function.MULTIPLY, Function.DIVIDE, Function.QUOTIENT),
        *(Function.MOD, Function.POW, Function.ABS, Function.ROUND, Function.FLOOR, Function.CEIL),
        *(Function.EVEN, Function.ODD, Function.MIN, Function.MAX, Function.FACT, Function.FACTN),
        *(Function.COMBIN, Function.SQRT, Function.EXP, Function.LN, Function.LOG, Function.SIN),
        *(Function.COS, Function.TAN, Function.ASIN, Function.ACOS, Function.ATAN, Function.ATAN2),
        *(Function.SINH, Function.COSH, Function.TANH, Function.DEGREES, Function.RADIANS),
        *(Function.TO_NUMBER, Function.GCD, Function.LCM),
    }
)
# Functions that take days and times; what reads as none gives nothing.
DATED: Final = frozenset(
    {
        *(Function.TO_DATE, Function.TO_DATE_TIME, Function.FORMAT_DATE, Function.DATE_INC),
        *(Function.DATE_DIFF, Function.DATE_PART, Function.IN_ZONE),
    }
)
_NUMBERS: Final = ARITHMETIC | {
    *(Function.RANDOM_NUMBER, Function.ARRAY_SUM, Function.MULTINOMIAL, Function.DATE_PART),
}
_PARTIAL: Final = (
    ARITHMETIC
    | DATED
    | {
        *(Function.MIME_TYPE, Function.URL_PROTOCOL, Function.URL_DOMAIN, Function.URL_PATH),
        *(Function.LOOKUP, Function.ARRAY_JOIN, Function.ARRAY_LENGTH, Function.ARRAY_SUM),
        *(Function.ARRAY_GET, Function.LIST_CONTAINS, Function.MULTINOMIAL, Function.LIST),
        *(Function.TRUTH, Function.UNESCAPE_CSV, Function.RANDOM_NUMBER, Function.IN_RANGE),
        *(Function.URL_DECODE, Function.REPLACE_REGEX),
    }
)
