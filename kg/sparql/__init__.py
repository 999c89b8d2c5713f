"""SPARQL text: its tokens, its grammar, and the guard that each query passes before it is asked."""
