//! The committed files are what the types say. `UPDATE_SCHEMA=1` writes them.

mod rules;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Folders below `schema/` that are not made from the types here, each with what makes them.
const OTHERS: [&str; 5] = ["baseline", "vectors", "typescript", "python", "tools"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema")
}

#[test]
fn committed_schemas_match_the_types() {
    for (name, document) in chat_protocol::schema::files() {
        let path = root().join(&name);
        let text = format!("{document:#}\n");
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == text,
            "schema/{name} differs from the types: run with UPDATE_SCHEMA=1 and read the diff"
        );
    }
}

#[test]
fn nothing_lies_in_schema_that_is_not_made_from_the_types() {
    let made: BTreeMap<PathBuf, _> = chat_protocol::schema::files()
        .into_iter()
        .map(|(name, document)| (root().join(name), document))
        .collect();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let first = folder == root();
            match path.is_dir() {
                true if first && OTHERS.contains(&name.as_str()) => {}
                true => folders.push(path),
                false if first && name == "README.md" => {}
                false => {
                    assert!(made.contains_key(&path), "{} is made from nothing: remove it", path.display())
                }
            }
        }
    }
}
