"""Reads the golden vectors with the models: `python -m tests.vectors <schema folder>`.

What a reader takes, the models take; what the published schema refuses, they refuse.
"""

import importlib
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError


# What a schema can say and a model of pydantic's cannot: one form at most, fields that need each other. And pydantic
# reads no text that is not Unicode, which a reader may but need not.
BEYOND_MODELS = {
    "native: frame, two packets",
    "haraj: two commands",
    "tndata: history, a count of nothing",
    "tndata: history, nothing counted",
    "helpdesk: half a message of a desk",
    "chats: new_message without text",
    "native: payload kept, a lone surrogate, which is for the reader",
    "helpdesk: data kept, a lone surrogate, which is for the reader",
}
# What makes the shape of a type.
SHAPE = ("type", "items", "properties", "required", "oneOf", "anyOf", "additionalProperties")


@cache
def model_of(root: Path, schema: str) -> TypeAdapter[Any]:
    """The model of a document: the type of the format's bundle that says the same."""
    document = json.loads((root / schema).read_text("utf-8"))
    folder, *_, name = schema.removesuffix(".json").split("/")
    format_ = {"dialect": schema.split("/")[1], "push": "push"}.get(folder, "native")
    bundle = json.loads((root / f"bundle/{format_}.json").read_text("utf-8"))
    for type_ in (form["$ref"].removeprefix("#/$defs/") for form in bundle["anyOf"]):
        if all(bundle["$defs"][type_].get(word) == document.get(word) for word in SHAPE):
            return TypeAdapter(getattr(importlib.import_module(f"models.{format_}"), type_))
    raise LookupError(schema)


def text_of(vector: dict[str, Any]) -> str:
    """The text of a vector; a list is pieces, some of them so many times."""
    text = vector.get("text", json.dumps(vector.get("json")))
    if isinstance(text, str):
        return text
    return "".join(piece if isinstance(piece, str) else piece[0] * piece[1] for piece in text)


def main(schema: Path) -> None:
    counts, failures = {True: 0, False: 0}, []
    for path in sorted((schema / "vectors").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            vector = json.loads(line)
            if "schema" not in vector or vector.get("schema_silent") or vector.get("later"):
                continue
            model, accept = model_of(schema, vector["schema"]), vector.get("accept", True)
            counts[accept] += 1
            try:
                model.validate_json(text_of(vector), strict=True)
                accepted, why = True, ""
            except (ValidationError, ValueError) as error:
                accepted, why = False, str(error)[:160].replace("\n", " ")
            if (accepted != accept) != (vector["name"] in BEYOND_MODELS):
                failures.append(f"{path.name}: {vector['name']}: {'taken' if accepted else 'refused'}: {why}")
    print("\n".join(failures), file=sys.stderr)
    print(f"Python: {counts[True]} vectors taken, {counts[False]} refused")
    sys.exit(1 if failures or not all(counts.values()) else 0)


main(Path(sys.argv[1]))
