"""Turtle by rdflib, which must read the triples first: python with_rdflib.py SOURCE TARGET."""

import resource
import sys

import rdflib

graph = rdflib.Graph().parse(sys.argv[1], format="nt11")
used = resource.getrusage(resource.RUSAGE_SELF)
print(f"  rdflib read the file in {used.ru_utime + used.ru_stime:.1f} CPU s", file=sys.stderr)
graph.serialize(sys.argv[2], format="turtle")
