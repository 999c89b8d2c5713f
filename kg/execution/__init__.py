"""The report of a run: what was read, made, lost and refused, with places and causes."""

from __future__ import annotations
