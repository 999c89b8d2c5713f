SELECT visib, count(*) AS flights, avg(dep_delay) AS mean
FROM flights JOIN weather USING (origin, time_hour)
WHERE visib < 3 AND dep_delay IS NOT NULL GROUP BY visib ORDER BY visib
