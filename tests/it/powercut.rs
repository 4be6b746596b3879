//! The power cut shows what it should: what was synced is there, what was not is gone. Without these, a test that finds
//! every message after a power cut would prove nothing.

// The library in front of the file operations is for glibc.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, IoSlice, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use chat_tests::powercut::PowerCut;
use rusqlite::Connection;

/// Which scenario the child runs, and where.
const SCENARIO: &str = "POWERCUT_SCENARIO";
const DIRECTORY: &str = "POWERCUT_DIRECTORY";

/// How long a child may take to say something before it counts as stuck; a slow disk syncs in well under a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `scenario` in another process of this binary, kills it with SIGKILL once it has printed `lines` lines, and
/// gives all lines that it printed.
fn run_and_kill(power: &PowerCut, data: &Path, scenario: &str, lines: usize) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "powercut::child", "--ignored", "--nocapture", "--test-threads=1"])
        .env(SCENARIO, scenario)
        .env(DIRECTORY, data)
        .envs(power.env())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = listen(child.stdout.take().unwrap());
    let mut heard = Vec::new();
    while heard.len() < lines {
        match said.recv_timeout(PATIENCE) {
            Ok(line) => heard.push(line),
            Err(error) => {
                end(&mut child);
                panic!("{scenario}: {error} after {heard:?}");
            }
        }
    }
    end(&mut child);
    // What it said in the moment before it was killed was said all the same.
    heard.extend(said.iter());
    heard
}

/// SIGKILL to this one child.
fn end(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// What the child says: the lines that begin with `> `, among those of the test runner.
fn listen(stdout: ChildStdout) -> Receiver<String> {
    let (tell, said) = sync_channel(1_000_000);
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(text) = line.strip_prefix("> ")
                && tell.send(text.to_owned()).is_err()
            {
                break;
            }
        }
    });
    said
}

fn say(text: impl std::fmt::Display) {
    let mut out = io::stdout().lock();
    out.write_all(format!("\n> {text}\n").as_bytes()).and_then(|()| out.flush()).unwrap();
}

#[test]
#[ignore = "the other side of the tests here, which start it in a process of its own"]
fn child() {
    let (Ok(scenario), Ok(data)) = (std::env::var(SCENARIO), std::env::var(DIRECTORY)) else { return };
    let data = Path::new(&data);
    if let Some(synchronous) = scenario.strip_prefix("sqlite ") {
        return insert_rows(data, synchronous);
    }
    let case = CASES.iter().find(|case| case.name == scenario).expect("a case");
    (case.run)(data).unwrap();
    say("done");
    // Until it is killed.
    let _ = io::stdin().read(&mut [0]);
}

/// What a process does to files, and what is on disk afterwards.
struct Case {
    name: &'static str,
    /// Files before the process starts.
    before: &'static [(&'static str, &'static str)],
    run: fn(&Path) -> io::Result<()>,
    /// Files on disk after the power cut.
    disk: &'static [(&'static str, &'static str)],
}

