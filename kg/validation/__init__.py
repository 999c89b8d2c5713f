"""SHACL validation: suspects found by SQL, the judge, results led back to their records."""
