"""Engines: what runs a mapping over its sources and writes the quads, one package an engine."""
