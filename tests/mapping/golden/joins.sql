-- source_0: child.csv (CSV)
--   c0 = id
--   c1 = a
--   c2 = c
--   c3 = e
--   s0 = kg_iri_safe(c0) || '>'
-- source_1: parent.csv (CSV)
--   c0 = b
--   c1 = d
--   c2 = id
--   s0 = kg_iri_safe(c2) || '>'
-- b = 1: <http://example.org/child/
-- b = 3: <http://example.org/parent/
-- p = 0: <http://example.org/by-key>
-- p = 1: <http://example.org/by-value>

-- joins.yml#child
SELECT b, s, u.p, o, u.g FROM (SELECT b, s, o, unnest([{'p': 1::INTEGER, 'g': -1::INTEGER}]) AS u FROM (SELECT DISTINCT 1::INTEGER AS b, s0 AS s, c1 AS k0, c2 AS k1 FROM source_0) AS child JOIN (SELECT DISTINCT '<http://example.org/parent/' || s0 AS o, c0 AS k0, c1 AS k1 FROM source_1) AS parent ON child.k0 = parent.k0 AND child.k1 = parent.k1) WHERE s IS NOT NULL AND o IS NOT NULL;

-- joins.yml#child
SELECT 1::INTEGER AS b, s0 AS s, 0::INTEGER AS p, '<http://example.org/parent/' || kg_iri_safe(c3) || '>' AS o, -1::INTEGER AS g FROM source_0 WHERE s0 IS NOT NULL AND c3 IN (SELECT c2 FROM source_1) AND NOT (c3 IS NULL);
