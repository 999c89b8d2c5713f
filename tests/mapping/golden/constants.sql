-- source_0: t.csv (CSV)
-- p = 0: <http://www.w3.org/1999/02/22-rdf-syntax-ns#type>
-- p = 1: <http://example.org/p>

-- constants.yml#m
SELECT 0::INTEGER AS b, '<http://example.org/it>' AS s, 0::INTEGER AS p, '<http://example.org/Thing>' AS o, -1::INTEGER AS g FROM source_0 WHERE '<http://example.org/it>' IS NOT NULL;

-- constants.yml#m
SELECT 0::INTEGER AS b, '<http://example.org/it>' AS s, 1::INTEGER AS p, '"it''s \"one\""@en' AS o, -1::INTEGER AS g FROM source_0 WHERE '<http://example.org/it>' IS NOT NULL;
