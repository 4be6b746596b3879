//! Power cuts: what a process had on disk, not what the kernel still had in memory.
//!
//! A process killed with SIGKILL leaves its unsynced writes in the kernel's cache, and the next process reads them as
//! if they had been stored. [`PowerCut`] starts the process with a small C library in front of its file operations
//! (`tests/powercut/powercut.c`, where the exact rules stand). It keeps a second copy of the data directory that
//! receives only what was synced; that copy is what a start after a power cut would find.
//!
//! Linux with glibc, and a C compiler: `$CC`, or `cc` from the path.

use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const SOURCE: &str = include_str!("../powercut/powercut.c");

/// One data directory and what of it is on disk.
///
/// ```no_run
/// use std::process::Command;
/// use chat_tests::powercut::PowerCut;
///
/// # fn main() -> std::io::Result<()> {
/// # let temporary = tempfile::tempdir()?;
/// let data = temporary.path().join("data");
/// let power = PowerCut::new(&data)?;
/// let mut server = Command::new("chat-server").arg("--data").arg(&data).envs(power.env()).spawn()?;
/// // ... let it acknowledge something ...
/// server.kill()?;
/// server.wait()?;
/// let survived = power.cut();
/// // Start again from `survived`: what was acknowledged must be there.
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PowerCut {
    library: PathBuf,
    data: PathBuf,
    shadow: PathBuf,
}

impl PowerCut {
    /// Watches `data`, which is made if it does not exist. What is in it now counts as stored.
    ///
    /// The copy lies beside it, in `<data>-disk-<n>` with the first free number, so that it goes away with the
    /// temporary directory that holds both. To cut the power again, begin anew with what survived.
    ///
    /// # Errors
    /// When the library cannot be compiled, with the compiler's words, and when a directory cannot be made or copied.
    pub fn new(data: impl AsRef<Path>) -> io::Result<Self> {
        let library = library()?;
        std::fs::create_dir_all(&data)?;
        let data = data.as_ref().canonicalize()?;
        let shadow = free_sibling(&data)?;
        copy_dir(&data, &shadow)?;
        Ok(Self { library, data, shadow })
    }

    /// What to add to the environment of the process, for `Command::envs` of the standard library or of tokio.
    ///
    /// Only that process is to run on the directory, and it may be started more than once, one after another.
    pub fn env(&self) -> [(&'static str, OsString); 3] {
        let mut preload = self.library.clone().into_os_string();
        if let Some(others) = std::env::var_os("LD_PRELOAD").filter(|others| !others.is_empty()) {
            preload.push(":");
            preload.push(others);
        }
        [
            ("LD_PRELOAD", preload),
            ("POWERCUT_ROOT", self.data.clone().into()),
            ("POWERCUT_SHADOW", self.shadow.clone().into()),
        ]
    }

    /// The data directory as the disk has it. Call it when the process has been killed *and waited for*: until then
    /// it may still sync.
    #[must_use]
    pub fn cut(self) -> PathBuf {
        self.shadow
    }
}

/// The compiled library. Its name holds a hash of the source, so that test processes share it and none uses an old one.
fn library() -> io::Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT.get_or_init(|| compile().map_err(|error| error.to_string())).clone().map_err(io::Error::other)
}

fn compile() -> io::Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    SOURCE.hash(&mut hasher);
    // Beside the test binary: inside the target directory, whatever that is called and wherever it lies.
    let executable = std::env::current_exe()?;
    let dir = executable.parent().ok_or_else(|| io::Error::other("the test binary has no directory"))?;
    let library = dir.join(format!("powercut-{:016x}.so", hasher.finish()));
    if library.exists() {
        return Ok(library);
    }
    // Compiled apart and renamed, because another test process may be doing the same at this moment.
    let scratch = tempfile::tempdir_in(dir)?;
    let (source, output) = (scratch.path().join("powercut.c"), scratch.path().join("powercut.so"));
    std::fs::write(&source, SOURCE)?;
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let run = Command::new(&compiler)
        .args(["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-o"])
        .args([&output, &source])
        .args(["-ldl", "-lpthread"])
        .output()
        .map_err(|error| io::Error::other(format!("cannot run {compiler:?}: {error}")))?;
    if !run.status.success() {
        let said = String::from_utf8_lossy(&run.stderr);
        return Err(io::Error::other(format!("{compiler:?} failed on powercut.c: {said}")));
    }
    std::fs::rename(&output, &library)?;
    Ok(library)
}

/// Makes the first `<data>-disk-<n>` that does not exist.
fn free_sibling(data: &Path) -> io::Result<PathBuf> {
    const MOST: u32 = 10_000;
    for n in 1..=MOST {
        let mut name = data.as_os_str().to_owned();
        name.push(format!("-disk-{n}"));
        match std::fs::create_dir(&name) {
            Ok(()) => return Ok(name.into()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(format!("{} has {MOST} copies beside it", data.display())))
}

fn copy_dir(from: &Path, to: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            std::fs::create_dir(&target)?;
            copy_dir(&entry.path(), &target)?;
        } else if !entry.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
