//! Gathers the layers: defaults < file < environment < flags.
//!
//! The `config` crate lays them over each other and remembers where each value came from. The result is read into the
//! struct as often as there are values that do not fit, each time without the one found, so that one start reports
//! every problem instead of the first.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use config::{Config, ConfigError, File, FileFormat, Map, Source, Value as Layered, ValueKind};
use serde::Deserialize;
use serde_json::Value;
use serde_path_to_error::{Segment, Track};

use super::keys::{self, Form, Key};
use super::{Settings, check};

/// Where settings come from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The TOML file. None is looked for when none is named: a file that happens to lie in the working directory
    /// must not change what the server does.
    pub file: Option<PathBuf>,
    /// Environment variables; those that do not begin with `CHAT_` are ignored, and so is `CHAT_CONFIG`, which names
    /// the file and is read by the command line.
    pub variables: Vec<(OsString, OsString)>,
    /// Values of `--listen`; when there is one, they replace all addresses of the lower layers.
    pub listen: Vec<String>,
    /// Value of `--data`.
    pub data: Option<PathBuf>,
}

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// Key path, for example `limits.max_frame` or `auth.users[0].token`; empty when the file as a whole is meant.
    pub key: String,
    /// Where the value came from: the file, a variable, a flag. `None` for a default.
    pub origin: Option<String>,
    /// What is wrong and what to do. Never holds a secret.
    pub text: String,
}

impl Problem {
    pub(super) fn new(key: impl Into<String>, text: impl Into<String>) -> Self {
        Self { key: key.into(), origin: None, text: text.into() }
    }

    fn at(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.key.as_str(), &self.origin) {
            ("", None) => f.write_str(&self.text),
            ("", Some(origin)) => write!(f, "{origin}: {}", self.text),
            (key, None) => write!(f, "{key}: {}", self.text),
            (key, Some(origin)) => write!(f, "{key} (from {origin}): {}", self.text),
        }
    }
}

/// Everything that is wrong with the settings, at least one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems, in the order in which an operator would meet the keys.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(f, "the configuration has a problem:")?,
            count => write!(f, "the configuration has {count} problems:")?,
        }
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for Problems {}

/// Reads and checks the settings.
///
/// # Errors
/// [`Problems`] with every problem of every layer: unreadable file, unknown keys, values of the wrong form, broken
/// rules between settings.
pub fn load(sources: &Sources) -> Result<Settings, Problems> {
    let mut reader = Reader { known: keys::known(), problems: Vec::new() };
    match reader.read(sources) {
        Some(settings) if reader.problems.is_empty() => Ok(settings),
        _ => Err(Problems(reader.problems)),
    }
}

/// Values by key path, as one layer.
#[derive(Debug, Clone, Default)]
struct Layer(Map<String, Layered>);

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Layered>, ConfigError> {
        Ok(self.0.clone())
    }
}

/// One run of [`load`].
struct Reader {
    known: Vec<Key>,
    problems: Vec<Problem>,
}

impl Reader {
    /// Gives settings only when the layers could be read at all; look at the problems too.
    fn read(&mut self, sources: &Sources) -> Option<Settings> {
        let variables = self.variables(&sources.variables);
        let flags = self.flags(sources);
        let file_name = sources.file.as_ref().map(|path| path.display().to_string());
        // Without the file the other layers would be measured against the wrong values, so the work ends here.
        let text = match &sources.file {
            Some(path) => self.file(path)?,
            None => String::new(),
        };
        let layers = Config::builder()
            .add_source(File::from_str(&text, FileFormat::Toml))
            .add_source(variables)
            .add_source(flags)
            .build();
        let layers = match layers {
            Ok(layers) => layers,
            // Syntax was checked before, so this is a number that no setting can hold.
            Err(error) => {
                self.problems.push(Problem {
                    key: String::new(),
                    origin: file_name,
                    text: error.to_string(),
                });
                return None;
            }
        };
        let start = self.problems.len();
        let mut settings = self.fit(&layers.cache)?;
        check::check(&settings, &mut self.problems);
        for problem in &mut self.problems[start..] {
            problem.origin = match find(&layers.cache, &problem.key) {
                // Only the file's values come without a name.
                Some(value) => value.origin().map(str::to_owned).or_else(|| file_name.clone()),
                None => None,
            };
        }
        settings.auth.fill();
        settings.dialects.fill_auths();
        Some(settings)
    }

