//! The committed schemas are what the types say. `UPDATE_SCHEMA=1` writes them.

use std::path::Path;

#[test]
fn committed_schemas_match_the_types() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema");
    for (name, document) in chat_protocol::schema::documents() {
        let path = root.join(name);
        let text = format!("{document:#}\n");
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == text,
            "schema/{name} differs from the types: run with UPDATE_SCHEMA=1 and read the diff"
        );
    }
}