fn both(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

const CASES: &[Case] = &[
    Case {
        name: "what follows the last sync is gone",
        before: &[],
        run: |dir| {
            let mut file = File::create(dir.join("a"))?;
            file.write_all(b"A")?;
            file.sync_all()?;
            file.write_all(b"B")
        },
        disk: &[("a", "A")],
    },
    Case {
        name: "sync_data stores as sync_all does, in a directory of its own",
        before: &[],
        run: |dir| {
            fs::create_dir_all(dir.join("x/y"))?;
            let mut file = File::create(dir.join("x/y/a"))?;
            file.write_all(b"A")?;
            file.sync_data()?;
            file.write_all(b"B")
        },
        disk: &[("x/y/a", "A")],
    },
    Case {
        name: "a file that was never synced is not there",
        before: &[],
        run: |dir| fs::write(dir.join("a"), "A"),
        disk: &[],
    },
    Case {
        name: "what was there before stays, overwritten or not",
        before: &[("a", "old one"), ("b", "old two"), ("c", "old three")],
        run: |dir| {
            both(&dir.join("a"))?.write_all_at(b"NEW", 0)?;
            let b = both(&dir.join("b"))?;
            b.write_all_at(b"NEW", 0)?;
            b.sync_data()
        },
        disk: &[("a", "old one"), ("b", "NEW two"), ("c", "old three")],
    },
    Case {
        name: "only dirty parts are copied, wherever they are",
        before: &[],
        run: |dir| {
            let mut file = File::create(dir.join("a"))?;
            file.write_all(b"0123456789")?;
            file.sync_data()?;
            file.write_all_at(b"B", 1)?;
            file.write_all_at(b"FG", 5)?;
            file.seek(SeekFrom::Start(8))?;
            let parts = [IoSlice::new(b"I"), IoSlice::new(b"JK")];
            assert_eq!(file.write_vectored(&parts)?, 3);
            file.sync_data()?;
            file.write_all_at(b"unsynced", 0)
        },
        disk: &[("a", "0B234FG7IJK")],
    },
    Case {
        name: "appends land at the end",
        before: &[("a", "one ")],
        run: |dir| {
            let mut file = OpenOptions::new().append(true).open(dir.join("a"))?;
            file.write_all(b"two ")?;
            file.sync_data()?;
            file.write_all(b"three ")?;
            file.sync_data()?;
            // Linux appends, whatever offset it is given.
            file.write_all_at(b"four ", 1)?;
            file.sync_data()?;
            file.write_all(b"five ")
        },
        disk: &[("a", "one two three four ")],
    },
    Case {
        name: "a truncation waits for a sync",
        before: &[("a", "aaaa"), ("b", "bbbb"), ("c", "cccc"), ("d", "dddd")],
        run: |dir| {
            both(&dir.join("a"))?.set_len(1)?;
            let b = both(&dir.join("b"))?;
            b.sync_data()?;
            b.set_len(1)?;
            b.set_len(3)?;
            b.sync_data()?;
            // Opened with O_TRUNC.
            let mut c = File::create(dir.join("c"))?;
            c.write_all(b"C")?;
            let mut d = File::create(dir.join("d"))?;
            d.write_all(b"DDDD")?;
            d.sync_data()?;
            let d = File::create(dir.join("d"))?;
            d.set_len(2)?;
            d.sync_data()
        },
        disk: &[("a", "aaaa"), ("b", "b\0\0"), ("c", "cccc"), ("d", "\0\0")],
    },
    Case {
        name: "copies of a descriptor are the same file",
        before: &[],
        run: |dir| {
            let first = File::create(dir.join("a"))?;
            let mut second = first.try_clone()?;
            second.write_all(b"A")?;
            drop(first);
            second.sync_data()?;
            second.write_all(b"B")?;
            // Another descriptor syncs what this one wrote.
            File::create(dir.join("b"))?.sync_data()?;
            fs::write(dir.join("b"), "B")?;
            File::open(dir.join("b"))?.sync_data()
        },
        disk: &[("a", "A"), ("b", "B")],
    },
    Case {
        name: "a descriptor that is used again is another file",
        before: &[],
        run: |dir| {
            File::create(dir.join("a"))?.sync_data()?;
            let mut elsewhere =
                File::create(std::env::temp_dir().join(format!("powercut-{}", std::process::id())))?;
            fs::remove_file(std::env::temp_dir().join(format!("powercut-{}", std::process::id())))?;
            elsewhere.write_all(b"elsewhere")?;
            elsewhere.sync_data()
        },
        disk: &[("a", "")],
    },
    Case {
        name: "a descriptor opened with O_DSYNC needs no sync",
        before: &[],
        run: |dir| {
            const O_DSYNC: i32 = 0o10000;
            let mut options = OpenOptions::new();
            options.write(true).create(true).custom_flags(O_DSYNC);
            options.open(dir.join("a"))?.write_all(b"A")
        },
        disk: &[("a", "A")],
    },
    Case {
        name: "renamed and removed at once, empty where never synced",
        before: &[("a", "old"), ("b", "old"), ("c", "old")],
        run: |dir| {
            let mut file = File::create(dir.join("a.new"))?;
            file.write_all(b"new")?;
            file.sync_data()?;
            fs::create_dir(dir.join("sub"))?;
            fs::rename(dir.join("a.new"), dir.join("a"))?;
            fs::rename(dir.join("a"), dir.join("sub/a"))?;
            file.write_all(b"er")?;
            file.sync_data()?;
            fs::write(dir.join("b.new"), "new")?;
            fs::rename(dir.join("b.new"), dir.join("b"))?;
            let removed = both(&dir.join("c"))?;
            fs::remove_file(dir.join("c"))?;
            removed.sync_data()
        },
        disk: &[("b", ""), ("sub/a", "newer")],
    },
    Case {
        name: "copied by the kernel counts as written",
        before: &[("a", "A"), ("b", "B")],
        run: |dir| {
            fs::copy(dir.join("a"), dir.join("a.copy"))?;
            let mut copy = File::create(dir.join("b.copy"))?;
            copy.sync_data()?;
            io::copy(&mut File::open(dir.join("b"))?, &mut copy)?;
            copy.sync_data()
        },
        disk: &[("a", "A"), ("b", "B"), ("b.copy", "B")],
    },
];

/// All files below `dir` with their contents.
fn contents(dir: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(contents(&entry.path()).into_iter().map(|(k, v)| (format!("{name}/{k}"), v)));
        } else {
            found.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
    found
}

#[test]
fn the_disk_holds_what_was_synced_and_nothing_else() {
    for case in CASES {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("data");
        fs::create_dir(&data).unwrap();
        for (name, text) in case.before {
            fs::write(data.join(name), text).unwrap();
        }
        let power = PowerCut::new(&data).unwrap();
        run_and_kill(&power, &data, case.name, 1);
        let disk: BTreeMap<_, _> =
            case.disk.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        assert_eq!(contents(&power.cut()), disk, "{}", case.name);
    }
}

#[test]
fn a_second_process_stores_what_the_first_left_unsynced() {
    // The kernel still has it when only the process died, and the next sync of the file is of all of it.
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let power = PowerCut::new(&data).unwrap();
    run_and_kill(&power, &data, "what follows the last sync is gone", 1);
    run_and_kill(&power, &data, "appends land at the end", 1);
    let a = fs::read_to_string(data.join("a")).unwrap();
    assert_eq!(a, "ABtwo three four five ");
    assert_eq!(contents(&power.cut())["a"], "ABtwo three four ");
}

/// Inserts numbered rows for ever and says each number once its transaction is committed; readers read meanwhile.
fn insert_rows(data: &Path, synchronous: &str) {
    let open = || {
        let connection = Connection::open(data.join("rows.db")).unwrap();
        connection.busy_timeout(PATIENCE).unwrap();
        connection.pragma_update(None, "synchronous", synchronous).unwrap();
        // Small, so that checkpoints and a log that begins anew are part of the test.
        connection.pragma_update(None, "wal_autocheckpoint", 20).unwrap();
        connection
    };
    for _ in 0..3 {
        let reader = open();
        std::thread::spawn(move || {
            // Ends with the process, which the test kills.
            loop {
                let count: i64 = reader.query_row("SELECT count(*) FROM rows", [], |row| row.get(0)).unwrap();
                assert!(count >= 0);
            }
        });
    }
    let writer = open();
    let first: i64 =
        writer.query_row("SELECT coalesce(max(id), 0) + 1 FROM rows", [], |row| row.get(0)).unwrap();
    for id in first..first + 1_000_000 {
        writer.execute("INSERT INTO rows (id, text) VALUES (?1, ?2)", (id, "x".repeat(500))).unwrap();
        say(id);
    }
}

/// Inserts until 200 rows are committed, cuts the power, and gives the greatest row that was said to be committed and
/// the rows that are there.
fn rows_after_cut(data: &Path, synchronous: &str) -> (i64, Vec<i64>, std::path::PathBuf) {
    let power = PowerCut::new(data).unwrap();
    let said = run_and_kill(&power, data, &format!("sqlite {synchronous}"), 200);
    // The last line may be cut short by the kill.
    let committed = said.iter().filter_map(|line| line.parse().ok()).max().unwrap();
    let disk = power.cut();
    let database = Connection::open(disk.join("rows.db")).unwrap();
    let mut statement = database.prepare("SELECT id FROM rows ORDER BY id").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let sound: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    if synchronous == "FULL" {
        assert_eq!(sound, "ok");
    }
    (committed, rows, disk)
}

/// A directory with an empty table, stored.
fn empty_database() -> (tempfile::TempDir, std::path::PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    fs::create_dir(&data).unwrap();
    let database = Connection::open(data.join("rows.db")).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database.execute_batch("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT NOT NULL)").unwrap();
    drop(database);
    (home, data)
}

#[test]
fn sqlite_keeps_every_committed_row_with_synchronous_full() {
    let (_home, mut data) = empty_database();
    // Each start begins with what survived the cut before.
    for _ in 0..3 {
        let (committed, rows, disk) = rows_after_cut(&data, "FULL");
        assert!(rows.len() as i64 >= committed, "{committed} rows were committed, {} are there", rows.len());
        assert_eq!(rows, (1..=rows.len() as i64).collect::<Vec<_>>());
        data = disk;
    }
}

#[test]
fn sqlite_loses_committed_rows_with_synchronous_off() {
    let (_home, data) = empty_database();
    let (committed, rows, _disk) = rows_after_cut(&data, "OFF");
    assert!((rows.len() as i64) < committed, "{committed} rows were committed and nothing was lost");
}

#[test]
fn sqlite_may_lose_the_last_rows_with_synchronous_normal_and_keeps_a_prefix() {
    let (_home, data) = empty_database();
    let (committed, rows, _disk) = rows_after_cut(&data, "NORMAL");
    assert!(rows.len() as i64 <= committed + 1);
    assert_eq!(rows, (1..=rows.len() as i64).collect::<Vec<_>>());
}
