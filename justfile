# Short names for what developers do; everything runs without `just` too.

python := ".venv/bin/python"

# Set up, then every check and test: what CI runs.
check:
    python3 start.py test

# Set up only.
setup:
    python3 start.py setup

# Some tests: just test tests/test_init.py -k folder
test *arguments:
    {{python}} -m pytest {{arguments}}

# Lay out and lint.
lint:
    {{python}} -m ruff format .
    {{python}} -m ruff check --fix .
    {{python}} -m mypy
    .venv/bin/lint-imports

# Write into the pages what their commands show now.
docs:
    {{python}} -m tests.test_docs

# Take the newest releases into the lock (needs uv); then: python3 start.py test
lock *arguments="--upgrade":
    uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras --generate-hashes --no-strip-extras --output-file requirements.txt {{arguments}}
