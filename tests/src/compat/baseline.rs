//! What the last release published, as committed under `schema/baseline`, and when it may be replaced.

use std::io;
use std::path::PathBuf;

use semver::Version;

use super::{Documents, Finding};

/// The documents of the last release.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// Version of `chat-protocol` that published them.
    pub version: Version,
    /// All of them.
    pub documents: Documents,
}

impl Baseline {
    /// What is published now, under the present version.
    ///
    /// # Panics
    /// When the workspace has no version, in which case it would not have been compiled.
    pub fn present() -> Self {
        // The version is that of the workspace, which `chat-protocol` shares.
        let version =
            Version::parse(env!("CARGO_PKG_VERSION")).expect("cargo accepts semantic versions only");
        Self { version, documents: super::published() }
    }

    /// Reads the committed baseline.
    ///
    /// # Errors
    /// When a file is missing or is not what [`write`](Self::write) wrote.
    pub fn committed() -> io::Result<Self> {
        let text = std::fs::read_to_string(folder().join("version"))?;
        let version = Version::parse(text.trim()).map_err(io::Error::other)?;
        let text = std::fs::read_to_string(folder().join("documents.json"))?;
        Ok(Self { version, documents: serde_json::from_str(&text)? })
    }

    /// Makes this the committed baseline.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn write(&self) -> io::Result<()> {
        std::fs::create_dir_all(folder())?;
        let text = serde_json::to_string_pretty(&self.documents)?;
        std::fs::write(folder().join("documents.json"), text + "\n")?;
        std::fs::write(folder().join("version"), format!("{}\n", self.version))
    }
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/baseline"))
}

/// Whether the version says that clients may break: a greater major one, or before 1.0 a greater minor one.
pub fn may_break(released: &Version, present: &Version) -> bool {
    let line = |version: &Version| match version.major {
        0 => (0, version.minor),
        major => (major, 0),
    };
    line(present) > line(released)
}

/// Whether the baseline may be replaced by what is published now, in spite of what the comparison found.
///
/// It may not be the way around the check: where clients break, the version says so, or the changelog does not yet
/// know the baseline's version as released.
pub fn may_replace(committed: &Version, present: &Version, findings: &[Finding], changelog: &str) -> bool {
    let headings = changelog.lines().filter_map(|line| line.strip_prefix("## "));
    // `## 1.2.3 - 2027-01-01`, with or without brackets.
    let versions = headings.filter_map(|heading| heading.split_whitespace().next());
    let is_released =
        versions.map(|version| version.trim_matches(['[', ']'])).any(|v| v == committed.to_string());
    findings.is_empty() || may_break(committed, present) || !is_released
}
