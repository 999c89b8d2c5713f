"""Export: RDF files streamed out of the quad table, the same bytes every time."""
