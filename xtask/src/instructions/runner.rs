//! The bench runner: of exactly the version of the library that the benches are compiled with.

use std::path::{Path, PathBuf};

use crate::tools;

/// The bench runner. Its version is in `Cargo.lock`.
pub(super) fn installed(root: &Path) -> Result<PathBuf, String> {
    let lock = root.join("Cargo.lock");
    let text = std::fs::read_to_string(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    let version = locked(&text, "gungraun").ok_or("gungraun is not in Cargo.lock")?;
    tools::cargo_tool(root, "gungraun-runner", version)
}

/// The version of a package in the text of a lock file.
fn locked<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_a_package_is_found_in_a_lock_file() {
        let lock = "[[package]]\nname = \"a-b\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"a\"\nversion = \"2.1.0\"\n";
        assert_eq!(locked(lock, "a"), Some("2.1.0"));
        assert_eq!(locked(lock, "c"), None);
    }
}
