"""What this installation of kg is: its version, and the documentation that comes with it.

A wheel holds the pages in ``kg/docs``; a source tree, also one that is installed as editable, has
them in ``docs`` beside the package.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Final

from kg.errors import UsageError, WorldError

# Name on the package index, where the name kg belongs to another project.
DISTRIBUTION: Final = "kg-exporter"

# A row of the table of contents in docs/README.md: the page, and what it is for.
_ROW: Final = re.compile(r"^\| \[([\w-]+)\.md\]\(\1\.md\) \| (.+?) \|$", re.MULTILINE)
_HEADING: Final = re.compile(r"^(#{1,6}) (.+?) *$")
# The text of a link may be on two lines.
_LINK: Final = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_ERRORS: Final = "errors"  # the page whose headings are the codes of errors
_FINDINGS: Final = "check"  # the page whose table has the codes of findings


def tool_version() -> str:
    """Return the version of kg; ``unknown`` where it runs without being installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"


@cache
def pages() -> dict[str, str]:
    """Return the name of each page of the documentation, with what it is for.

    Raises:
        WorldError: The pages are missing from the installation.
    """
    return dict(_ROW.findall(_read("README")))


def find_help(topic: str) -> str:
    """Return the text of a topic as a terminal shows it.

    Args:
        topic: A page (``query``), a section of one (``query#parameters``), or the code of
            an error (``missing-column``). The ending ``.md`` and ``docs/`` before it may be left.

    Raises:
        UsageError: There is no such topic; the hint names the nearest.
        WorldError: The pages are missing from the installation.

    >>> find_help("usage").splitlines()[0]
    '## usage'
    """
    name, _, anchor = topic.strip().strip("[]").removeprefix("docs/").partition("#")
    name = name.removesuffix(".md")
    if name in pages():
        text = _read(name)
        found = _section(text, anchor) if anchor else text
    else:
        found = (_section(_read(_ERRORS), name) or _finding(name)) if name else None
    if found is None:
        raise _unknown(topic, name, anchor)
    return _without_links(found)


def _finding(code: str) -> str | None:
    """Return what a finding of ``kg check`` means, from the table of its page."""
    row = re.search(rf"^\| [^|]*`{re.escape(code)}`.*$", _read(_FINDINGS), re.MULTILINE)
    if row is None:
        return None
    level, meaning = (cell.strip() for cell in row[0].strip("| ").split(" | ")[1:])
    return f"## {code}\n\n{meaning}. Level: {level}.\n\nSee [check.md](check.md).\n"


def finding_codes() -> list[str]:
    """Return the codes of findings that the documentation explains."""
    return re.findall(r"^\| `([a-z-]+)` \|", _read(_FINDINGS), re.MULTILINE)


def error_codes() -> list[str]:
    """Return the codes of errors that the documentation explains."""
    return re.findall(r"^## (.+)$", _read(_ERRORS), re.MULTILINE)


def _unknown(topic: str, name: str, anchor: str) -> UsageError:
    if anchor and name in pages():
        anchors = [
            _anchor(found[2]) for found in map(_HEADING.match, _read(name).split("\n")) if found
        ]
        known = [f"{name}#{each}" for each in anchors]
    else:
        known = [*pages(), *error_codes(), *finding_codes()]
    near = get_close_matches(topic, known, n=3)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    return UsageError(
        "unknown-topic",
        f"there is no help on {topic!r}",
        hint=f"{hint}`kg help` lists the topics.",
    )


def _read(name: str) -> str:
    """Return the text of a page."""
    package = Path(__file__).resolve().parent
    for folder in (package / "docs", package.parent / "docs"):
        path = folder / f"{name}.md"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise WorldError(
        "disk",
        f"the page {name}.md of the documentation is missing from {package}",
        hint=f"Install kg again: pip install --force-reinstall {DISTRIBUTION}",
    )


def _section(text: str, anchor: str) -> str | None:
    """Return the section of a page with its heading, up to the next one of its level."""
    kept: list[str] = []
    level = 0
    fenced = False
    for line in text.split("\n"):
        fenced ^= line.startswith("```")
        found = None if fenced else _HEADING.match(line)
        if kept and found and len(found[1]) <= level:
            break
        if not kept and found and anchor == _anchor(found[2]):
            level = len(found[1])
            kept.append(line)
        elif kept:
            kept.append(line)
    return "\n".join(kept).rstrip("\n") + "\n" if kept else None


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _without_links(text: str) -> str:
    """Return a page with its links as a terminal can follow them: other topics, and addresses."""
    parts = re.split(r"(^```.*?^```)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else _LINK.sub(_shown, part) for part in parts)


def _shown(link: re.Match[str]) -> str:
    words, target = link[1], link[2]
    if re.match(r"[a-z]+:", target):
        return words if words == target else f"{words} ({target})"
    page, hash_, anchor = target.partition("#")
    name = page.removesuffix(".md")
    if name not in pages():
        return words
    command = f"`kg help {name}{hash_}{anchor}`"
    return command if words.removesuffix(".md") == name else f"{words} ({command})"
