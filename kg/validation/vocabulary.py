"""The terms of the SHACL vocabulary, with those of its Advanced Features and of SHACL-JS.

Spec: https://www.w3.org/ns/shacl.ttl
"""

from __future__ import annotations

import re
from typing import Final

from kg.validation.names import SH

_NAMES: Final = (
    # Shapes and targets
    "Shape NodeShape PropertyShape targetClass targetNode targetObjectsOf targetSubjectsOf"
    " deactivated message severity Severity Info Violation Warning"
    # Paths
    " path alternativePath inversePath oneOrMorePath zeroOrMorePath zeroOrOnePath"
    # Constraints
    " and class closed ignoredProperties datatype disjoint equals hasValue in languageIn lessThan"
    " lessThanOrEquals maxCount maxExclusive maxInclusive maxLength minCount minExclusive"
    " minInclusive minLength node nodeKind NodeKind BlankNode BlankNodeOrIRI BlankNodeOrLiteral"
    " IRI IRIOrLiteral Literal not or pattern flags property qualifiedMaxCount qualifiedMinCount"
    " qualifiedValueShape qualifiedValueShapesDisjoint uniqueLang xone"
    # Shown by tools
    " name description order group PropertyGroup defaultValue"
    # Graphs and reports
    " shapesGraph suggestedShapesGraph entailment conforms result shapesGraphWellFormed detail"
    " AbstractResult ValidationReport ValidationResult focusNode resultMessage resultPath"
    " resultSeverity sourceConstraint sourceConstraintComponent sourceShape value"
    # SPARQL
    " sparql SPARQLConstraint select ask construct update declare prefix namespace prefixes"
    " PrefixDeclaration SPARQLExecutable SPARQLAskExecutable SPARQLConstructExecutable"
    " SPARQLSelectExecutable SPARQLUpdateExecutable ConstraintComponent Parameter Parameterizable"
    " parameter optional labelTemplate nodeValidator propertyValidator validator Validator"
    " SPARQLAskValidator SPARQLSelectValidator ResultAnnotation resultAnnotation"
    " annotationProperty annotationValue annotationVarName"
    # Advanced Features
    " target Target TargetType SPARQLTarget SPARQLTargetType Function SPARQLFunction returnType"
    " rule Rule SPARQLRule TripleRule condition subject predicate object expression this values"
    " filterShape nodes intersection union minus exists if then else count distinct groupConcat"
    " sum min max limit offset orderBy desc"
    # SHACL-JS
    " js jsFunctionName jsLibrary jsLibraryURL JSConstraint JSExecutable JSFunction JSLibrary"
    " JSRule JSTarget JSTargetType JSValidator"
)
TERMS: Final = frozenset(_NAMES.split())
# Terms of SHACL 1.2, a working draft, that SHACL 1.0 does not have.
# https://www.w3.org/TR/shacl12-core/
_NEWER: Final = (
    "ShapeClass shape targetWhere memberShape minListLength maxListLength uniqueMembers singleLine"
    " subsetOf someValue rootClass uniqueValuesFor reifierShape reificationRequired ByTypes Debug"
    " Trace conformanceDisallows TripleTerm nodeByExpression codeIdentifier intent agentInstruction"
    " sparqlExpr SPARQLExprExpression NodeExpression NamedParameterExpression remove instancesOf"
    " ListParameterExpression flatMap findFirst matchAll nodesMatching pathValues"
)
NEWER: Final = frozenset(_NEWER.split())
# Constraint components, and their parameters in the vocabulary.
_COMPONENT: Final = re.compile(r"[A-Z]\w*Constraint(Component)?(-\w+)?")


def unknown_name(term: str) -> str | None:
    """Return the local name of a term in SHACL's namespace that SHACL does not have, or None.

    >>> unknown_name("<http://www.w3.org/ns/shacl#minCout>")
    'minCout'
    """
    if not term.startswith(f"<{SH}"):
        return None
    name = term[len(SH) + 1 : -1]
    return None if not name or name in TERMS or _COMPONENT.fullmatch(name) else name
