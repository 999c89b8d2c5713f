"""Is the ``kg`` command, and lets ``python -m kg`` be it."""

import os
import sys


def start() -> None:
    """Load the command line and run it; say so too where it is interrupted before it runs."""
    try:
        from kg.cli.main import run
    except KeyboardInterrupt:
        print("kg: interrupted", file=sys.stderr, flush=True)
        os._exit(130)  # as kg.cli.main leaves too, which says why
    run()


if __name__ == "__main__":
    start()
