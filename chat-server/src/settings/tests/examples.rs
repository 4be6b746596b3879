//! Every file in `examples/config` is a server that starts.

use std::path::Path;

use super::super::{Sources, load};

#[test]
fn every_example_is_read_and_one_that_is_called_like_a_format_speaks_it() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/config");
    let files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty());
    for path in files {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert_eq!(path.extension().and_then(|it| it.to_str()), Some("toml"), "{name}");
        let sources = Sources { file: Some(path), ..Sources::default() };
        let settings = load(&sources).unwrap_or_else(|problems| panic!("{name}: {problems}"));
        let formats = ["tndata", "chats", "hipochat", "haraj", "helpdesk"];
        if formats.contains(&name.as_str()) {
            let tables = serde_json::to_value(&settings.dialects).unwrap();
            assert!(tables.get(&name).is_some(), "{name} has no table of its own");
        }
    }
}
