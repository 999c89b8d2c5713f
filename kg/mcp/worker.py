"""The worker of ``kg mcp``: as that of ``kg serve``, with tools in place of pages."""

from __future__ import annotations

from kg.mcp.tools import reply
from kg.serve.worker import main

if __name__ == "__main__":
    main(reply)
