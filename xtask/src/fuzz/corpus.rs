//! The committed corpus: few and short inputs that together reach all code that was ever reached.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Places, SHORT_BYTES, create, logged};

/// What is longer is not committed: the long inputs are among the seeds, which are made for each run.
const MAX_COMMITTED: u64 = 512;

/// Makes the corpus of a target anew, of what it had and of what was found: few inputs that reach all edges that the
/// seeds do not reach. How often an edge is reached does not count, which keeps the corpus small.
pub(super) fn keep(places: &Places, target: &str) -> Result<(), String> {
    let (corpus, work) = (places.corpus(target), places.work.join(target));
    let (merged, candidates) = (work.join("merged"), work.join("candidates"));
    // What is in the first folder of a merge stays there, and what it reaches counts as reached.
    copy_short(&places.seeds(), &merged)?;
    copy_short(&corpus, &candidates)?;
    copy_short(&work.join("short"), &candidates)?;
    let mut command = Command::new(places.programs.join(target));
    command.args(["-set_cover_merge=1", "-use_counters=0"]).arg(format!("-max_len={SHORT_BYTES}"));
    let log = logged(command.args([&merged, &candidates]), &work.join("merge.txt"))?;
    if !log.success {
        return Err(format!("{target} cannot be merged, see {}", work.join("merge.txt").display()));
    }
    for file in files(&corpus)?.iter().filter(|file| !is_named(file)) {
        std::fs::remove_file(file).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    for file in files(&merged)?.iter().filter(|file| !is_named(file)) {
        copy(file, &corpus)?;
    }
    println!("== {target}: {} inputs in its corpus", files(&corpus)?.len());
    Ok(())
}

/// Whether someone or the maker of seeds gave the file its name. What the fuzzer writes is called by its hash.
fn is_named(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.len() != 40 || !name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Copies the short inputs of a folder into another one.
fn copy_short(from: &Path, to: &Path) -> Result<(), String> {
    create(to)?;
    for file in files(from)? {
        let size = std::fs::metadata(&file).map_err(|error| format!("{}: {error}", file.display()))?.len();
        if size <= MAX_COMMITTED {
            copy(&file, to)?;
        }
    }
    Ok(())
}

fn copy(file: &Path, to: &Path) -> Result<(), String> {
    let copied = std::fs::copy(file, to.join(file.file_name().unwrap_or_default()));
    copied.map(|_| ()).map_err(|error| format!("{}: {error}", file.display()))
}

/// The files of a folder in the order of their names; none if there is no such folder.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let error = |error: std::io::Error| format!("{}: {error}", folder.display());
    let entries = match std::fs::read_dir(folder) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(error)?,
    };
    let mut files = Vec::new();
    for entry in entries {
        files.extend(Some(entry.map_err(error)?.path()).filter(|path| path.is_file()));
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::is_named;
    use std::path::Path;

    #[test]
    fn hashes_are_no_names() {
        assert!(!is_named(Path::new("corpus/chats/da39a3ee5e6b4b0d3255bfef95601890afd80709")));
        assert!(is_named(Path::new("corpus/chats/overflow-of-an-offset-in-a-date")));
    }
}
