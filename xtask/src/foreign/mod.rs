//! Checks what is published in `schema/` with programs that others wrote, in other languages: `cargo xtask foreign`.

mod install;
mod types;

use std::path::{Path, PathBuf};
use std::process::Command;

use install::Tools;

/// What a line tells that is shown of a check that passes.
const COUNTS: [&str; 5] = [" schemas; ", " vectors ", " conversations", " mutations", "test result"];

/// How to check.
#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// Replace the generated types of other languages instead of comparing them
    #[arg(long)]
    update: bool,
}

/// One check: what it is called, and the program that makes it.
struct Step {
    name: &'static str,
    command: fn(&Tools, &Path) -> Command,
}

const STEPS: &[Step] = &[
    Step {
        name: "Ajv and the AsyncAPI parser",
        command: |tools, schema| with(tools.node("check.mjs"), schema),
    },
    Step {
        name: "Python's jsonschema and openapi-spec-validator",
        command: |tools, schema| with(tools.python("check.py"), schema),
    },
    Step { name: "redocly lint", command: redocly },
    Step { name: "tsc --strict", command: tsc },
    Step { name: "mypy --strict", command: mypy },
    Step {
        name: "golden vectors, Python's models",
        command: |tools, schema| with(python(tools, schema, "tests.vectors"), schema),
    },
    Step {
        name: "conversations, TypeScript's client",
        command: |tools, schema| conversations(tools, schema, "conversations.ts"),
    },
    Step {
        name: "conversations, TypeScript's client made careless",
        command: |tools, schema| conversations(tools, schema, "mutations.ts"),
    },
    Step {
        name: "conversations, Python's client",
        command: |tools, schema| {
            with(python(tools, schema, "tests.conversations"), &schema.join("vectors/conversations"))
        },
    },
    Step { name: "a chat of three languages across a crash of the server", command: chat },
];

fn with(mut command: Command, argument: &Path) -> Command {
    command.arg(argument);
    command
}

fn redocly(tools: &Tools, schema: &Path) -> Command {
    let mut lint = tools.package("redocly");
    lint.args(["lint", "--config", "redocly.yaml", "--format", "stylish"]);
    lint.args(documents(&schema.join("openapi")));
    // It would tell its makers that it ran, and ask them for a newer version.
    lint.env("REDOCLY_TELEMETRY", "off").env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
    lint
}

/// The options that decide what is strict are in `tsconfig.json`, where editors find them too.
fn tsc(tools: &Tools, schema: &Path) -> Command {
    let mut check = tools.package("tsc");
    check.arg("--project").arg(schema.join("typescript"));
    check.arg("--typeRoots").arg(tools.folder().join("node_modules/@types"));
    check
}

fn mypy(tools: &Tools, schema: &Path) -> Command {
    let mut check = tools.module("mypy");
    check.args(["--strict", "--no-error-summary", "--cache-dir"]).arg(tools.folder().join("mypy"));
    check.arg(".").current_dir(schema.join("python"));
    check
}

/// A script of TypeScript's that plays the conversations.
fn conversations(tools: &Tools, schema: &Path, script: &str) -> Command {
    let script = schema.join("typescript/test").join(script);
    with(tools.node(&script.to_string_lossy()), &schema.join("vectors/conversations"))
}

/// A module of the folder of Python's.
fn python(tools: &Tools, schema: &Path, module: &str) -> Command {
    let mut command = tools.module(module);
    command.current_dir(schema.join("python"));
    command
}

/// A test like others, but for the programs that it needs.
fn chat(tools: &Tools, schema: &Path) -> Command {
    let mut test = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    test.args([
        "test",
        "--quiet",
        "--package",
        "chat-tests",
        "--test",
        "it",
        "foreign::",
        "--",
        "--include-ignored",
    ]);
    test.current_dir(schema).env("FOREIGN_TOOLS", tools.folder());
    test
}

/// The documents of a folder, in order. None is no error here: a program without a document to check says so.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths
}

/// Installs what is missing, then makes all checks; a failed one does not stop the others.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask is in no workspace")?;
    let tools = Tools::installed(root)?;
    let schema = root.join("schema");
    let count = types::generate(&tools, &schema, options.update)?;
    println!("== types for TypeScript and Python: {count} files");
    let failed: Vec<&str> =
        STEPS.iter().filter(|step| !passes(step, &tools, &schema)).map(|step| step.name).collect();
    if failed.is_empty() { Ok(()) } else { Err(format!("refused by: {}", failed.join(", "))) }
}

/// Runs one check. What it says is shown when it fails; of one that passes, what it counted.
fn passes(step: &Step, tools: &Tools, schema: &Path) -> bool {
    let output = match (step.command)(tools, schema).output() {
        Ok(output) => output,
        Err(error) => {
            println!("== {}: cannot be run: {error}", step.name);
            return false;
        }
    };
    let said = String::from_utf8_lossy(&output.stdout);
    if output.status.success() {
        let counted = said.lines().find(|line| COUNTS.iter().any(|word| line.contains(word)));
        let counted = counted.unwrap_or("no problems");
        println!("== {}: {counted}", step.name);
        return true;
    }
    println!("== {}: {}", step.name, output.status);
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    false
}
