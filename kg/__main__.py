"""Is the ``kg`` command, and lets ``python -m kg`` be it."""

import gc
import os
import sys

# New objects between two searches for cycles, of which kg makes few: with Python's own 700 a
# short question spends a tenth of its time on them. As many objects are some 20 MB; with a third
# of that number a build of a small graph looks once, for as long as it maps a table.
_OBJECTS = 300_000


def start() -> None:
    """Load the command line and run it; say so too where it is interrupted before it runs."""
    gc.set_threshold(_OBJECTS, 10, 10)
    try:
        from kg.cli.main import run
    except KeyboardInterrupt:
        print("kg: interrupted", file=sys.stderr, flush=True)
        os._exit(130)  # as kg.cli.main leaves too, which says why
    run()


if __name__ == "__main__":
    start()
