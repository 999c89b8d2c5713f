"""Slips that people make in a workspace, each with the finding that tells it.

Each is: name, changes of files (text to replace, or a new file), and what must be told: the code,
what the place and the message hold, and what the advice holds.
"""

from __future__ import annotations

from dataclasses import dataclass

MAPPING = "data/facts.yarrrml.yml"
PEAKS = "data/peaks.csv"
ASCENTS = "data/ascents.yaml"
VOCABULARY = "ontology/vocabulary.ttl"
SHAPES = "shapes/shapes.ttl"
QUESTION = "queries/first-ascents.rq"


@dataclass(frozen=True)
class Slip:
    """A slip: in `file`, `old` becomes `new`; with an empty `old` the file is made anew."""

    file: str
    old: str
    new: str
    code: str
    place: str = ""
    says: str = ""
    advice: str = ""


TYPED = "undeclared-term"
UNUSED = "unused-file"
SLIPS = {
    # Names in the mapping.
    "class misspelt": Slip(
        MAPPING, "[a, ns:Peak]", "[a, ns:Paek]", TYPED, f"{MAPPING}:19", "class ns:Paek", "ns:Peak?"
    ),
    "property misspelt": Slip(
        MAPPING, "[ns:range,", "[ns:rnage,", TYPED, f"{MAPPING}:25", "property ns:rnage", "ns:range"
    ),
    "property in upper case": Slip(
        MAPPING, "[ns:day,", "[ns:Day,", TYPED, MAPPING, "ns:Day", "ns:day"
    ),
    "term of SKOS misspelt": Slip(
        MAPPING, "skos:altLabel", "skos:alLabel", TYPED, MAPPING, "skos:alLabel", "skos:altLabel"
    ),
    "term of RDFS misspelt": Slip(
        MAPPING, "[rdfs:label, $(name)]", "[rdfs:lable, $(name)]", TYPED, MAPPING, "rdfs:lable"
    ),
    "class that a column names": Slip(
        MAPPING, "[a, ns:Peak]", "[a, 'ns:$(key)~iri']", TYPED, "", "class ns:denali", "Declare"
    ),
    "property without like": Slip(
        MAPPING, "[ns:range,", "[ns:zzz,", TYPED, MAPPING, "ns:zzz", "Declare it in ontology/"
    ),
    # Names in the vocabulary.
    "class declared under another name": Slip(
        VOCABULARY, "ns:Ascent a", "ns:Climb a", TYPED, MAPPING, "ns:Ascent", "Declare"
    ),
    # Shapes.
    "target class misspelt": Slip(
        SHAPES,
        "targetClass ns:Peak ",
        "targetClass ns:Peek ",
        "unused-shape",
        SHAPES,
        "ns:Peek",
        "ns:Peak",
    ),
    "target class that nothing is": Slip(
        SHAPES, "targetClass ns:Ascent", "targetClass ns:Zebra", "unused-shape", SHAPES, "ns:Zebra"
    ),
    "target by a property that nothing has": Slip(
        SHAPES, "sh:targetClass ns:Peak", "sh:targetSubjectsOf ns:zzz", "unused-shape", SHAPES
    ),
    "undeclared target class": Slip(
        SHAPES, "targetClass ns:Peak ", "targetClass ns:Peek ", TYPED, SHAPES, "ns:Peek", "ns:Peak"
    ),
    "path misspelt": Slip(
        SHAPES,
        "sh:path ns:climber",
        "sh:path ns:climbers",
        TYPED,
        SHAPES,
        "ns:climbers",
        "ns:climber",
    ),
    "class constraint misspelt": Slip(
        SHAPES, "sh:class ns:Peak", "sh:class ns:Pek", TYPED, SHAPES, "ns:Pek", "ns:Peak"
    ),
    "sh:node names no shape": Slip(
        SHAPES,
        "sh:targetClass ns:Peak ;",
        "sh:targetClass ns:Peak ; sh:node ns:Missing ;",
        "missing-shape",
        SHAPES,
        "ns:Missing",
        "Mend the name",
    ),
    "sh:or names no shape": Slip(
        SHAPES,
        "sh:targetClass ns:Peak ;",
        "sh:targetClass ns:Peak ; sh:or ( ns:A ns:PeakShape ) ;",
        "missing-shape",
        SHAPES,
        "ns:A",
    ),
    "shapes import": Slip(
        SHAPES,
        "ns:PeakShape a",
        "<urn:s> <http://www.w3.org/2002/07/owl#imports> <urn:o> .\nns:PeakShape a",
        "unfollowed-import",
        SHAPES,
        "urn:o",
        "Put the file beside",
    ),
    "ontology imports": Slip(
        VOCABULARY,
        "ns:Peak a",
        "<urn:s> owl:imports <urn:o> .\nns:Peak a",
        "unfollowed-import",
        VOCABULARY,
        "urn:o",
        "Put the file beside",
    ),
    # Files.
    "data file that nothing uses": Slip("data/huts.csv", "", "key\na\n", UNUSED, "data/huts.csv"),
    "spreadsheet that nothing uses": Slip(
        "data/sub/huts.xlsx", "", "x", UNUSED, "data/sub/huts.xlsx"
    ),
    "mapping of another name": Slip(
        "data/huts.yml",
        "",
        "mappings:\n  hut: {po: []}\n",
        UNUSED,
        "data/huts.yml",
        "not read as one: name it huts.yarrrml.yml",
        "kg reads mappings from",
    ),
    "RML that is read as data": Slip(
        "data/huts.ttl",
        "",
        "@prefix rml: <http://w3id.org/rml/> . <#m> rml:logicalSource [] .\n",
        UNUSED,
        "data/huts.ttl",
        "name it huts.rml.ttl",
    ),
    "data under another name": Slip("data/peaks (1).csv", "", "key\na\n", UNUSED, "peaks (1).csv"),
    "JSON that nothing uses": Slip("data/more.json", "", "{}", UNUSED, "data/more.json"),
    # Columns.
    "column left out of the mapping": Slip(
        MAPPING,
        "      - [ns:range, $(range)]\n",
        "",
        "unread-column",
        f"{PEAKS}:1",
        "column range",
        "Map it",
    ),
    "two columns left out": Slip(
        MAPPING,
        "      - [skos:altLabel, $(other_name)]\n",
        "",
        "unread-column",
        f"{PEAKS}:1",
        "other_name",
    ),
    "key of YAML left out of the mapping": Slip(
        ASCENTS,
        "  day: 1786-08-08\n",
        "  day: 1786-08-08\n  weather: {sky: clear}\n",
        "unread-column",
        ASCENTS,
        "no mapping reads the key ascents[*].weather",
        "Map it",
    ),
    "list of YAML left out of the mapping": Slip(
        ASCENTS,
        "climbers:\n- {key",
        "guides:\n- {key: x}\n\nclimbers:\n- {key",
        "unread-column",
        ASCENTS,
        "no mapping reads the key guides",
        "Map it",
    ),
    # Values.
    "value that is no number": Slip(
        PEAKS,
        "8611",
        "unknown",
        "ill-typed-value",
        PEAKS,
        "1 value is not of xsd:integer, the first 'unknown'",
        "If that means no value, say so in the source: nulls: ['unknown'].",
    ),
    "value that is no day": Slip(
        ASCENTS,
        "day: 1786-08-08",
        "day: 8.8.1786",
        "ill-typed-value",
        f"{ASCENTS}:3",
        "xsd:date, the first '8.8.1786'",
        "The function toDate reads",
    ),
    "value that does not exist": Slip(
        ASCENTS,
        "day: 1786-08-08",
        "day: 1786-08-38",
        "ill-typed-value",
        f"{ASCENTS}:3",
        "xsd:date, the first '1786-08-38'",
        "Mend the value, or the datatype",
    ),
    "datatype that a column names": Slip(
        MAPPING,
        "[ns:range, $(range)]",
        "{p: ns:range, o: {value: $(range), datatype: 'xsd:$(key)'}}",
        TYPED,
        "",
        "xsd:denali is not a datatype of XML Schema, and 1 value has it",
        "`kg trace peak:denali ns:range` shows the first record",
    ),
    # Keys.
    "two rows with one key, one value": Slip(
        PEAKS,
        "k2,K2,,8611,Karakoram\n",
        "k2,K2,,8611,Karakoram\nk2,K2,,8611,Karakoram\n",
        "shared-key",
        f"{PEAKS} (record 3)",
        "peak:k2",
        "add a column to the key",
    ),
    "two records of YAML with one key": Slip(
        ASCENTS,
        "- {key: walter-harper, name: Walter Harper}",
        "- {key: walter-harper, name: Walter Harper}\n- {key: hans-meyer, name: Hans Meyer}",
        "shared-key",
        "data/ascents.yaml",
        "climber:hans-meyer",
    ),
    "key that is not unique in the mapping": Slip(
        MAPPING, "s: peak:$(key)", "s: peak:$(range)", "shared-key", PEAKS, "peak:Alps"
    ),
    "NA as a key": Slip(PEAKS, "denali,", "NA,", "empty-key", "", "peak:NA", "nulls"),
    "n/a as a key": Slip(PEAKS, "denali,", "n/a,", "empty-key", "", "peak:n%2Fa", "nulls"),
    "null as a key": Slip(PEAKS, "denali,", "NULL,", "empty-key", "", "peak:NULL", "nulls"),
    "a dash as a key": Slip(PEAKS, "denali,", "-,", "empty-key", "", "graph/peak/->", "nulls"),
    "none as a key": Slip(PEAKS, "denali,", "None,", "empty-key", "", "peak:None", "nulls"),
    "NA as the end of a link": Slip(
        ASCENTS, "- peak: k2", "- peak: NaN", "empty-key", "", "ascent:NaN", "nulls"
    ),
    "key with a space": Slip(
        PEAKS, "denali,", "denali ,", "spaced-key", "", "peak:denali%20", "Say trim: true"
    ),
    # Numbers.
    "number beyond what is counted with": Slip(
        PEAKS,
        "8611",
        "861100000000000000000",
        "large-integer",
        "",
        "1 value of ns:height has more than 64 bits, the first 861100000000000000000",
        "xsd:double if it is compared or summed; `kg trace peak:k2 ns:height`",
    ),
    # Links.
    "link in another case beside one that leads nowhere": Slip(
        ASCENTS,
        "[walter-harper, harry-karstens",
        "[aaa, Harry-Karstens",
        "dangling-link",
        "",
        "2 links lead by ns:climber to what nothing is said of, such as climber:Harry-Karstens",
        "Did you mean climber:harry-karstens?",
    ),
    "link to a row that is not there": Slip(
        ASCENTS,
        "walter-harper, harry",
        "walter-harpre, harry",
        "dangling-link",
        "",
        "climber:walter-harpre",
        "Mend the key",
    ),
    "links in another spelling": Slip(
        MAPPING,
        "'climber:$(climbers[*])~iri'",
        "'climber:x-$(climbers[*])~iri'",
        "dangling-link",
        "",
        "climber:x-",
        "Mend the key",
    ),
    "link by a template that misses": Slip(
        MAPPING, "peak:$(peak)~iri", "peak:the-$(peak)~iri", "dangling-link", "", "peak:the-denali"
    ),
    # The base.
    "base changed in kg.toml only": Slip(
        "kg.toml",
        'base = "https://example.org/graph/"',
        'base = "https://example.net/other/"',
        "unused-base",
        "",
        "https://example.net/other/",
        "same base",
    ),
    # Questions.
    "question names an undeclared property": Slip(
        QUESTION,
        "ns:height ?height",
        "ns:hieght ?height",
        TYPED,
        f"{QUESTION}:16",
        "ns:hieght",
        "ns:height",
    ),
    "question names an undeclared class": Slip(
        QUESTION, "a ns:Ascent", "a ns:Acsent", TYPED, QUESTION, "ns:Acsent", "ns:Ascent"
    ),
    "question compares a date with a text": Slip(
        QUESTION,
        "FILTER (?height > ?above)",
        'FILTER (?height > ?above && ?day > "1900-01-01")',
        "date-as-text",
        f"{QUESTION}:17",
        "1900-01-01",
        "^^xsd:date",
    ),
    "question compares a time with a text": Slip(
        QUESTION,
        "FILTER (?height > ?above)",
        'FILTER ("1900-01-01T00:00:00" < ?day)',
        "date-as-text",
        QUESTION,
        "1900-01-01T",
        "^^xsd:dateTime",
    ),
    "question has a date as a text among others": Slip(
        QUESTION,
        "FILTER (?height > ?above)",
        'FILTER (?height > ?above && ?day NOT IN ("1865-07-14"^^xsd:date, "1913-06-07"))',
        "date-as-text",
        f"{QUESTION}:17",
        '"1913-06-07"',
        "^^xsd:date",
    ),
    "question gives a variable a date as a text": Slip(
        QUESTION,
        "FILTER (?height > ?above)",
        'VALUES (?peak ?day) { ("Denali"@en "1913-06-07") (UNDEF "1865-07-14"^^xsd:date) }',
        "date-as-text",
        f"{QUESTION}:17",
        '"1913-06-07"',
        "^^xsd:date",
    ),
    "question gives one variable times as texts": Slip(
        QUESTION,
        "FILTER (?height > ?above)",
        "VALUES ?day { '1913-06-07T00:00:00Z' }",
        "date-as-text",
        f"{QUESTION}:17",
        "'1913-06-07T00:00:00Z'",
        "^^xsd:dateTime",
    ),
    "question casts a text that is no number": Slip(
        QUESTION,
        "FILTER (?height > ?above)",
        'FILTER (?height > xsd:integer("8 000"))',
        "empty-expression",
        f"{QUESTION}:17",
        'xsd:integer("8 000") never has a value: the text is not of xsd:integer',
        "Mend the value",
    ),
    "question is no SPARQL header": Slip(
        QUESTION, "# param above: xsd:integer", "# param abvoe: xsd:integer", "bad-header", QUESTION
    ),
    "key of a header misspelt": Slip(
        QUESTION, "# title:", "# titel:", "slipped-header", f"{QUESTION}:1", "titel", "title?"
    ),
    "parameter of a header misspelt": Slip(
        QUESTION, "# param above:", "# parm above:", "slipped-header", QUESTION, "parm", "param?"
    ),
    # Texts.
    "NA as a text": Slip(PEAKS, "Karakoram", "N/A", "empty-text", "", "ns:range stands for no"),
    "an error of a spreadsheet as a text": Slip(
        PEAKS, "Karakoram", "#REF!", "empty-text", "", '"#REF!"', "`kg trace peak:k2 ns:range`"
    ),
    "NULL as a text with a language": Slip(
        PEAKS, ",K2,", ",NULL,", "empty-text", "", '"NULL"@en', "nulls"
    ),
    "text with a space at its end": Slip(
        PEAKS, "Karakoram", "Karakoram ", "spaced-text", "", "1 value of ns:range begins", "trim"
    ),
    "text of a space alone": Slip(PEAKS, "Karakoram", " ", "spaced-text", "", '" "'),
    "text with a line end at its end": Slip(
        PEAKS, "Karakoram", '"Karakoram\n"', "spaced-text", "", "Karakoram"
    ),
    "text in another encoding": Slip(
        PEAKS, "Mont Blanc,", "Mont BlancÃ©,", "garbled-text", "", "rdfs:label looks damaged", "enc"
    ),
    "text with a character that was lost": Slip(
        PEAKS, "Mont Blanc,", "Mont Bl\ufffdnc,", "garbled-text", "", "1 value of rdfs:label"
    ),
    "text with escapes of HTML": Slip(
        PEAKS, "Mont Blanc,", "Mont &amp; Blanc,", "garbled-text", "", "&amp;", "HTML"
    ),
    "formula of a spreadsheet": Slip(
        PEAKS,
        "Karakoram",
        "=VLOOKUP(A2;B:C;2)",
        "formula-text",
        "",
        "ns:range is a formula",
        "give",
    ),
    "formula that names a cell": Slip(
        PEAKS,
        "Karakoram",
        "=$A$1+1",
        "formula-text",
        "",
        '"=$A$1+1"',
        "`kg trace peak:k2 ns:range`",
    ),
    "day that a spreadsheet writes for none": Slip(
        ASCENTS, "1786-08-08", "1900-01-01", "placeholder-day", "", "1 value of ns:day is", "nulls"
    ),
    "language that is none": Slip(
        MAPPING, "en~lang", "xx~lang", "unknown-language", "", "xx is the tag of no language, and 6"
    ),
    "language by its name": Slip(
        MAPPING, "en~lang", "english~lang", "unknown-language", "", "english", "Did you mean en?"
    ),
    "language by a country": Slip(
        MAPPING, "en~lang", "jp~lang", "unknown-language", "", "jp is", "Did you mean ja?"
    ),
    "region that is none": Slip(
        MAPPING, "en~lang", "en-UK~lang", "unknown-language", "", "region", "Did you mean en-gb?"
    ),
    "region that is none, of another language": Slip(
        MAPPING, "en~lang", "cy-UK~lang", "unknown-language", "", "region", "Did you mean cy-gb?"
    ),
    # Shapes and parameters that do nothing.
    "shape that is switched off": Slip(
        SHAPES,
        "ns:AscentShape a sh:NodeShape ;",
        "ns:AscentShape a sh:NodeShape ; sh:deactivated true ;",
        "deactivated-shape",
        SHAPES,
        "the shape ns:AscentShape is deactivated",
        "Take sh:deactivated out",
    ),
    "demand that is switched off": Slip(
        SHAPES,
        "sh:path ns:day ;",
        "sh:path ns:day ; sh:deactivated true ;",
        "deactivated-shape",
        f"{SHAPES}:36",
        "the demand on ns:day of the shape ns:AscentShape is deactivated",
    ),
    "shape that lost its target": Slip(
        SHAPES,
        "    sh:targetClass ns:Ascent ;\n",
        "",
        "unused-shape",
        f"{SHAPES}:27",
        "the shape ns:AscentShape has no target, and no other shape refers to it",
        "sh:targetClass",
    ),
    "variable misspelt in a filter": Slip(
        QUESTION,
        "FILTER (?height",
        "FILTER (?heigth",
        "slipped-variable",
        f"{QUESTION}:17",
        "no pattern gives ?heigth a value",
        "Did you mean ?height?",
    ),
    "variable misspelt in an order": Slip(
        QUESTION, "ORDER BY ?day", "ORDER BY ?dya", "slipped-variable", f"{QUESTION}:20", "?dya"
    ),
    "variable misspelt in a pattern": Slip(
        QUESTION,
        "?mountain rdfs:label",
        "?mountian rdfs:label",
        "slipped-variable",
        f"{QUESTION}:15",
        "?mountian is used once, and nothing is joined by it",
        "Did you mean ?mountain?",
    ),
    "default that is a text": Slip(
        QUESTION,
        "VALUES ?above { 0 }",
        'VALUES ?above { "0" }',
        "wrong-default",
        f"{QUESTION}:10",
        'says xsd:integer for the parameter above, and its default "0" is of xsd:string',
        "mend the header",
    ),
    "default of another type than its header's": Slip(
        QUESTION, "xsd:integer; height", "iri; height", "wrong-default", QUESTION, "of xsd:integer"
    ),
    # Names without a prefix, keys spelt otherwise.
    "class without prefix": Slip(
        MAPPING, "[a, ns:Peak]", "[a, Peak]", TYPED, f"{MAPPING}:19", "graph/Peak>", "ns:Peak?"
    ),
    "property without prefix": Slip(
        MAPPING, "[ns:range,", "[range,", TYPED, f"{MAPPING}:25", "graph/range>", "ns:range?"
    ),
    "link in upper case": Slip(
        ASCENTS,
        "walter-harper, harry",
        "Walter-Harper, harry",
        "dangling-link",
        "",
        "climber:Walter-Harper",
        "Did you mean climber:walter-harper? Mend the key in the data, or add what it names;"
        " `kg trace ascent:denali ns:climber` shows the first record.",
    ),
    "link with a space at its end": Slip(
        ASCENTS,
        "[walter-harper, harry",
        "['walter-harper ', harry",
        "dangling-link",
        "",
        "climber:walter-harper%20",
        "Did you mean climber:walter-harper?",
    ),
    # Files that are not read.
    "shapes of another ending": Slip(
        "shapes/more.shacl", "", "", UNUSED, "shapes/more.shacl", "does not read", "more.ttl"
    ),
    "ontology of another ending": Slip(
        "ontology/more.txt", "", "", UNUSED, "ontology/more.txt", "does not read", "more.ttl"
    ),
    "question of another ending": Slip(
        "queries/peaks.sparql", "", "", UNUSED, "queries/peaks.sparql", "does not read", "peaks.rq"
    ),
    "question in a folder": Slip(
        "queries/more/peaks.rq", "", "ASK {}", UNUSED, "queries/more/peaks.rq", "", "itself"
    ),
    # Shapes that nothing reads.
    "shapes beside the data": Slip(
        "data/more.ttl",
        "",
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n<urn:s> sh:targetClass <urn:c> .\n",
        "misplaced-shape",
        "data/more.ttl",
        "holds SHACL shapes, such as <urn:s>",
        "shapes/",
    ),
    "shapes in the ontology": Slip(
        "ontology/more.rdf",
        "",
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns:sh="http://www.w3.org/ns/shacl#"><sh:PropertyShape rdf:about="urn:s"/></rdf:RDF>',
        "misplaced-shape",
        "ontology/more.rdf",
        "<urn:s>",
        "shapes/",
    ),
    # Namespaces that end in the middle of a word.
    "namespace without its end, in kg.toml": Slip(
        "kg.toml",
        'ns = "https://example.org/graph/ns#"',
        'ns = "https://example.org/graph/ns"',
        "glued-name",
        "kg.toml:",
        "ns:Peak is <https://example.org/graph/nsPeak>",
        "Did you mean https://example.org/graph/ns#?",
    ),
    "namespace of the ontology with another scheme": Slip(
        VOCABULARY,
        "ns:   <https://",
        "ns:   <http://",
        "near-namespace",
        f"{VOCABULARY}:3",
        "http://example.org/graph/ns#, which is not https://example.org/graph/ns#",
        "Did you mean https://example.org/graph/ns#?",
    ),
    "namespace of kg.toml with another scheme than the base": Slip(
        "kg.toml",
        'peak = "https://',
        'peak = "http://',
        "near-namespace",
        "kg.toml:",
        "the prefix peak: stands for http://example.org/graph/peak/",
        "Did you mean https://example.org/graph/peak/?",
    ),
    "namespace below the base with another scheme and capitals": Slip(
        "kg.toml",
        'peak = "https://example.org/graph/peak/',
        'peak = "http://example.org/graph/Peak/',
        "near-namespace",
        "kg.toml:",
        "http://example.org/graph/Peak/",
        "Did you mean https://example.org/graph/Peak/?",
    ),
    "namespace of shapes with another scheme": Slip(
        SHAPES,
        "<http://www.w3.org/ns/shacl#>",
        "<https://www.w3.org/ns/shacl#>",
        "near-namespace",
        f"{SHAPES}:5",
        "the prefix sh: stands for https://www.w3.org/ns/shacl#",
        "Did you mean http://www.w3.org/ns/shacl#?",
    ),
    "namespace of SHACL with another end": Slip(
        SHAPES, "ns/shacl#>", "ns/shacl/>", "near-namespace", SHAPES, "ns/shacl/", "ns/shacl#?"
    ),
    "namespace of OWL with a slip": Slip(
        VOCABULARY, "2002/07/owl#", "2002/7/owl#", "near-namespace", VOCABULARY, "", "2002/07/owl#?"
    ),
    "namespace of a question with another scheme": Slip(
        QUESTION,
        "SELECT ?peak",
        "PREFIX ns: <http://example.org/graph/ns#>\nSELECT ?peak",
        "near-namespace",
        QUESTION,
        "the prefix ns:",
        "https://example.org/graph/ns#?",
    ),
    "namespace of keys without its end": Slip(
        "kg.toml",
        'peak = "https://example.org/graph/peak/"',
        'peak = "https://example.org/graph/peak"',
        "glued-name",
        "kg.toml:",
        "peak:$(key) is <https://example.org/graph/peak$(key)>",
        "end it with / or #",
    ),
    "namespace of the ontology without its end": Slip(
        VOCABULARY,
        "https://example.org/graph/ns#",
        "https://example.org/graph/ns",
        "glued-name",
        f"{VOCABULARY}:",
        "ns:",
        "end it with / or #",
    ),
    # More of shapes.
    "sh:node names a shape that is spelt otherwise": Slip(
        SHAPES,
        "sh:targetClass ns:Peak ;",
        "sh:targetClass ns:Peak ; sh:node ns:AscentShpe ;",
        "missing-shape",
        f"{SHAPES}:8",
        "ns:AscentShpe is named",
        "Did you mean ns:AscentShape?",
    ),
    "datatype of a shape misspelt": Slip(
        SHAPES,
        "sh:datatype xsd:integer",
        "sh:datatype xsd:interger",
        TYPED,
        SHAPES,
        "xsd:interger",
        "xsd:integer",
    ),
    # More of questions.
    "question with an unknown prefix": Slip(
        QUESTION,
        "ns:height ?height",
        "nss:height ?height",
        "bad-query",
        f"{QUESTION}:16",
        "nss",
        "ns",
    ),
    "question that is not closed": Slip(
        QUESTION, "}\nGROUP BY", "\nGROUP BY", "bad-query", QUESTION
    ),
    "question with other columns": Slip(
        QUESTION, "columns: peak, height", "columns: peak, hieght", "wrong-columns", QUESTION
    ),
    # Losses.
    "key of a record misspelt": Slip(
        MAPPING,
        "$(climbers[*])",
        "$(climber[*])",
        "lost-records",
        "",
        "6 of 6 records gave no ns:climber (climber[*])",
        "Did you mean climbers? Not one record gives it",
    ),
    "empty values": Slip(
        ASCENTS, "day: 1786-08-08", "day:", "lost-records", "", "no ns:day (day)", ""
    ),
}
