"""Turtle from a pyoxigraph store on disk: python dump.py STORE TARGET."""

import sys

import pyoxigraph as ox

store = ox.Store.read_only(sys.argv[1])
store.dump(sys.argv[2], ox.RdfFormat.TURTLE, from_graph=ox.DefaultGraph())
