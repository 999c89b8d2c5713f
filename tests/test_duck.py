"""The engine's memory limit."""

from kg.duck import SMALLEST_LIMIT, engine, reserve
from kg.sizes import parse_size

MIB = 2**20


def limit(connection) -> int:
    (text,) = connection.execute("SELECT current_setting('memory_limit')").fetchone()
    return parse_size(text)


def test_what_a_library_takes_is_reserved_once(tmp_path):
    with engine(tmp_path, "400MB") as connection:
        before = limit(connection)
        for _ in range(2):
            reserve(connection, "lxml", 32 * MIB)
            assert abs(before - 32 * MIB - limit(connection)) < MIB
        reserve(connection, "other", 16 * MIB)
        assert abs(before - 48 * MIB - limit(connection)) < MIB


def test_the_engine_keeps_what_it_needs(tmp_path):
    with engine(tmp_path, "200MB") as connection:
        reserve(connection, "lxml", 500 * MIB)
        assert abs(limit(connection) - SMALLEST_LIMIT) < MIB