    /// The text of the file, known to be TOML.
    fn file(&mut self, path: &Path) -> Option<String> {
        let name = path.display();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                self.problems.push(Problem::new("", format!("cannot read {name}: {error}")));
                return None;
            }
        };
        // `config` would report a syntax error with the line it is in, and that line may hold a token.
        if let Err(error) = text.parse::<toml::Table>() {
            let before = &text[..error.span().map_or(0, |span| text.floor_char_boundary(span.start))];
            let line = 1 + before.matches('\n').count();
            let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
            let origin = format!("{name}:{line}:{column}");
            self.problems.push(Problem::new("", format!("not TOML: {}", error.message())).at(origin));
            return None;
        }
        Some(text)
    }

    fn flags(&mut self, sources: &Sources) -> Layer {
        let mut layer = Layer::default();
        if !sources.listen.is_empty() {
            layer.0.insert("listen".to_owned(), layered("--listen", &Value::from(sources.listen.clone())));
        }
        if let Some(data) = &sources.data {
            match data.to_str() {
                Some(data) => drop(layer.0.insert("data".to_owned(), layered("--data", &Value::from(data)))),
                None => self.problems.push(Problem::new("data", "not UTF-8").at("--data")),
            }
        }
        layer
    }

    fn variables(&mut self, variables: &[(OsString, OsString)]) -> Layer {
        let mut layer = Layer::default();
        for (name, value) in variables {
            let name = name.to_string_lossy();
            if !name.starts_with("CHAT_") || name == "CHAT_CONFIG" {
                continue;
            }
            match self.variable(&name, value) {
                Ok((path, value)) => drop(layer.0.insert(path, layered(&name, &value))),
                Err(problem) => self.problems.push(problem),
            }
        }
        layer
    }

    /// The key path and value that one variable stands for.
    fn variable(&self, name: &str, value: &OsStr) -> Result<(String, Value), Problem> {
        let Some(key) = self.known.iter().find(|key| key.variable().as_deref() == Some(name)) else {
            let names: Vec<_> = self.known.iter().filter_map(Key::variable).collect();
            let nearest = keys::nearest(name, names.iter().map(String::as_str)).unwrap_or_default();
            return Err(Problem::new(name, format!("unknown variable, did you mean {nearest}?")));
        };
        let Some(text) = value.to_str() else {
            return Err(Problem::new(&key.path, "not UTF-8").at(name));
        };
        let value = match key.form {
            Form::List => self.list(key, text).map_err(|why| Problem::new(&key.path, why).at(name))?,
            // A text that is no number stays a text, and is refused with all other values of the wrong form.
            Form::Whole { .. } => text.trim().parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
            Form::Switch => text.trim().parse::<bool>().map_or_else(|_| Value::from(text), Value::from),
            _ => Value::from(text),
        };
        Ok((key.path.clone(), value))
    }

    /// A list in a variable: separated by commas, or in brackets as TOML or JSON. Tables only in brackets.
    fn list(&self, key: &Key, text: &str) -> Result<Value, String> {
        let tables = self.form(&format!("{}[]", key.path)) == Some(&Form::Table);
        let text = text.trim();
        if !tables && !text.starts_with('[') {
            let elements = text.split(',').map(str::trim).filter(|element| !element.is_empty());
            return Ok(elements.map(Value::from).collect());
        }
        let toml = match format!("value = {text}").parse::<toml::Table>() {
            Ok(mut table) => table.remove("value").and_then(|value| serde_json::to_value(value).ok()),
            Err(_) => None,
        };
        let value = toml.or_else(|| serde_json::from_str(text).ok());
        // The parsers' own words would quote the text, which may hold tokens.
        value.filter(Value::is_array).ok_or_else(|| {
            let example =
                if tables { r#"[{ id = "1", name = "Alice", token = "..." }]"# } else { r#"["a", "b"]"# };
            format!("not a list in TOML or JSON, such as {example}")
        })
    }

    fn form(&self, path: &str) -> Option<&Form> {
        let path = keys::generic(path);
        self.known.iter().find(|key| key.path == path).map(|key| &key.form)
    }

    /// What the value of a key was meant to be: of a list of addresses that may be one text, an address.
    fn meant(&self, path: &str, value: &Value) -> Option<&Form> {
        let element =
            self.form(&format!("{path}[]")).filter(|form| **form == Form::Address && value.is_string());
        element.or_else(|| self.form(path))
    }

    /// Reads the layered values into the struct. Each round takes out the one value that did not fit.
    fn fit(&mut self, layers: &Layered) -> Option<Settings> {
        // Far more than anybody reads at once; it bounds the rounds.
        const MAX_ROUNDS: usize = 100;
        let mut tree = Value::deserialize(layers.clone()).ok()?;
        let mut removed = BTreeMap::new();
        for _ in 0..MAX_ROUNDS {
            let mut unknown = Vec::new();
            let mut track = Track::new();
            let values = serde_path_to_error::Deserializer::new(&tree, &mut track);
            let settings = serde_ignored::deserialize(values, |path| unknown.push(unknown_path(&path)));
            if let Ok(settings) = settings {
                let unknown: Vec<_> = unknown.iter().map(|path| self.unknown(path)).collect();
                self.problems.extend(unknown);
                return Some(settings);
            }
            let (path, value) = take_out(&mut tree, &track.path(), &mut removed, |path| {
                self.form(&format!("{path}[]")) == Some(&Form::Table)
            })?;
            let text = self
                .meant(&path, &value)
                .map_or_else(|| "unexpected".to_owned(), |form| form.mismatch(&value));
            self.problems.push(Problem::new(path, text));
        }
        None
    }

    fn unknown(&self, path: &str) -> Problem {
        let nearest = keys::nearest(path, self.known.iter().map(|key| key.path.as_str())).unwrap_or_default();
        // In a list the number that was meant is the number that was written.
        let index = path.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or("0", |(i, _)| i);
        let nearest = nearest.replacen("[]", &format!("[{index}]"), 1);
        Problem::new(path, format!("unknown key, did you mean {nearest}?"))
    }
}

