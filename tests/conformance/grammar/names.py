"""The names that each name rule of the grammar may match: those of the catalogue, and some of a model that has what ours
lacks (collections, complex values, functions, types to cast to), so that these rules are compared too.
"""

from __future__ import annotations

from api.odata.language.vocabulary import Role, Vocabulary
from models.catalogue import CATALOGUE

_VIEWS = CATALOGUE.views.values()
_KEYS = {name for view in _VIEWS for name in view.key}
_COLUMNS = {column.name for view in _VIEWS for column in view.columns}
_NAVIGATIONS = {navigation.name for view in _VIEWS for navigation in view.navigations}
_COMPUTED = {"Total", "Part", "Days"}
INVENTED: dict[str, tuple[str, ...]] = {
    "namespacePart": ("CrisisMetrics", "Care", "Edm"),
    "primitiveColProperty": ("Tags",),
    "complexProperty": ("Place",),
    "complexColProperty": ("Places",),
    "streamProperty": ("Photo",),
    "entityColNavigationProperty": ("Visits",),
    "customAggregate": ("Forecast",),
    "singletonEntity": ("Office",),
    "complexTypeName": ("Address",),
    "entityTypeName": ("Outreach", "Transport"),
    # DateTimeOffset: apg-js would stop behind Edm.Date, the alternative before it
    "typeDefinitionName": ("Weight", "DateTimeOffset"),
    "enumerationTypeName": ("Colour",),
    "enumerationMember": ("Red", "Blue"),
    "termName": ("Unit", "Note", "Outreach"),
    "action": ("Close",),
    "actionImport": ("CloseAll",),
    "entityColFunction": ("Near",),
    "entityFunction": ("Best",),
    "complexColFunction": ("Shapes",),
    "complexFunction": ("Shape",),
    "primitiveColFunction": ("Words",),
    "primitiveFunction": ("Size",),
    "entityColFunctionImport": ("FindNear",),
    "entityFunctionImport": ("FindBest",),
    "complexColFunctionImport": ("FindShapes",),
    "complexFunctionImport": ("FindShape",),
    "primitiveColFunctionImport": ("FindWords",),
    "primitiveFunctionImport": ("FindSize",),
    "parameterName": ("radius", "kind"),
    "lambdaVariableExpr": ("x", "y"),
    "primitiveAnnotationInQuery": ("@CrisisMetrics.Unit",),
    "primitiveColAnnotationInQuery": (),
    "complexAnnotationInQuery": ("@Care.Note",),
    "entityAnnotationInQuery": ("@Care.Outreach",),
    "customName": ("key", "subscription-key", "!special"),
    "keyPathLiteral": (),
    "keyPropertyAlias": ("Number",),
}
NAMES: dict[str, tuple[str, ...]] = {
    **INVENTED,
    "entitySetName": tuple(sorted(CATALOGUE.views)),
    # without those that are navigation properties too: apg-js takes the first reading and never comes back
    "entityTypeName": (*INVENTED["entityTypeName"], *sorted({view.entity for view in _VIEWS} - _NAVIGATIONS)),
    "entityNavigationProperty": tuple(sorted(_NAVIGATIONS)),
    "primitiveKeyProperty": tuple(sorted(_KEYS)),
    "primitiveNonKeyProperty": tuple(sorted((_COLUMNS - _KEYS) | _COMPUTED)),
}
VOCABULARY = Vocabulary({role: frozenset(NAMES[role]) for role in Role if role in NAMES})
