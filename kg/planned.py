"""The plan of a workspace: read from its mappings, or as it was kept for the same ones."""

from __future__ import annotations

import json
from contextlib import suppress

from kg.kept import Kept
from kg.mapping.documents import read_mappings
from kg.mapping.plan import Plan
from kg.mapping.stored import from_stored, to_stored
from kg.workspace import Workspace

_STEP = "plan"


def read_plan(workspace: Workspace, kept: Kept, rules: str | None) -> Plan:
    """Return the plan of the mappings of a workspace.

    Args:
        workspace: The workspace.
        kept: What the build before has kept.
        rules: The key of all that the plan depends on.

    Raises:
        InputError: As `read_mappings` does.
    """
    text = kept.find(_STEP, rules)
    with suppress(ValueError, TypeError, LookupError, AttributeError, RecursionError):
        plan = from_stored(json.loads(text))
        kept.keep_again(_STEP, rules)
        return plan
    plan = read_mappings(workspace.mapping_files, workspace.prefixes, workspace.base)
    nodes = None if rules is None else to_stored(plan)
    if nodes is not None:
        kept.keep(_STEP, rules, json.dumps(nodes))
    return plan
