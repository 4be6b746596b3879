//! Plays clients of existing systems, as their authors wrote them, against the real server: `cargo xtask originals`.
//!
//! Their files are brought by whoever runs it; `tests/originals/README.md` says which. What plays them is installed into
//! `target/originals` at the exact versions of `tests/originals/package-lock.json`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::{cargo, root};

/// What to play.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Folder with the files of the originals: chat.html, teste.html and websocket.service.ts
    folder: PathBuf,
    /// Folder for what was said, one file per client
    #[arg(long)]
    transcripts: Option<PathBuf>,
}

impl Options {
    pub(crate) fn run(&self) -> Result<(), String> {
        let root = root()?;
        let tools = root.join("target/originals");
        copy(&root.join("tests/originals"), &tools)?;
        succeed(
            Command::new("npm").args(["ci", "--loglevel=error", "--no-update-notifier"]).current_dir(&tools),
        )?;
        let mut test = Command::new(cargo());
        test.args(["test", "--package", "chat-tests", "--test", "it", "originals::"]);
        test.args(["--", "--include-ignored", "--nocapture"]).current_dir(&root);
        test.env("ORIGINALS", absolute(&self.folder)?).env("ORIGINALS_TOOLS", &tools);
        if let Some(folder) = &self.transcripts {
            test.env("TRANSCRIPTS", absolute(folder)?);
        }
        succeed(&mut test)
    }
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))
}

/// Copies the files of a folder, none of which is a folder.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let copied = std::fs::create_dir_all(to).and_then(|()| {
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
        Ok(())
    });
    copied.map_err(|error| format!("{}: {error}", from.display()))
}

fn succeed(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{}: {status}", command.get_program().display())),
        Err(error) => Err(format!("{}: {error}", command.get_program().display())),
    }
}
