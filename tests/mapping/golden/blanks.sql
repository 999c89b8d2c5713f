-- source_0: t.csv (CSV)
--   c0 = id
--   c1 = part
--   s0 = kg_iri_safe(c0) || '>'
-- b = 1: <http://base.example/thing/
-- p = 0: <http://example.org/p>

-- blanks.yml#m
SELECT 1::INTEGER AS b, s0 AS s, 0::INTEGER AS p, '_:b' || md5((c0 || '-' || c1)) AS o, -1::INTEGER AS g FROM source_0 WHERE s0 IS NOT NULL AND NOT (c0 IS NULL OR c1 IS NULL);
