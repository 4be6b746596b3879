//! Types for TypeScript and models for Python, made of the published bundles and kept beside them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::install::{Tools, succeed};

/// Where the generators write, below their output folder, and where that is kept, below `schema`.
const KEPT: [(&str, &str); 2] = [("typescript", "typescript/types"), ("python", "python/models")];

/// Generates both. With `update` they replace the kept files; without, a difference is an error.
pub(super) fn generate(tools: &Tools, schema: &Path, update: bool) -> Result<usize, String> {
    let output = tools.fresh_folder("generated")?;
    succeed(tools.python("generate.py").arg(schema).arg(&output))?;
    succeed(tools.node("generate.mjs").arg(&output))?;
    let mut count = 0;
    for (made, kept) in KEPT {
        let (made, kept) = (output.join(made), schema.join(kept));
        count += if update { replace(&made, &kept)? } else { compare(&made, &kept)? };
    }
    Ok(count)
}

fn replace(made: &Path, kept: &Path) -> Result<usize, String> {
    std::fs::create_dir_all(kept).map_err(|error| format!("{}: {error}", kept.display()))?;
    for (name, _) in generated(kept)? {
        let path = kept.join(name);
        std::fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let files = generated(made)?;
    for (name, text) in &files {
        let path = kept.join(name);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(files.len())
}

fn compare(made: &Path, kept: &Path) -> Result<usize, String> {
    let (made, here) = (generated(made)?, generated(kept)?);
    let names = made.keys().chain(here.keys());
    let mut differ: Vec<String> = names.filter(|name| made.get(*name) != here.get(*name)).cloned().collect();
    differ.sort();
    differ.dedup();
    if made.is_empty() || !differ.is_empty() {
        let differ = differ.join(", ");
        return Err(format!("{}: not as generated: {differ}; cargo xtask foreign --update", kept.display()));
    }
    Ok(made.len())
}

/// The generated files of a folder by name: all but Python's mark of a package.
fn generated(folder: &Path) -> Result<BTreeMap<String, String>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let is_code = |path: &PathBuf| {
        path.extension().is_some_and(|ending| ending == "ts" || ending == "py")
            && path.file_name().is_some_and(|name| name != "__init__.py")
    };
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text))
    };
    paths.filter(is_code).map(read).collect()
}
