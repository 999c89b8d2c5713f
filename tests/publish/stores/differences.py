"""Questions that a store answers otherwise than the local index, with the reason."""

DIFFERENCES: dict[str, dict[str, str]] = {"oxigraph": {}, "fuseki": {}, "rdf4j": {}, "virtuoso": {}}
