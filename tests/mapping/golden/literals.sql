-- source_0: t.csv (CSV)
--   c0 = id
--   c1 = name
--   c2 = language
--   c3 = a
--   c4 = b
--   s0 = kg_iri_safe(c0) || '>'
-- b = 1: <http://example.org/thing/
-- p = 0: <http://example.org/p>
-- p = 1: <http://example.org/q>
-- g = 0: <http://example.org/graph>

-- literals.yml#m
SELECT 1::INTEGER AS b, s0 AS s, 0::INTEGER AS p, kg_quoted(c1) AS o, 0::INTEGER AS g FROM source_0 WHERE s0 IS NOT NULL AND NOT (c1 IS NULL);

-- literals.yml#m
SELECT 1::INTEGER AS b, s0 AS s, 0::INTEGER AS p, kg_quoted(c1) || '@en' AS o, 0::INTEGER AS g FROM source_0 WHERE s0 IS NOT NULL AND NOT (c1 IS NULL);

-- literals.yml#m
SELECT 1::INTEGER AS b, s0 AS s, 1::INTEGER AS p, kg_quoted(c1) || CASE WHEN c2 IS NULL THEN NULL WHEN kg_is_language(c2) THEN '@' || lower(c2) ELSE error('kg-bad-value') END AS o, 0::INTEGER AS g FROM source_0 WHERE s0 IS NOT NULL AND NOT (c1 IS NULL OR c2 IS NULL);

-- literals.yml#m
SELECT 1::INTEGER AS b, s0 AS s, 1::INTEGER AS p, kg_quoted((c3 || ' of ' || c4)) || '^^<http://www.w3.org/2001/XMLSchema#date>' AS o, 0::INTEGER AS g FROM source_0 WHERE s0 IS NOT NULL AND NOT (c3 IS NULL OR c4 IS NULL);

-- literals.yml#m
SELECT 1::INTEGER AS b, s0 AS s, 1::INTEGER AS p, '<http://example.org/other/' || kg_iri_safe(c3) || '>' AS o, 0::INTEGER AS g FROM source_0 WHERE s0 IS NOT NULL AND NOT (c3 IS NULL);
