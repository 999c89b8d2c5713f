"""Canonicalises files of N-Quads by RDFC-1.0, in a process with limits on time and memory.

The algorithm never finishes on some graphs.

Spec: https://www.w3.org/TR/rdf-canon/
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from kg.errors import LimitError, WorldError
from kg.rdf import rdfc
from kg.sizes import parse_size

TIMEOUT: Final = 60.0  # seconds
_MEMORY: Final = "2GB"
_LEAST: Final = "500MB"  # address space that Python needs with pyoxigraph


def canonicalise(
    source: Path,
    target: Path,
    *,
    parts: bool = False,
    digest: str = "sha256",
    timeout: float | None = None,
    memory: str | None = None,
    code: str,
    advice: str,
) -> None:
    """Write the canonical N-Quads of a file to another.

    Args:
        source: N-Quads that fit into the memory.
        target: The file to write.
        parts: Canonicalise each part connected by blank nodes separately; for the format of the
            target see `kg.rdf.rdfc`.
        digest: The hash algorithm: ``sha256`` or ``sha384``.
        timeout: Seconds; by default a minute.
        memory: Memory limit of the process; by default 2 GB.
        code: Error code if a limit is reached.
        advice: Hint for that error, without a full stop.

    Raises:
        LimitError: The limit on time or memory was reached.
        WorldError: The process failed.
    """
    timeout = TIMEOUT if timeout is None else timeout
    memory = memory or _MEMORY
    size = max(parse_size(memory), parse_size(_LEAST))
    # -P keeps the script's folder off the import path: its modules would shadow others.
    command = [sys.executable, "-P", rdfc.__file__, str(source), str(target), str(size), digest]
    try:
        ended = subprocess.run(
            [*command, *(["parts"] if parts else [])],
            timeout=timeout,
            check=False,
            capture_output=True,
        )
    except subprocess.TimeoutExpired as error:
        raise LimitError(
            code,
            f"the blank nodes were not canonicalised within {timeout:g} seconds",
            hint=f"Some graphs never finish by construction. {advice}, or raise --timeout.",
        ) from error
    if ended.returncode and (ended.returncode < 0 or b"memory" in ended.stderr.lower()):
        raise LimitError(
            code,
            f"canonicalising the blank nodes took more than {memory} of memory",
            hint=f"{advice}, or raise --memory.",
        )
    if ended.returncode:
        raise WorldError(
            "canonical-failed",
            f"canonicalising ended with code {ended.returncode}:"
            f" {ended.stderr.decode(errors='replace')[-500:]}",
        )
