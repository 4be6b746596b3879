"""Makes Python models of the bundles, and of each bundle the form that the TypeScript generator reads well.

Usage: python generate.py <schema folder> <output folder>

Writes `python/<bundle>.py` and `prepared/<bundle>.json`; and the tables of codes for both languages, which are no
types, as `python/codes.py` and `typescript/codes.ts`.
"""

import json
import sys
from pathlib import Path
from typing import Any, Callable

from datamodel_code_generator import (
    DataModelType,
    Formatter,
    GenerateConfig,
    InputFileType,
    LiteralType,
    PythonVersion,
    generate,
)

Schema = dict[str, Any]
HEADER = "generated from schema/{source} by `cargo xtask foreign --update`, do not edit"
CLOSE_CODES = "What it means that a connection was closed with a code. After any other code: connect again and resume."
ERRORS = "What to do about an error whose `action` is not known. About any other code: stop."


def each(value: Any, edit: Callable[[Schema], None]) -> None:
    """Does something to a schema and all inside it, from the inside out."""
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        each(part, edit)
    if isinstance(value, dict):
        edit(value)


def words_listed(schema: Schema) -> None:
    """Words that are described one by one become a plain list, with the descriptions in the text."""
    words = schema.get("oneOf", [])
    if not words or not all("const" in word for word in words):
        return
    lines = [f"- `{word['const']}`: {word['description']}" for word in words if "description" in word]
    schema["description"] = "\n".join([schema.get("description", ""), *([""] if lines else []), *lines]).strip()
    schema["enum"] = [word["const"] for word in schema.pop("oneOf")]
    schema["type"] = "string"


def prepared(bundle: Schema) -> Schema:
    """What both generators read."""
    each(bundle, words_listed)
    return bundle


def for_typescript(bundle: Schema, name: str) -> Schema:
    """TypeScript has no open words, but a usual way to write them."""

    def edit(schema: Schema) -> None:
        schema.pop("discriminator", None)
        if isinstance(schema.get("not"), dict):
            # A word that nobody sends: any other type would keep the known words from telling the forms apart.
            schema["tsType"] = '"unknown"'
            schema["description"] = "Stands for any word but those of the other forms."
        for choice in schema.get("anyOf", []):
            # Not `string`, which would swallow the known words and with them what an editor proposes.
            if choice == {"type": "string"} and len(schema["anyOf"]) > 1:
                choice["tsType"] = "(string & {})"

    each(bundle, edit)
    return {**bundle, "title": f"{name}Document"}


def for_python(bundle: Schema, name: str) -> Schema:
    """Python's generator reads an address out of `$id`."""
    bundle.pop("$id")
    return {**bundle, "title": f"{name}Document"}


def models(bundle: Schema, name: str, output: Path) -> None:
    """The models of one bundle."""
    config = GenerateConfig(
        input_file_type=InputFileType.JsonSchema,
        output=output,
        output_model_type=DataModelType.PydanticV2BaseModel,
        target_python_version=PythonVersion.PY_311,
        custom_file_header=f'"""{bundle["description"]}\n\n{HEADER.format(source=f"bundle/{name}.json")}\n"""',
        formatters=[Formatter.BLACK],
        disable_timestamp=True,
        extra_fields="allow",
        enum_field_as_literal=LiteralType.All,
        use_annotated=True,
        use_union_operator=True,
        use_standard_collections=True,
        use_schema_description=True,
        use_field_description=True,
        use_title_as_name=True,
        use_type_alias=True,
        use_double_quotes=True,
    )
    generate(json.dumps(bundle), config=config)


def codes(schema: Path, output: Path) -> None:
    """What the codes mean, as tables in each language. Errors that share a close code share what to do."""
    source = "asyncapi/native.json"
    table = json.loads((schema / source).read_text("utf-8"))["x-error-codes"]
    errors = [(row["code"], row["x-retry"]) for row in table]
    first: dict[int, tuple[str, str]] = {}
    for row in table:
        first.setdefault(row["close"], (row["code"], row["x-retry"]))
    closes = sorted(first.items())
    header = HEADER.format(source=source)
    lines = "".join(f'  {close}: {{ err: "{code}", action: "{action}" }},\n' for close, (code, action) in closes)
    typescript = f"// {header}\nimport type {{ Action, ErrorCode }} from \"./native.ts\";\n\n/** {CLOSE_CODES} */\n"
    typescript += f"export const CLOSE_CODES: Readonly<Record<number, {{ err: ErrorCode; action: Action }}>> = {{\n{lines}}};\n"
    lines = "".join(f'  {code}: "{action}",\n' for code, action in errors)
    typescript += f"\n/** {ERRORS} */\nexport const ERRORS: Readonly<Record<string, Action>> = {{\n{lines}}};\n"
    (output / "typescript/codes.ts").write_text(typescript, "utf-8")
    lines = "".join(f'    {close}: ("{code}", "{action}"),\n' for close, (code, action) in closes)
    python = f'"""What the codes mean: of errors, and of connections that were closed.\n\n{header}\n"""\n\n'
    python += "from typing import Final\n\nfrom .native import Action, ErrorCode\n\n"
    python += f'CLOSE_CODES: Final[dict[int, tuple[ErrorCode, Action]]] = {{\n{lines}}}\n"""\n{CLOSE_CODES}\n"""\n\n'
    lines = "".join(f'    "{code}": "{action}",\n' for code, action in errors)
    python += f'ERRORS: Final[dict[str, Action]] = {{\n{lines}}}\n"""\n{ERRORS}\n"""\n'
    (output / "python/codes.py").write_text(python, "utf-8")


def main(schema: Path, output: Path) -> None:
    for folder in ("prepared", "python", "typescript"):
        (output / folder).mkdir(parents=True, exist_ok=True)
    for path in sorted((schema / "bundle").glob("*.json")):
        name = path.stem
        text = path.read_text("utf-8")
        bundle = for_typescript(prepared(json.loads(text)), name.capitalize())
        (output / "prepared" / path.name).write_text(json.dumps(bundle), "utf-8")
        models(for_python(prepared(json.loads(text)), name.capitalize()), name, output / "python" / f"{name}.py")
    codes(schema, output)


main(*map(Path, sys.argv[1:]))
