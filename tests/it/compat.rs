//! A change of the published schemas that would break an existing client fails, unless the version says so.

mod examples;
mod guide;
mod interfaces;
mod mutations;
mod pairs;
mod parts;

use std::path::Path;

use chat_tests::compat::{Baseline, Finding, Rule, compare, may_break, may_replace};
use semver::Version;

fn report(findings: &[Finding]) -> String {
    findings.iter().map(|found| format!("{found}\n")).collect()
}

/// With `UPDATE_BASELINE=1` it makes the present schemas the baseline, as a release does.
#[test]
fn no_client_of_the_last_release_breaks() {
    let present = Baseline::present();
    let committed = Baseline::committed();
    if std::env::var_os("UPDATE_BASELINE").is_some() {
        if let Ok(committed) = &committed {
            let findings = compare(&committed.documents, &present.documents);
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
            let changelog = std::fs::read_to_string(root.join("CHANGELOG.md")).unwrap();
            assert!(
                may_replace(&committed.version, &present.version, &findings, &changelog),
                "{} is released and its clients would break:\n{}",
                committed.version,
                report(&findings)
            );
        }
        return present.write().unwrap();
    }
    let committed = committed.expect("schema/baseline is committed");
    assert!(committed.version <= present.version, "the version went back behind that of the baseline");
    let findings = compare(&committed.documents, &present.documents);
    if may_break(&committed.version, &present.version) {
        return print!("clients of {} will break, and may:\n{}", committed.version, report(&findings));
    }
    assert!(
        findings.is_empty(),
        "clients of {} would break; docs/compatibility.md says what to do:\n{}",
        committed.version,
        report(&findings)
    );
}

#[test]
fn the_same_documents_break_nobody() {
    let documents = Baseline::present().documents;
    let findings = compare(&documents, &documents);
    assert!(findings.is_empty(), "{}", report(&findings));
}

#[test]
fn only_a_new_major_version_may_break_and_before_the_first_a_new_minor_one() {
    let may = |released: &str, present: &str| {
        may_break(&Version::parse(released).unwrap(), &Version::parse(present).unwrap())
    };
    assert!(
        may("1.4.2", "2.0.0") && may("0.1.9", "0.2.0") && may("0.9.0", "1.0.0") && may("1.4.2", "2.0.0-rc.1")
    );
    assert!(
        !may("1.4.2", "1.4.2") && !may("1.4.2", "1.5.0") && !may("0.1.0", "0.1.1") && !may("0.1.0", "0.1.0")
    );
    assert!(!may("2.0.0", "1.9.0") && !may("0.2.0", "0.1.0") && !may("1.0.0", "0.9.0"));
}

#[test]
fn the_baseline_of_a_release_is_no_way_around_the_check() {
    let (old, next) = (Version::new(0, 1, 0), Version::new(0, 2, 0));
    let broken = [Finding {
        document: "native/event.json".to_owned(),
        pointer: String::new(),
        rule: Rule::VariantRemoved,
        sentence: String::new(),
        before: String::new(),
        after: String::new(),
    }];
    for released in
        ["# Changelog\n\n## [0.1.0] - 2027-01-01\n", "## Unreleased\n\n## 0.1.0 - 2027-01-01\n", "## 0.1.0"]
    {
        assert!(!may_replace(&old, &old, &broken, released), "{released}");
        assert!(!may_replace(&old, &Version::new(0, 1, 1), &broken, released), "{released}");
        assert!(may_replace(&old, &next, &broken, released), "{released}");
        assert!(may_replace(&old, &old, &[], released), "{released}");
    }
    for unreleased in ["# Changelog\n\n## Unreleased\n\nSays 0.1.0.\n", "## 0.1.0-rc.1\n\n## 0.1.01\n"] {
        assert!(may_replace(&old, &old, &broken, unreleased), "{unreleased}");
    }
}
