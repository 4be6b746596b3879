//! What the suite is made of: `suite!` takes the one list of the cases, and makes of it a [`Suite`], which runs them, and the
//! macro that an implementer calls.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;

use super::Subject;

/// A case: panics when the subject breaks the guarantee that the case is named after.
pub(super) type Case = fn(Subject) -> Pin<Box<dyn Future<Output = ()>>>;

/// The cases, in the order of the guarantees.
pub struct Suite {
    cases: &'static [(&'static str, Case)],
    /// The source of the traits, whose docs list the guarantees.
    docs: &'static str,
}

impl Suite {
    pub(super) const fn new(cases: &'static [(&'static str, Case)], docs: &'static str) -> Self {
        Self { cases, docs }
    }

    /// The names of the cases.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.cases.iter().map(|(name, _)| *name)
    }

    /// The guarantees as the docs of the traits list them, each with the names of its cases in it.
    pub fn guarantees(&self) -> Vec<String> {
        let mut guarantees: Vec<String> = Vec::new();
        for line in self.docs.lines().map(str::trim_start) {
            if let Some(first) = line.strip_prefix("/// - ") {
                guarantees.push(first.to_owned());
            } else if let (Some(more), Some(last)) = (line.strip_prefix("///   "), guarantees.last_mut()) {
                *last = format!("{last} {more}");
            }
        }
        guarantees
    }

    /// Runs one case, in a runtime of its own. The suite's macro calls it; call it yourself to run single cases.
    ///
    /// # Panics
    /// When the transport breaks the guarantee, there is no case of that name, or no runtime can be started.
    pub fn prove(&self, name: &str, subject: impl FnOnce() -> Subject) {
        let case = self.case(name);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(case, subject))) {
            let marked = format!("`{name}`");
            let guarantee = self.guarantees().into_iter().find(|guarantee| guarantee.contains(&marked));
            eprintln!("case {marked} failed, which proves: {}", guarantee.unwrap_or_default());
            resume_unwind(panic);
        }
    }

    /// Whether a transport fails a case: for those that are broken on purpose, to show that the case finds it.
    ///
    /// # Panics
    /// When there is no case of that name.
    pub fn fails(&self, name: &str, subject: impl FnOnce() -> Subject) -> bool {
        let case = self.case(name);
        catch_unwind(AssertUnwindSafe(|| run(case, subject))).is_err()
    }

    fn case(&self, name: &str) -> Case {
        let found = self.cases.iter().find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("no case is named {name}")).1
    }
}

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

fn run(case: Case, subject: impl FnOnce() -> Subject) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a test can start threads");
    runtime.block_on(async { case(subject()).await });
    // A task of the server may never end, and nobody waits for it.
    runtime.shutdown_background();
}

/// Says why a case proves nothing of this transport, which does not claim to be able to do what it needs.
pub(super) fn skip(why: &str) {
    eprintln!("skipped: {why}");
}

/// Declares the cases, functions in scope, and the macro that expands to one `#[test]` for each.
///
/// First comes a dollar, because a macro that writes a macro cannot say one otherwise.
macro_rules! suite {
    ($dollar:tt $(#[$doc:meta])* $macro:ident { $($case:ident)+ }) => {
        /// The cases, in the order of the guarantees.
        pub static SUITE: Suite = Suite::new(
            &[$((stringify!($case), |subject| Box::pin($case(subject)))),+],
            include_str!("../transport/mod.rs"),
        );

        $(#[$doc])*
        #[macro_export]
        macro_rules! $macro {
            ($dollar make:expr $dollar(,)?) => {
                $crate::$macro! { $dollar make, $crate::conformance::Capabilities::default() }
            };
            ($dollar make:expr, $dollar capabilities:expr $dollar(,)?) => {
                $(
                    #[test]
                    fn $case() {
                        $crate::conformance::SUITE.prove(stringify!($case), || {
                            $crate::conformance::subject($dollar make, $dollar capabilities)
                        });
                    }
                )+
            };
        }
    };
}

pub(super) use suite;
