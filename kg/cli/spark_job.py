"""The file that ``spark-submit`` starts: ``kg map --engine spark`` with the arguments behind it."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    # Python looks for modules beside the file that it starts; those here are parts of kg.
    del sys.path[0]
    from kg.__main__ import start

    sys.argv[1:1] = ["map", "--engine", "spark"]
    start()
