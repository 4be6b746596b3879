"""Checks the published files with the validators that Python has: jsonschema and openapi-spec-validator.

Usage: python check.py <schema folder>
"""

import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

root = Path(sys.argv[1])
failures = []


def files(folder):
    """Path and content of the documents in a folder."""
    for path in sorted((root / folder).rglob("*.json")):
        yield str(path.relative_to(root)), json.loads(path.read_text("utf-8"))


def check_schema(name, schema):
    """A schema must be one of draft 2020-12."""
    for error in Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema):
        failures.append(f"{name}: {error.json_path}: {error.message}")


schemas = 0
for folder in ("native", "http", "dialect", "push", "bundle"):
    for name, schema in files(folder):
        check_schema(name, schema)
        schemas += 1

documents = 0
for name, document in files("openapi"):
    for error in OpenAPIV31SpecValidator(document).iter_errors():
        failures.append(f"{name}: {'/'.join(map(str, error.absolute_path))}: {error.message}")
    documents += 1

for folder in ("openapi", "asyncapi"):
    for name, document in files(folder):
        for type_name, schema in document["components"]["schemas"].items():
            check_schema(f"{name}: {type_name}", schema)

print(f"jsonschema: {schemas} schemas; openapi-spec-validator: {documents} documents")
if schemas == 0 or documents == 0:
    failures.append("there are no files to check")
for failure in failures:
    print(failure, file=sys.stderr)
sys.exit(1 if failures else 0)
