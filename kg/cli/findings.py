"""Report the first findings after a build, with place and advice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.cli.context import Settings
    from kg.findings import Finding

# Most findings in a summary, unless all are asked for.
MOST_SHOWN: Final = 10


def say_findings(shared: Settings, findings: Sequence[Finding]) -> None:
    """Report the findings that are not accepted, the worst first.

    Args:
        shared: Writes messages.
        findings: The findings.
    """
    ordered = sorted(findings, key=lambda each: -each.level)
    shown = ordered if shared.verbose else ordered[:MOST_SHOWN]
    for finding in shown:
        for line in finding.lines():
            shared.say(line)
    if len(shown) < len(ordered):
        shared.say(
            f"and {counted(len(ordered) - len(shown), 'more finding')}; `kg check` lists all"
        )
    if ordered:
        shared.say("`kg check --accept` accepts those that are intended")
