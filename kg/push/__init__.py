"""Pushes a graph into a remote store: all of it, or what has changed since the last push."""

from kg.push.model import CHUNK, Changed, Pushed, PushedGraph, PushOptions
from kg.push.pushing import plan_changes, plan_push, push
from kg.push.rows import value_sql
from kg.push.urls import check_url, endpoint_of, graph_url, update_of

__all__ = [
    "CHUNK",
    "Changed",
    "PushOptions",
    "Pushed",
    "PushedGraph",
    "check_url",
    "endpoint_of",
    "graph_url",
    "plan_changes",
    "plan_push",
    "push",
    "update_of",
    "value_sql",
]
