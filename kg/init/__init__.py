"""A new workspace: a small example, or an empty one for claims.

`kg.init.workspace` makes one of files with tables.
"""

from kg.init.template import TEMPLATE_BASE, Template, check_base, init_workspace

__all__ = ["TEMPLATE_BASE", "Template", "check_base", "init_workspace"]
