"""A small graph with what is hard to write, and the files that it must give."""

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
]

TURTLE = """\
@prefix ex: <https://example.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix voc: <https://example.org/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<https://example.org/dot.> voc:site ex:a.b .

ex:launch-1 a voc:Launch ;
    voc:apogee "01000"^^xsd:integer ,
        1000 ;
    voc:date "2022-11-18"^^xsd:date ;
    voc:label "Hwasong-17" ,
        "화성포-17형"@ko ;
    voc:mass 1.5E3 ;
    voc:note "a \\"quoted\\"\\nline\\\\" ;
    voc:range 999.50 ;
    voc:site <https://example.org/site/1> ;
    voc:success true .

<https://example.org/site/1> rdfs:label "Site"@en .

_:fb0 voc:of ex:launch-1 .

"""

TRIG = """\
@prefix ex: <https://example.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix voc: <https://example.org/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<https://example.org/dot.> voc:site ex:a.b .

_:fb0 voc:of ex:launch-1 .

<https://example.org/graph/record> {
    ex:launch-1 a voc:Launch ;
        voc:apogee "01000"^^xsd:integer ,
            1000 ;
        voc:date "2022-11-18"^^xsd:date ;
        voc:label "Hwasong-17" ,
            "화성포-17형"@ko ;
        voc:mass 1.5E3 ;
        voc:range 999.50 ;
        voc:site <https://example.org/site/1> ;
        voc:success true .

    <https://example.org/site/1> rdfs:label "Site"@en .
}

<https://example.org/graph/talks> {
    ex:launch-1 a voc:Launch ;
        voc:note "a \\"quoted\\"\\nline\\\\" .
}

"""
