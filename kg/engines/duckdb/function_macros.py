"""Macros of the functions of mappings: texts, numbers and times, in DuckDB's dialect.

Numbers come as texts. Sums, differences, products and roundings are exact up to 37 digits; beyond
that, and in what has no end such as a third, they are those of doubles. DuckDB would stop at a
number that is too large, so lengths are looked at first.
"""

from __future__ import annotations

from html.entities import name2codepoint
from typing import Final

from kg.sql import sql_text

# Letters that Unicode does not part from their marks.
_LATIN: Final = (
    *(("ß", "ss"), ("æ", "ae"), ("œ", "oe"), ("ø", "o"), ("đ", "d"), ("ð", "d"), ("ł", "l")),
    *(("þ", "th"), ("ı", "i"), ("ħ", "h")),
)


def _latin() -> str:
    sql = "lower(x)"
    for letter, plain in _LATIN:
        sql = f"replace({sql}, {sql_text(letter)}, {sql_text(plain)})"
    return sql


def _chain(pairs: tuple[tuple[str, str], ...]) -> str:
    sql = "x"
    for plain, escaped in pairs:
        sql = f"replace({sql}, {sql_text(plain)}, {sql_text(escaped)})"
    return sql


_HTML: Final = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"))
_XML: Final = (*_HTML, ("'", "&apos;"))
_SCRIPT: Final = (
    *(("\\", "\\\\"), ('"', '\\"'), ("'", "\\'"), ("/", "\\/")),
    *(("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("\b", "\\b"), ("\f", "\\f")),
)


def _let(parts: dict[str, str], sql: str, name: str = "q") -> str:
    """Return SQL that uses parts of a struct, each worked out once; macros repeat arguments."""
    listed = ", ".join(f"'{key}': {value}" for key, value in parts.items())
    return f"list_transform([{{{listed}}}], lambda {name}: {sql})[1]"


def _entities() -> str:
    """Return a map of the names of HTML's characters."""
    pairs = ", ".join(f"'{name}': chr({point})" for name, point in name2codepoint.items())
    return f"MAP {{{pairs}, 'apos': chr(39)}}"


def _unescaped(named: str) -> str:
    """Return the SQL of a text whose references to characters are those; unknown ones stay."""
    known = (
        "CASE WHEN regexp_full_match(q.n, '#[xX][0-9a-fA-F]{1,6}')"
        " THEN CAST('0x' || substr(q.n, 3) AS INTEGER)"
        " WHEN regexp_full_match(q.n, '#[0-9]{1,7}') THEN CAST(substr(q.n, 2) AS INTEGER) END"
    )
    parts = {"n": "split_part(e, ';', 1)", "e": "e", "p": "strpos(e, ';')"}
    point = _let(
        {"c": known, "e": "q.e", "n": "q.n", "p": "q.p"},
        "CASE WHEN r.p > 0 AND (r.c BETWEEN 1 AND 55295 OR r.c BETWEEN 57344 AND 1114111)"
        f" THEN chr(r.c) || r.e[r.p + 1:] WHEN r.p > 0 AND {named} IS NOT NULL"
        f" THEN {named} || r.e[r.p + 1:] ELSE '&' || r.e END",
        "r",
    )
    return (
        "array_to_string(list_transform(string_split(x, '&'), lambda e, n:"
        f" CASE WHEN n = 1 THEN e ELSE {_let(parts, point)} END), '')"
    )


_PLAIN: Final = "'[+-]?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)'"
_ZONED: Final = "'[Tt ][0-9:.]+ *([Zz]|[+-][0-9]{2}:?[0-9]{2})$'"
_OFFSET: Final = "'([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)$'"

_TEXTS: Final = (
    f"kg_slug(x) AS trim(regexp_replace(strip_accents({_latin()}), '[^a-z0-9]+', '-', 'g'), '-')",
    "kg_iri_parts(x) AS array_to_string(list_transform(string_split(x, ''), lambda ch:"
    " CASE WHEN regexp_full_match(ch, '[\\x00-\\x20<>\"{}|\\\\^`\\x7f]') THEN url_encode(ch)"
    " ELSE ch END), '')",
    # The scheme stays as it is written in addresses; what cannot stand in an IRI is encoded.
    "kg_upper_url(x) AS CASE WHEN starts_with(lower(x), 'https://') THEN 'https://'"
    " || kg_iri_parts(upper(x[9:])) WHEN starts_with(lower(x), 'http://') THEN 'http://'"
    " || kg_iri_parts(upper(x[8:])) ELSE 'http://' || kg_iri_parts(upper(x)) END",
    "kg_mime_type(x) AS MAP {'csv': 'text/csv', 'tsv': 'text/tab-separated-values',"
    " 'json': 'application/json', 'xml': 'application/xml', 'nt': 'application/n-triples',"
    " 'ttl': 'text/turtle', 'nq': 'application/n-quads', 'trig': 'application/trig',"
    " 'rdf': 'application/rdf+xml', 'jsonld': 'application/ld+json', 'sql': 'application/sql',"
    " 'html': 'text/html', 'txt': 'text/plain', 'pdf': 'application/pdf', 'zip': 'application/zip',"
    " 'png': 'image/png', 'jpg': 'image/jpeg', 'jpeg': 'image/jpeg', 'gif': 'image/gif',"
    " 'svg': 'image/svg+xml'}[CASE WHEN contains(x, '.')"
    " THEN lower(regexp_extract(x, '\\.([^.]*)$', 1)) ELSE '' END]",
    f"kg_escape_html(x) AS {_chain(_HTML)}",
    f"kg_escape_xml(x) AS {_chain(_XML)}",
    f"kg_escape_script(x) AS {_chain(_SCRIPT)}",
    "kg_escape_csv(x) AS CASE WHEN regexp_matches(x, '[\",\\r\\n]')"
    " THEN '\"' || replace(x, '\"', '\"\"') || '\"' ELSE x END",
    "kg_unescape_html(x) AS " + _unescaped(_entities() + "[r.n]"),
    "kg_unescape_xml(x) AS "
    + _unescaped("MAP {'amp': '&', 'lt': '<', 'gt': '>', 'quot': '\"', 'apos': chr(39)}[r.n]"),
    "kg_unescape_csv(x) AS CASE WHEN length(x) > 1 AND x[1] = '\"' AND x[-1] = '\"'"
    " THEN replace(x[2:-2], '\"\"', '\"') ELSE x END",
    # Backslashes in pairs are set aside first.
    "kg_unescape_script(x) AS array_to_string(list_transform(string_split(x, '\\\\'), lambda p:"
    " replace(replace(replace(replace(replace(replace(replace(replace(p, '\\n', chr(10)),"
    " '\\r', chr(13)), '\\t', chr(9)), '\\b', chr(8)), '\\f', chr(12)), '\\\"', '\"'),"
    " '\\''', ''''), '\\/', '/')), '\\')",
    # DuckDB's array_to_string takes no separator that is a value of the record.
    "kg_joined_all(x, mark) AS CASE WHEN len(x) > 0 AND mark IS NOT NULL THEN array_to_string("
    "list_transform(x, lambda each, n: CASE WHEN n > 1 THEN mark || each ELSE each END), '') END",
    "kg_joined(x, mark) AS kg_joined_all(list_filter(x, lambda each: each IS NOT NULL), mark)",
    # DuckDB's own function turns letters together with their marks, which moves the places.
    "kg_reverse(x) AS array_to_string(list_reverse(string_split(x, '')), '')",
    "kg_last_index(x, y) AS CASE WHEN y = '' THEN length(x) WHEN contains(x, y)"
    " THEN length(x) - strpos(kg_reverse(x), kg_reverse(y)) - length(y) + 1 ELSE -1 END",
    "kg_diff(x, y) AS y[len(list_filter(list_transform(range(1, least(length(x), length(y)) + 1),"
    " lambda n: x[1:n] = y[1:n]), lambda same: same)) + 1:]",
    "kg_part(x, y, n) AS [x[1:n], y, x[n + length(y) + 1:]]",
    "kg_partition(x, y) AS CASE WHEN y <> '' AND contains(x, y) THEN"
    " kg_part(x, y, strpos(x, y) - 1) ELSE [x, '', ''] END",
    "kg_rpartition(x, y) AS CASE WHEN y <> '' AND contains(x, y) THEN"
    " kg_part(x, y, kg_last_index(x, y)) ELSE [x, '', ''] END",
    "kg_uuid(h) AS h[1:8] || '-' || h[9:12] || '-4' || h[14:16] || '-'"
    " || '89ab'[(ord(h[17]) % 4) + 1] || h[18:20] || '-' || h[21:32]",
)

_ONE: Final = {"a": "kg_parts(x)"}
_TWO: Final = {"a": "kg_parts(x)", "b": "kg_parts(y)"}
_SCALE: Final = "greatest(q.a.s, q.b.s)"
_WHOLES: Final = "q.a.w IS NOT NULL AND q.b.w IS NOT NULL"

_NUMBERS: Final = (
    f"kg_is_plain(x) AS regexp_full_match(x, {_PLAIN})",
    # Places of parts: from 0, or from the end below 0.
    "kg_place(x) AS TRY_CAST(CASE WHEN regexp_full_match(x, '-?[0-9]{1,18}') THEN x END AS BIGINT)",
    "kg_first(x) AS kg_place(x) + CASE WHEN starts_with(x, '-') THEN 0 ELSE 1 END",
    "kg_last(x) AS kg_place(x) - CASE WHEN starts_with(x, '-') THEN 1 ELSE 0 END",
    "kg_number_kind(x) AS CASE WHEN regexp_full_match(x, '[+-]?[0-9]+') THEN 'i'"
    " WHEN kg_is_plain(x) THEN 'n' ELSE 'd' END",
    # A double as a text: a whole number without a point, an exponent as XML Schema has it.
    "kg_shown(d) AS "
    + _let(
        {"d": "d"},
        "CASE WHEN r.d IS NULL OR isnan(r.d) OR isinf(r.d) THEN NULL"
        " WHEN r.d = trunc(r.d) AND abs(r.d) < 1e15 THEN CAST(CAST(r.d AS BIGINT) AS VARCHAR)"
        " ELSE regexp_replace(replace(replace(CAST(r.d AS VARCHAR), 'e+', 'E'), 'e-', 'E-'),"
        " '\\.0$', '') END",
        "r",
    ),
    "kg_ten(n) AS CAST('1' || repeat('0', n) AS HUGEINT)",
    # A number of m / 10 ** s.
    "kg_decimal(m, s) AS "
    + _let(
        {"t": "CAST(abs(m) AS VARCHAR)", "g": "m < 0", "s": "s"},
        _let(
            {
                "d": "CASE WHEN length(u.t) > u.s THEN u.t"
                " ELSE repeat('0', u.s + 1 - length(u.t)) || u.t END",
                "g": "u.g",
                "s": "u.s",
            },
            "CASE WHEN v.g THEN '-' ELSE '' END || v.d[1:length(v.d) - v.s] || rtrim(rtrim("
            "CASE WHEN v.s > 0 THEN '.' || v.d[length(v.d) - v.s + 1:] ELSE '' END, '0'), '.')",
            "v",
        ),
        "u",
    ),
    "kg_whole(x) AS CASE WHEN length(x) < 38 AND regexp_full_match(x, '[+-]?[0-9]+(?:\\.0*)?')"
    " THEN CAST(split_part(x, '.', 1) AS HUGEINT) END",
    # What a text is as a number: whether it has no exponent; mantissa, scale and digits; itself as
    # a double, and as a whole number.
    "kg_parts(x) AS {'p': kg_is_plain(x), 'm': TRY_CAST(replace(x, '.', '') AS HUGEINT),"
    " 's': length(regexp_extract(x, '\\.([0-9]*)$', 1)), 'n': kg_number(x),"
    " 'd': length(regexp_replace(x, '[^0-9]', '', 'g')), 'w': kg_whole(x), 't': x}",
    "kg_plus(x, y) AS "
    + _let(
        _TWO,
        "CASE WHEN q.a.p AND q.b.p AND greatest(q.a.d - q.a.s, q.b.d - q.b.s) + "
        f"{_SCALE} < 37 THEN kg_decimal(q.a.m * kg_ten({_SCALE} - q.a.s)"
        f" + q.b.m * kg_ten({_SCALE} - q.b.s), {_SCALE}) ELSE kg_shown(q.a.n + q.b.n) END",
    ),
    "kg_negated(x) AS CASE WHEN starts_with(x, '-') THEN x[2:] WHEN starts_with(x, '+')"
    " THEN '-' || x[2:] ELSE '-' || x END",
    "kg_times(x, y) AS "
    + _let(
        _TWO,
        "CASE WHEN q.a.p AND q.b.p AND q.a.d + q.b.d < 38 THEN"
        " kg_decimal(q.a.m * q.b.m, q.a.s + q.b.s) ELSE kg_shown(q.a.n * q.b.n) END",
    ),
    "kg_divided(x, y) AS "
    + _let(
        _TWO,
        f"CASE WHEN q.b.n = 0 THEN NULL WHEN {_WHOLES} AND q.a.w % q.b.w = 0"
        " THEN CAST(q.a.w // q.b.w AS VARCHAR) ELSE kg_shown(q.a.n / q.b.n) END",
    ),
    "kg_quotient(x, y) AS "
    + _let(
        _TWO,
        f"CASE WHEN q.b.n = 0 THEN NULL WHEN {_WHOLES} THEN CAST(q.a.w // q.b.w AS VARCHAR)"
        " ELSE kg_shown(trunc(q.a.n / q.b.n)) END",
    ),
    "kg_mod(x, y) AS "
    + _let(
        _TWO,
        f"CASE WHEN q.b.n = 0 THEN NULL WHEN {_WHOLES} THEN CAST(q.a.w % q.b.w AS VARCHAR)"
        " ELSE kg_shown(fmod(q.a.n, q.b.n)) END",
    ),
    # The whole number below or above; DuckDB divides towards zero.
    "kg_rounded(x, up) AS "
    + _let(
        _ONE,
        "CASE WHEN q.a.p AND q.a.d < 37 THEN CAST(q.a.m // kg_ten(q.a.s) + CASE WHEN"
        " q.a.m % kg_ten(q.a.s) = 0 OR (q.a.m > 0) <> up THEN 0 WHEN up THEN 1 ELSE -1 END"
        " AS VARCHAR) ELSE kg_shown(CASE WHEN up THEN ceil(q.a.n) ELSE floor(q.a.n) END) END",
    ),
    "kg_even(x, odd) AS "
    + _let(
        {"w": "kg_whole(kg_rounded(x, true))"},
        "CASE WHEN abs(q.w) < kg_ten(36) THEN CAST(CASE WHEN (q.w % 2 <> 0) = odd THEN q.w"
        " ELSE q.w + 1 END AS VARCHAR) END",
    ),
    "kg_canonical(x) AS "
    + _let(
        _ONE,
        "CASE WHEN q.a.p AND q.a.d < 38 THEN kg_decimal(q.a.m, q.a.s) WHEN q.a.p"
        " THEN ltrim(q.a.t, '+') ELSE kg_shown(q.a.n) END",
    ),
    # Two numbers are equal as doubles that are not as texts: then the first counts.
    "kg_least(x, y, low) AS "
    + _let(
        _TWO,
        "CASE WHEN q.a.n IS NULL OR q.b.n IS NULL THEN NULL WHEN q.a.n = q.b.n OR"
        " (q.a.n < q.b.n) = low THEN kg_canonical(q.a.t) ELSE kg_canonical(q.b.t) END",
    ),
    "kg_pow(x, y) AS "
    + _let(
        {"a": "kg_number(x)", "b": "kg_number(y)"},
        "CASE WHEN q.a = 0 AND q.b < 0 THEN NULL ELSE kg_shown(pow(q.a, q.b)) END",
    ),
    "kg_short(x) AS CASE WHEN length(x) < 20 THEN TRY_CAST(kg_whole(x) AS BIGINT) END",
    "kg_fact(n) AS CASE WHEN n BETWEEN 0 AND 33 THEN CAST(factorial(CAST(n AS INTEGER)) AS VARCHAR)"
    " WHEN n BETWEEN 34 AND 170 THEN kg_shown(list_product(range(1, n + 1)::DOUBLE[])) END",
    "kg_factn(n, s) AS CASE WHEN n BETWEEN 0 AND 170 AND s > 0 THEN"
    " kg_shown(coalesce(list_product(range(n, 0, -s)::DOUBLE[]), 1)) END",
    "kg_combin(x, y) AS "
    + _let(
        {"n": "x", "k": "y", "l": "least(y, x - y)"},
        "CASE WHEN coalesce(q.k, -1) < 0 OR coalesce(q.n, -1) < 0 OR q.n > 100000 THEN NULL"
        " WHEN q.k > q.n THEN '0'"
        " WHEN q.n < 34 THEN CAST(factorial(CAST(q.n AS INTEGER)) // factorial(CAST(q.k AS"
        " INTEGER)) // factorial(CAST(q.n - q.k AS INTEGER)) AS VARCHAR)"
        " ELSE kg_shown(round(coalesce(list_product(list_transform(range(1, q.l + 1), lambda i:"
        " CAST(q.n - q.l + i AS DOUBLE) / i)), 1))) END",
    ),
    "kg_multinomial(l) AS CASE WHEN len(l) > 0 AND len(list_filter(l, lambda n: n IS NULL OR n < 0"
    " OR n > 33)) = 0 AND list_sum(l) <= 33 THEN CAST(list_reduce(list_prepend("
    "factorial(CAST(list_sum(l) AS INTEGER)), list_transform(l, lambda n:"
    " factorial(CAST(n AS INTEGER)))), lambda a, b: a // b) AS VARCHAR) END",
    "kg_total(l) AS list_reduce(list_prepend('0', l), lambda a, b: kg_plus(a, b))",
    # A number in [0, 1) from the first digits of a digest.
    "kg_share(h) AS CAST(('0x' || h[1:13])::BIGINT AS DOUBLE) / 4503599627370496",
)

_TIMES: Final = (
    # The offset of a zone, as XML Schema writes it; empty where there is none.
    "kg_offset(z) AS CASE WHEN z = '' THEN '' WHEN lower(z) = 'z' THEN 'Z'"
    " WHEN length(z) = 3 THEN z || ':00' WHEN length(z) = 5 THEN z[1:3] || ':' || z[4:5]"
    " ELSE z END",
    f"kg_zone_of(x) AS regexp_extract(x, {_ZONED}, 1)",
    f"kg_local(x) AS TRY_CAST(CASE WHEN regexp_matches(x, {_ZONED})"
    f" THEN regexp_replace(x, ' *{_OFFSET[1:]}, '') ELSE x END AS TIMESTAMP)",
    "kg_offset_minutes(z) AS to_minutes(CASE WHEN length(z) = 6 THEN CAST(z[1] || '1' AS BIGINT)"
    " * (CAST(z[2:3] AS BIGINT) * 60 + CAST(z[5:6] AS BIGINT)) ELSE 0 END)",
    "kg_utc(x) AS kg_local(x) - kg_offset_minutes(kg_offset(kg_zone_of(x)))",
    "kg_date_text(t) AS strftime(t, '%Y-%m-%d')",
    "kg_time_text(t) AS CASE WHEN date_part('microsecond', t) % 1000000 = 0"
    " THEN strftime(t, '%Y-%m-%dT%H:%M:%S')"
    " ELSE rtrim(strftime(t, '%Y-%m-%dT%H:%M:%S.%f'), '0') END",
    # The offset of a zone as Java's letters write it: capitals have Z for that of UTC.
    "kg_zone_text(z, form) AS CASE"
    " WHEN z IN ('Z', '+00:00', '-00:00') THEN CASE WHEN form = upper(form) THEN 'Z'"
    " WHEN length(form) = 3 THEN '+00:00' WHEN length(form) = 2 THEN '+0000' ELSE '+00' END"
    " WHEN length(form) = 3 THEN z WHEN length(form) = 1 AND z[5:6] = '00' THEN z[1:3]"
    " ELSE replace(z, ':', '') END",
    f"kg_zoned_part(x) AS regexp_extract(x, {_OFFSET}, 1)",
    f"kg_unzoned(x) AS regexp_replace(x, {_OFFSET}, '')",
    "kg_minutes(n) AS CASE WHEN n < 0 THEN '-' ELSE '+' END ||"
    " lpad(CAST(abs(n) // 60 AS VARCHAR), 2, '0') || ':' ||"
    " lpad(CAST(abs(n) % 60 AS VARCHAR), 2, '0')",
    "kg_placed(u, zone) AS kg_time_text(timezone(zone, timezone('UTC', u))) || kg_minutes("
    "date_diff('minute', u, timezone(zone, timezone('UTC', u))))",
    # A dateTime without a zone is one of the zone; DuckDB's ICU knows the zones.
    "kg_in_zone(x, zone) AS kg_placed(CASE WHEN kg_zone_of(x) = ''"
    " THEN timezone('UTC', timezone(zone, kg_local(x))) ELSE kg_utc(x) END, zone)",
    "kg_in_offset(x, zone) AS kg_time_text(CASE WHEN kg_zone_of(x) = '' THEN kg_local(x)"
    " ELSE kg_utc(x) + kg_offset_minutes(zone) END) || zone",
    "kg_later(x, t) AS CASE WHEN regexp_matches(x, '[Tt:]') OR t <> date_trunc('day', t)"
    " THEN kg_time_text(t) ELSE kg_date_text(t) END || kg_offset(kg_zone_of(x))",
)

FUNCTION_MACROS: Final = (*_TEXTS, *_NUMBERS, *_TIMES)
