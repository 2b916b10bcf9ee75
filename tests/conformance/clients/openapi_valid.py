"""An OpenAPI document on standard input -> one line for each fault, as openapi-spec-validator sees it."""

import json
import sys

from openapi_spec_validator import OpenAPIV31SpecValidator

for fault in OpenAPIV31SpecValidator(json.load(sys.stdin)).iter_errors():
    sys.stdout.write(f"{'/'.join(map(str, fault.absolute_path))}: {fault.message[:200]}\n")
