"""The keys of documents that no mapping reads, as far as the build before has looked for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Final

from kg.findings.keys import Unread
from kg.kept import Kept
from kg.mapping.plan import LogicalSource
from kg.sources.files import SourceFile

_STEP: Final = "unread"


def known_unread(
    kept: Kept, rules: str | None, sources: Mapping[LogicalSource, Iterable[SourceFile]]
) -> dict[SourceFile, Unread]:
    """Return what is known of the files of sources that are the same under the same rules.

    Args:
        kept: What the build before has kept.
        rules: The key of the rules.
        sources: The files of each source.
    """
    found = {
        (path, member): (content, Unread(keys, sampled))
        for path, member, content, keys, sampled in kept.find(_STEP, rules) or ()
    }
    known: dict[SourceFile, Unread] = {}
    for file in chain(*sources.values()):
        content, unread = found.get((str(file.path), file.member), (None, None))
        if unread is not None and content == kept.digest(file.path):
            known[file] = unread
    return known


def keep_unread(kept: Kept, rules: str | None, unread: Mapping[SourceFile, Unread]) -> None:
    """Keep what is known of files, for the next build."""
    rows = [
        (str(file.path), file.member, content, found.keys, found.sampled)
        for file, found in unread.items()
        if (content := kept.digest(file.path)) is not None
    ]
    kept.keep(_STEP, rules, rows)
