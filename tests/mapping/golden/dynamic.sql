-- source_0: t.csv (CSV)
--   c0 = iri
--   c1 = key
--   c2 = graph
--   c3 = value
--   s0 = CASE WHEN c0 IS NULL THEN NULL WHEN kg_is_iri(c0) THEN '<' || c0 || '>' ELSE error('kg-bad-value') END

-- dynamic.yml#m
SELECT 0::INTEGER AS b, s0 AS s, '<http://example.org/' || kg_iri_safe(c1) || '>' AS p, kg_quoted(c3) AS o, '<http://example.org/graph/' || kg_iri_safe(c2) || '>' AS g FROM source_0 WHERE s0 IS NOT NULL AND NOT (c2 IS NULL) AND NOT (c3 IS NULL) AND NOT (c1 IS NULL);

-- dynamic.yml#m
SELECT 0::INTEGER AS b, s0 AS s, '<http://example.org/p>' AS p, '"x"' AS o, NULL::VARCHAR AS g FROM source_0 WHERE s0 IS NOT NULL;