/// Takes the value at `path` out of `tree` and gives its path as the operator wrote it, and the value.
///
/// `removed` counts the elements that are gone from each list, because later ones have moved up. Elements that are
/// tables become empty instead, so that the rules between settings see the others at their own numbers.
fn take_out(
    tree: &mut Value,
    path: &serde_path_to_error::Path,
    removed: &mut BTreeMap<String, usize>,
    holds_tables: impl Fn(&str) -> bool,
) -> Option<(String, Value)> {
    let mut steps =
        path.iter().filter(|step| matches!(step, Segment::Map { .. } | Segment::Seq { .. })).peekable();
    let mut here = tree;
    let mut written = String::new();
    while let Some(step) = steps.next() {
        let last = steps.peek().is_none();
        match step {
            Segment::Map { key } => {
                let table = here.as_object_mut()?;
                written = if written.is_empty() { key.clone() } else { format!("{written}.{key}") };
                if last {
                    return table.remove(key).map(|value| (written, value));
                }
                here = table.get_mut(key)?;
            }
            Segment::Seq { index } => {
                let gone = removed.get(&written).copied().unwrap_or(0);
                let element = format!("{written}[{}]", index + gone);
                let list = here.as_array_mut().filter(|list| *index < list.len())?;
                if last && holds_tables(&written) {
                    return Some((
                        element,
                        std::mem::replace(&mut list[*index], Value::Object(Default::default())),
                    ));
                }
                if last {
                    *removed.entry(written).or_default() += 1;
                    return Some((element, list.remove(*index)));
                }
                written = element;
                here = &mut list[*index];
            }
            _ => return None,
        }
    }
    None
}

fn unknown_path(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}[{index}]", unknown_path(parent)),
        Path::Map { parent, key } => match unknown_path(parent) {
            parent if parent.is_empty() => key.clone(),
            parent => format!("{parent}.{key}"),
        },
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => {
            unknown_path(parent)
        }
    }
}

fn layered(origin: &str, value: &Value) -> Layered {
    let kind = match value {
        Value::Null => ValueKind::Nil,
        Value::Bool(value) => ValueKind::Boolean(*value),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => ValueKind::I64(whole),
            None => ValueKind::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => ValueKind::String(text.clone()),
        Value::Array(list) => ValueKind::Array(list.iter().map(|value| layered(origin, value)).collect()),
        Value::Object(table) => {
            ValueKind::Table(table.iter().map(|(key, value)| (key.clone(), layered(origin, value))).collect())
        }
    };
    Layered::new(Some(&origin.to_owned()), kind)
}

/// The layered value at a path such as `auth.users[0].token`.
fn find<'a>(root: &'a Layered, path: &str) -> Option<&'a Layered> {
    path.split('.').try_fold(root, |here, step| {
        let (name, index) = step.split_once('[').map_or((step, None), |(name, rest)| (name, Some(rest)));
        let ValueKind::Table(table) = &here.kind else { return None };
        let value = table.get(name)?;
        match (index, &value.kind) {
            (None, _) => Some(value),
            (Some(index), ValueKind::Array(list)) => {
                list.get(index.trim_end_matches(']').parse::<usize>().ok()?)
            }
            _ => None,
        }
    })
}
