//! What the commands need beside the compiler: programs of the system's packages, and cargo tools of exactly the
//! version that is wanted.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace.
pub(crate) fn root() -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().map_err(|error| format!("{}: {error}", root.display()))
}

/// The cargo that runs this.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// What a command prints.
pub(crate) fn output(program: &str, args: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(args).output().map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{program}: {}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Makes sure that there is a program, which comes with a package of the system.
pub(crate) fn program(name: &str, package: &str) -> Result<(), String> {
    packages(name, &[package], || output(name, &["--version"]).is_ok())
}

/// Makes sure that something works that comes with packages of the system.
pub(crate) fn packages(name: &str, packages: &[&str], works: impl Fn() -> bool) -> Result<(), String> {
    if works() {
        return Ok(());
    }
    let how =
        format!("{name} is missing and cannot be installed here: install it with the system's packages");
    let root = output("id", &["-u"])?.trim() == "0";
    if !root && output("sudo", &["--version"]).is_err() {
        return Err(format!("{how} (neither root nor sudo)"));
    }
    let install = [&["install", "-y"], packages].concat();
    // A list of packages may be missing, as in fresh images, or old: fetched only when it does not work without.
    for steps in [&[&install[..]][..], &[&["update"], &install]] {
        if steps.iter().all(|args| apt_get(root, args)) && works() {
            return Ok(());
        }
    }
    Err(how)
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

/// A cargo tool whose program is called like its package, installed into `target/tools` if it is not there.
pub(crate) fn cargo_tool(root: &Path, package: &str, version: &str) -> Result<PathBuf, String> {
    let folder = root.join("target/tools");
    let tool = folder.join("bin").join(package);
    let wanted = format!("{package} {version}");
    let present = output(&tool.to_string_lossy(), &["--version"]);
    if present.is_ok_and(|present| present.trim() == wanted) {
        return Ok(tool);
    }
    println!("== cargo install {wanted} into target/tools");
    let status = Command::new(cargo())
        .args(["install", package, "--locked", "--version", &format!("={version}"), "--root"])
        .arg(&folder)
        .status();
    match status {
        Ok(status) if status.success() => Ok(tool),
        Ok(status) => Err(format!("cargo install {wanted}: {status}")),
        Err(error) => Err(format!("cargo install {wanted}: {error}")),
    }
}
