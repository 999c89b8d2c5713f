"""kg: source facts in, a validated, queryable, exportable knowledge graph out."""
