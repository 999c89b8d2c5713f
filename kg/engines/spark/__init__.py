"""Apache Spark: the plan of a mapping as Spark SQL, run on a cluster or on one machine.

Nothing but this package imports pyspark, and no row passes through Python.
"""
