SELECT day, count(*) AS flights, sum(distance) AS sum FROM flights
WHERE month = 12 GROUP BY day ORDER BY day
