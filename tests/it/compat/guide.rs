//! The table of rules in `docs/compatibility.md` is what the rules say. `UPDATE_RULES=1` writes it.

use std::path::Path;

use chat_tests::compat::Rule;

use super::examples;

const BEGIN: &str = "<!-- rules -->\n";
const END: &str = "<!-- end of rules -->\n";

fn table() -> String {
    let mut table = "| rule | what breaks | for example | harmless |\n| --- | --- | --- | --- |\n".to_owned();
    for rule in Rule::ALL {
        let (breaking, harmless) = examples::of(*rule);
        let (name, meaning) = (rule.name(), rule.meaning());
        table += &format!("| `{name}` | {meaning} | {} | {} |\n", breaking.words, harmless.words);
    }
    table
}

#[test]
fn the_guide_shows_every_rule_with_both_examples() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/compatibility.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once(BEGIN).expect("the mark where the table begins");
    let (_, tail) = rest.split_once(END).expect("the mark where the table ends");
    let expected = format!("{head}{BEGIN}{}{END}{tail}", table());
    if std::env::var_os("UPDATE_RULES").is_some() {
        std::fs::write(&path, &expected).unwrap();
    } else {
        assert!(text == expected, "docs/compatibility.md differs from the rules: run with UPDATE_RULES=1");
    }
}
