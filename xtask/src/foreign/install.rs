//! Programs in Python and JavaScript, installed into `target/foreign` at the exact versions of `schema/tools`.
//!
//! Python comes from the system. Node.js comes from Python's registry like the rest, because the one of the system may
//! be older than what the programs need (Debian 12 has version 18). Once installed, nothing is fetched again until a
//! lock file changes: later runs need no network.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools;

/// The files that say what is installed.
const LOCKS: [&str; 4] = ["requirements.txt", "package.json", "package-lock.json", ".npmrc"];

/// What was installed.
pub(super) struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// Installs what is not there yet.
    pub(super) fn installed(root: &Path) -> Result<Self, String> {
        let source = root.join("schema/tools");
        let tools = Self { folder: root.join("target/foreign") };
        let stamp = tools.folder.join("installed");
        let wanted =
            LOCKS.map(|name| read(&source.join(name))).into_iter().collect::<Result<String, String>>()?;
        if std::fs::read_to_string(&stamp).ok().as_ref() != Some(&wanted) {
            tools.install(&source)?;
            // Last: whatever was interrupted begins anew.
            std::fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
        }
        // The scripts find packages from where they are themselves.
        copy_all(&source, &tools.folder)?;
        Ok(tools)
    }

    fn install(&self, source: &Path) -> Result<(), String> {
        println!("== installing into target/foreign");
        self.fresh_folder("")?;
        copy_all(source, &self.folder)?;
        self.environment()?;
        let mut pip = self.command(&self.program("pip"));
        pip.args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
            "requirements.txt",
        ]);
        succeed(&mut pip)?;
        succeed(self.command(&self.program("npm")).args(["ci", "--loglevel=error", "--no-update-notifier"]))
    }

    /// An environment of Python's; the system may have Python without the part that makes one.
    fn environment(&self) -> Result<(), String> {
        let make = || succeed(self.command(Path::new("python3")).args(["-m", "venv", "--clear", "venv"]));
        tools::packages("python3 with venv", &["python3", "python3-venv"], || make().is_ok())
    }

    /// A program of the environment.
    fn program(&self, name: &str) -> PathBuf {
        self.folder.join("venv/bin").join(name)
    }

    /// A program that finds the others, run in the folder of the tools.
    fn command(&self, program: &Path) -> Command {
        let mut path = OsString::from(self.folder.join("venv/bin"));
        if let Some(rest) = std::env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        let mut command = Command::new(program);
        command.current_dir(&self.folder).env("PATH", path);
        command
    }

    /// Where the programs are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// An empty folder for what a program writes.
    pub(super) fn fresh_folder(&self, name: &str) -> Result<PathBuf, String> {
        let folder = self.folder.join(name);
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(failed)?;
        }
        std::fs::create_dir_all(&folder).map_err(failed)?;
        Ok(folder)
    }

    /// A script in JavaScript.
    pub(super) fn node(&self, script: &str) -> Command {
        let mut command = self.command(&self.program("node"));
        command.arg(script);
        command
    }

    /// A script in Python.
    pub(super) fn python(&self, script: &str) -> Command {
        let mut command = self.command(&self.program("python"));
        // What is only read stays as it is.
        command.arg(script).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    /// A module of Python's.
    pub(super) fn module(&self, name: &str) -> Command {
        let mut command = self.python("-m");
        command.arg(name);
        command
    }

    /// The program of a JavaScript package.
    pub(super) fn package(&self, name: &str) -> Command {
        self.command(&self.folder.join("node_modules/.bin").join(name))
    }
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Copies the files of a folder, without folders in it.
fn copy_all(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{} to {}: {error}", from.display(), to.display());
    for entry in std::fs::read_dir(from).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            std::fs::copy(&path, to.join(name)).map_err(failed)?;
        }
    }
    Ok(())
}

pub(super) fn succeed(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("{name}: {}\n{said}{complained}", output.status))
}
