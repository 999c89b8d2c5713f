"""The sieve: shapes compiled to SQL that finds suspect focus nodes, never too few."""
