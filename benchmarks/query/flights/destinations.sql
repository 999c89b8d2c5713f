SELECT name, avg(arr_delay) AS mean FROM flights JOIN airports ON dest = faa
WHERE arr_delay IS NOT NULL GROUP BY name HAVING count(*) > 1000 ORDER BY mean DESC LIMIT 10
