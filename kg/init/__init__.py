"""A new workspace: a small example; `kg.init.workspace` makes one of files with tables."""

from kg.init.template import TEMPLATE_BASE, check_base, init_workspace

__all__ = ["TEMPLATE_BASE", "check_base", "init_workspace"]
