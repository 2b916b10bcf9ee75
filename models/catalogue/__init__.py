"""The single source of truth: views, metrics, code lists, roles and checks, checked as it is built.

`CATALOGUE` is read by api, jobs and powerbi. Change `VERSION` with every change of meaning.
"""

from __future__ import annotations

from models.catalogue import checks, codes, metrics, roles, validate, views
from models.catalogue.types import Catalogue

VERSION = "1.0.0"

CATALOGUE = Catalogue(
    version=VERSION,
    views={view.name: view for view in views.ALL},
    metrics={metric.id: metric for metric in metrics.METRICS},
    codes={code_list.name: code_list for code_list in codes.CODE_LISTS},
    roles={role.name: role for role in roles.ROLES},
    checks={check.id: check for check in checks.CHECKS},
)

_FAULTS = validate.problems(CATALOGUE)
if _FAULTS:
    raise ValueError("the catalogue contradicts itself:\n" + "\n".join(_FAULTS))
