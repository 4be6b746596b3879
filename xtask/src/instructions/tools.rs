//! What counts: valgrind from the system's packages, and the bench runner of exactly the library's version.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::baseline::output;

/// The cargo that runs this.
pub(super) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Makes sure that there is a valgrind.
pub(super) fn valgrind() -> Result<(), String> {
    if output("valgrind", &["--version"]).is_ok() {
        return Ok(());
    }
    let how = "valgrind is missing and cannot be installed here: install it with the system's packages";
    let root = output("id", &["-u"])?.trim() == "0";
    if !root && output("sudo", &["--version"]).is_err() {
        return Err(format!("{how} (neither root nor sudo)"));
    }
    // A list of packages may be missing, as in fresh images, or old: fetched only when it does not work without.
    for steps in [&[&["install", "-y", "valgrind"][..]][..], &[&["update"], &["install", "-y", "valgrind"]]] {
        if steps.iter().all(|args| apt_get(root, args)) && output("valgrind", &["--version"]).is_ok() {
            return Ok(());
        }
    }
    Err(how.to_owned())
}

fn apt_get(root: bool, args: &[&str]) -> bool {
    println!("== apt-get {}", args.join(" "));
    let mut command = if root {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    } else {
        let mut command = Command::new("sudo");
        command.args(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        command
    };
    command.args(args).status().is_ok_and(|status| status.success())
}

/// The bench runner, installed into `target/tools` if it is not there. It must have the version of the library that
/// the benches are compiled with, which is in `Cargo.lock`.
pub(super) fn runner(root: &Path) -> Result<PathBuf, String> {
    let lock = root.join("Cargo.lock");
    let text = std::fs::read_to_string(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    let version = locked(&text, "gungraun").ok_or("gungraun is not in Cargo.lock")?;
    let folder = root.join("target/tools");
    let runner = folder.join("bin/gungraun-runner");
    let wanted = format!("gungraun-runner {version}");
    let present = output(&runner.to_string_lossy(), &["--version"]);
    if present.is_ok_and(|present| present.trim() == wanted) {
        return Ok(runner);
    }
    println!("== cargo install {wanted} into target/tools");
    let status = Command::new(cargo())
        .args(["install", "gungraun-runner", "--locked", "--version", &format!("={version}"), "--root"])
        .arg(&folder)
        .status();
    match status {
        Ok(status) if status.success() => Ok(runner),
        Ok(status) => Err(format!("cargo install {wanted}: {status}")),
        Err(error) => Err(format!("cargo install {wanted}: {error}")),
    }
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
