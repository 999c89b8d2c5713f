SELECT name, count(*) AS flights, avg(arr_delay) AS mean FROM flights JOIN airlines USING (carrier)
WHERE arr_delay IS NOT NULL GROUP BY name ORDER BY mean DESC
