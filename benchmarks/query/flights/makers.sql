SELECT manufacturer, count(*) AS flights, sum(distance) AS sum FROM flights JOIN planes USING (tailnum)
WHERE manufacturer IS NOT NULL GROUP BY manufacturer ORDER BY sum DESC
