"""Questions: SPARQL text with a header and parameters, asked of the index, answers streamed."""
