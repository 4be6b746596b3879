//! The page of settings is that of the comments, and its example names every key.

use std::path::{Path, PathBuf};

use super::super::keys::{self, Form, Key};
use super::super::{Dialects, Settings};
use super::read;

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md")
}

/// Whether a key has a row of its own: no table has, but that of a format's `auth`, which stands for the keys in it, because
/// they are those of `auth`.
fn is_shown(key: &Key) -> bool {
    match key.path.strip_prefix("dialects.").and_then(|path| path.split_once('.')) {
        Some((_, rest)) if rest == "auth" || rest.starts_with("auth.") => rest == "auth",
        _ => key.form != Form::Table && !key.path.ends_with("[]"),
    }
}

/// The rows of the page, one per setting, from the comments on the fields.
fn table() -> String {
    // A table that is there without a key has the defaults, too.
    let settings = Settings { dialects: Dialects::default().all(), ..Settings::default() };
    let defaults = serde_json::to_value(settings).unwrap();
    let mut rows = "| key | variable | default | meaning |\n| --- | --- | --- | --- |\n".to_owned();
    for key in keys::known().iter().filter(|key| is_shown(key)) {
        let default = match defaults.pointer(&format!("/{}", key.path.replace('.', "/"))) {
            Some(value) => format!("`{value}`"),
            None => String::new(),
        };
        let variable = key.variable().map(|name| format!("`{name}`")).unwrap_or_default();
        rows += &format!("| `{}` | {variable} | {default} | {} |\n", key.path, key.description);
    }
    rows
}

#[test]
fn the_page_lists_every_setting_as_the_comments_have_it() {
    const BEGIN: &str = "<!-- settings: written by UPDATE_DOCS=1 cargo test -p chat-server settings -->\n";
    const END: &str = "<!-- end of settings -->\n";
    let text = std::fs::read_to_string(page()).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the page marks where the table begins");
    let (_, after) = rest.split_once(END).expect("the page marks where the table ends");
    let wanted = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(page(), &wanted).unwrap();
    } else {
        assert_eq!(text, wanted, "run UPDATE_DOCS=1 cargo test -p chat-server settings");
    }
    for key in keys::known() {
        assert!(!key.description.is_empty() || key.path.ends_with("[]"), "{} has no comment", key.path);
    }
}

#[test]
fn the_example_of_the_page_is_accepted_and_names_every_key() {
    let text = std::fs::read_to_string(page()).unwrap();
    let example =
        text.split_once("```toml\n").and_then(|(_, rest)| rest.split_once("```")).expect("an example").0;
    read(example, &[], &[]).unwrap();
    for key in keys::known().iter().filter(|key| is_shown(key)) {
        let name = key.path.rsplit('.').next().unwrap();
        let named = example.lines().any(|line| {
            let line = line.trim_start_matches(['#', ' ']);
            line.starts_with(&format!("{name} ="))
                || line.contains(&format!(" {name} = "))
                || line == format!("[{}]", key.path)
        });
        assert!(named, "{} is missing in the example", key.path);
    }
}

/// The files that begin a move from another system.
#[test]
fn the_examples_are_accepted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/config");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let settings = read(&std::fs::read_to_string(&path).unwrap(), &[], &[]);
        let settings = settings.unwrap_or_else(|problems| panic!("{}: {problems:#?}", path.display()));
        let name = path.file_stem().unwrap().to_str().unwrap();
        let on = serde_json::to_value(settings.dialects_on()).unwrap();
        assert!(on.get(name).is_some(), "{name} is not spoken");
        count += 1;
    }
    assert!(count >= 2, "the examples were found");
}
