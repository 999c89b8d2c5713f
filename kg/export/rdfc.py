"""The child process that canonicalises: ``python -P rdfc.py FROM TO BYTES DIGEST``.

It reads N-Quads and writes canonical N-Quads. Oxigraph's canonicalisation cannot be stopped or
limited, but a process can. It does not import kg.
"""

from __future__ import annotations

import sys


def main(arguments: list[str]) -> int:
    """Canonicalise one file into another, within a limit on memory in bytes."""
    import pyoxigraph as ox

    source, target, size, digest = arguments
    _limit_memory(int(size))
    dataset = ox.Dataset(ox.parse(path=source, format=ox.RdfFormat.N_QUADS))
    algorithms = ox.CanonicalizationAlgorithm
    dataset.canonicalize(
        algorithms.RDFC_1_0_SHA_384 if digest == "sha384" else algorithms.RDFC_1_0_SHA_256
    )
    ox.serialize(dataset, target, ox.RdfFormat.N_QUADS)
    return 0


def _limit_memory(size: int) -> None:
    """Limit the memory of this process, and make it end when its parent ends."""
    import resource

    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG, SIGKILL

    resource.setrlimit(resource.RLIMIT_AS, (size, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
