// Checks the published files with the validators that JavaScript has: Ajv and the AsyncAPI parser.
// Usage: node check.mjs <schema folder>
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Parser } from "@asyncapi/parser";
import addFormats from "ajv-formats";
import Ajv from "ajv/dist/2020.js";

const root = process.argv[2];
const failures = [];

function files(folder) {
  const found = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => entry.name.endsWith(".json")).map((entry) => join(entry.parentPath, entry.name));
  return paths.sort().map((path) => [relative(root, path), JSON.parse(readFileSync(path, "utf8"))]);
}

// Strict: a keyword or format that Ajv does not know is an error, and so is a keyword that cannot apply.
function validator() {
  const ajv = new Ajv.default({
    strict: true,
    strictTypes: true,
    strictTuples: true,
    allowUnionTypes: true,
    logger: { log: () => {}, warn: complain, error: complain },
  });
  addFormats.default(ajv);
  ajv.addVocabulary(["x-since", "x-retry", "x-error-codes", "discriminator"]);
  ajv.addFormat("binary", true);
  return ajv;
}

function complain(...words) {
  throw new Error(words.join(" "));
}

function attempt(name, work) {
  try {
    work();
  } catch (error) {
    failures.push(`${name}: ${error.message}`);
  }
}

// Every type is compiled, also one that nothing refers to: that resolves every reference.
function compile(name, schema) {
  attempt(name, () => {
    const ajv = validator();
    ajv.compile(schema);
    for (const type of Object.keys(schema.$defs ?? {})) {
      attempt(`${name} ${type}`, () => ajv.getSchema(`${schema.$id}#/$defs/${type}`));
    }
  });
}

// A document's types as a schema, so that parts of the document can be checked against them.
function typesOf(document) {
  const types = { $id: "urn:chat-protocol:types", $defs: document.components.schemas };
  return JSON.parse(JSON.stringify(types).replaceAll('"#/components/schemas/', '"urn:chat-protocol:types#/$defs/'));
}

// Examples stand beside the schema that they are of.
function examplesIn(value, found = []) {
  if (value === null || typeof value !== "object") return found;
  if (value.schema && "example" in value) found.push([value.schema, value.example]);
  if (value.payload && Array.isArray(value.examples)) {
    found.push(...value.examples.map((example) => [value.payload, example.payload]));
  }
  for (const part of Object.values(value)) examplesIn(part, found);
  return found;
}

function checkExamples(name, document) {
  const ajv = validator();
  attempt(name, () => ajv.addSchema(typesOf(document)));
  const examples = examplesIn({ ...document, components: { ...document.components, schemas: {} } });
  for (const [schema, example] of examples) {
    attempt(`${name}: an example`, () => {
      const pointed = JSON.parse(JSON.stringify(schema).replaceAll('"#/components/schemas/', '"urn:chat-protocol:types#/$defs/'));
      const valid = ajv.compile(pointed);
      if (!valid(example)) throw new Error(`${JSON.stringify(example)}: ${ajv.errorsText(valid.errors)}`);
    });
  }
  return examples.length;
}

const schemas = ["native", "http", "dialect", "push", "bundle"].flatMap(files);
for (const [name, schema] of schemas) compile(name, schema);

const documents = files("asyncapi");
for (const [name, document] of documents) {
  const diagnostics = await new Parser().validate(JSON.stringify(document));
  for (const { severity, message, path } of diagnostics) {
    // 0 is an error, 1 a warning; what is below is advice.
    if (severity <= 1) failures.push(`${name}: ${message} at ${path.join("/")}`);
  }
}

let examples = 0;
for (const [name, document] of [...documents, ...files("openapi")]) {
  compile(name, { ...typesOf(document), $id: "urn:chat-protocol:types" });
  const count = checkExamples(name, document);
  if (count === 0) failures.push(`${name}: has no examples`);
  examples += count;
}

console.log(`Ajv: ${schemas.length} schemas; AsyncAPI parser: ${documents.length} documents; ${examples} examples`);
if (schemas.length === 0 || documents.length === 0) failures.push("there are no files to check");
for (const failure of failures) console.error(failure);
process.exitCode = failures.length === 0 ? 0 : 1;
