"""Lets ``python -m kg`` be the ``kg`` command."""

from kg.cli.main import run

run()
