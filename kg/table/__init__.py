"""The coded copies of the quad table, from which the table engine answers queries.

`ids` says what number stands for a term; `write` makes the copies; `macros` are what the SQL of
queries is written in.
"""
