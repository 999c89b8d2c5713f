"""A small graph with terms that are hard to write."""

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD = "http://www.w3.org/2001/XMLSchema#"
EX = "https://example.org/"
VOC = "https://example.org/ns#"
RECORD = f"<{EX}graph/record>"
TALKS = f"<{EX}graph/talks>"
INFERRED = f"<{EX}graph/inferred>"

LAUNCH = f"<{EX}launch-1>"

SAMPLE = [
    (LAUNCH, f"<{RDF}type>", f"<{VOC}Launch>", RECORD),
    (LAUNCH, f"<{RDF}type>", f"<{VOC}Launch>", TALKS),
    (LAUNCH, f"<{RDF}type>", f"<{VOC}Event>", INFERRED),
    (LAUNCH, f"<{VOC}apogee>", f'"1000"^^<{XSD}integer>', RECORD),
    (LAUNCH, f"<{VOC}apogee>", f'"01000"^^<{XSD}integer>', RECORD),
    (LAUNCH, f"<{VOC}range>", f'"999.50"^^<{XSD}decimal>', RECORD),
    (LAUNCH, f"<{VOC}success>", f'"true"^^<{XSD}boolean>', RECORD),
    (LAUNCH, f"<{VOC}mass>", f'"1.5E3"^^<{XSD}double>', RECORD),
    (LAUNCH, f"<{VOC}date>", f'"2022-11-18"^^<{XSD}date>', RECORD),
    (LAUNCH, f"<{VOC}label>", '"Hwasong-17"', RECORD),
    (LAUNCH, f"<{VOC}label>", '"화성포-17형"@ko', RECORD),
    (LAUNCH, f"<{VOC}site>", f"<{EX}site/1>", RECORD),
    (LAUNCH, f"<{VOC}note>", '"a \\"quoted\\"\\nline\\\\"', TALKS),
    (f"<{EX}dot.>", f"<{VOC}site>", f"<{EX}a.b>", None),
    (f"<{EX}site/1>", "<http://www.w3.org/2000/01/rdf-schema#label>", '"Site"@en', RECORD),
    ("_:fb0", f"<{VOC}of>", LAUNCH, None),
    # Nested: a node in a node, with two objects, an empty node and a list.
    (LAUNCH, f"<{VOC}stage>", "_:s1", RECORD),
    ("_:s1", f"<{RDF}type>", f"<{VOC}Stage>", RECORD),
    ("_:s1", f"<{VOC}engine>", "_:e1", RECORD),
    ("_:s1", f"<{VOC}engine>", "_:e2", RECORD),
    ("_:e2", f"<{VOC}count>", f'"4"^^<{XSD}integer>', RECORD),
    ("_:e2", f"<{VOC}name>", '"first"', RECORD),
    ("_:s1", f"<{VOC}parts>", "_:l1", RECORD),
    ("_:l1", f"<{RDF}first>", f"<{EX}part-1>", RECORD),
    ("_:l1", f"<{RDF}rest>", "_:l2", RECORD),
    ("_:l2", f"<{RDF}first>", "_:e3", RECORD),
    ("_:l2", f"<{RDF}rest>", f"<{RDF}nil>", RECORD),
    ("_:e3", f"<{VOC}name>", '"second"', RECORD),
    # These keep their labels: two references, a cycle, two graphs.
    (LAUNCH, f"<{VOC}twice>", "_:t1", RECORD),
    (LAUNCH, f"<{VOC}again>", "_:t1", RECORD),
    ("_:c1", f"<{VOC}next>", "_:c2", RECORD),
    ("_:c2", f"<{VOC}next>", "_:c1", RECORD),
    (LAUNCH, f"<{VOC}place>", "_:g1", RECORD),
    ("_:g1", f"<{VOC}name>", '"elsewhere"', TALKS),
]
