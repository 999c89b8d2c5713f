-- source_0: t.json (JSONPath) $.rows[*]
--   c0 = id
--   list c1 = names[*]
--   list c2 = years[*]
--   s0 = kg_iri_safe(c0) || '>'
-- b = 1: <http://example.org/
-- p = 0: <http://example.org/p>
-- p = 1: <http://example.org/q>

-- lists.yml#m
SELECT b, s, u.p, u.o, u.g FROM (SELECT 1::INTEGER AS b, s0 AS s, unnest(list_transform(list_transform(c1, lambda e1: kg_natural(e1.v, e1.t)), lambda x_o: {'p': 0::INTEGER, 'o': x_o, 'g': -1::INTEGER})) AS u FROM source_0 WHERE s0 IS NOT NULL) WHERE u.o IS NOT NULL AND u.p IS NOT NULL;

-- lists.yml#m
SELECT b, s, u.p, u.o, u.g FROM (SELECT 1::INTEGER AS b, s0 AS s, unnest(list_transform(flatten(list_transform(c1, lambda e1: list_transform(c2, lambda e2: kg_quoted((e1.v || '-' || e2.v))))), lambda x_o: {'p': 1::INTEGER, 'o': x_o, 'g': -1::INTEGER})) AS u FROM source_0 WHERE s0 IS NOT NULL) WHERE u.o IS NOT NULL AND u.p IS NOT NULL;
