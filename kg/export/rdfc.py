"""The process that canonicalises: ``python -P rdfc.py FROM TO BYTES DIGEST``.

It reads N-Quads and writes canonical N-Quads. It is on its own so that it can be stopped, and so
that what it takes is limited: the library gives no way to do either. It imports nothing of kg.
"""

from __future__ import annotations

import sys


def main(arguments: list[str]) -> int:
    """Canonicalise one file to another within so many bytes of memory."""
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
    """Limit what this process takes, and have the system end it with the one that started it."""
    import resource

    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG, SIGKILL

    resource.setrlimit(resource.RLIMIT_AS, (size, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
