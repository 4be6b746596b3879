//! What every suite is made of: `suite!` takes the one list of its cases, and makes of it a [`Suite`], which runs them, and the
//! macro that an implementer calls.
//!
//! A case is an async function from the subject, the part under test, to nothing. It panics when the part breaks the
//! guarantee that the case is named after. What a part is not able to do is [skipped](skip).

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;

/// A case while it runs.
type Running = Pin<Box<dyn Future<Output = ()>>>;

/// What a case is.
type Case<S> = fn(S) -> Running;

/// The cases of one trait, in the order of its guarantees. `S` is what a case is given: the part under test.
pub struct Suite<S: 'static> {
    cases: &'static [(&'static str, Case<S>)],
    /// The sources of the traits, whose docs list the guarantees.
    docs: &'static [&'static str],
}

impl<S> Suite<S> {
    pub(super) const fn new(
        cases: &'static [(&'static str, Case<S>)],
        docs: &'static [&'static str],
    ) -> Self {
        Self { cases, docs }
    }

    /// The names of the cases.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.cases.iter().map(|(name, _)| *name)
    }

    /// The guarantees as the docs of the traits list them, each with the names of its cases in it.
    pub fn guarantees(&self) -> Vec<String> {
        let mut guarantees: Vec<String> = Vec::new();
        for line in self.docs.iter().flat_map(|text| text.lines()) {
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
    /// The subject is made inside of the runtime, where it may spawn tasks, and may also block.
    ///
    /// # Panics
    /// When the part breaks the guarantee, there is no case of that name, or no runtime can be started.
    pub fn prove(&self, name: &str, subject: impl FnOnce() -> S) {
        let case = self.case(name);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(case, subject))) {
            let marked = format!("`{name}`");
            let guarantee = self.guarantees().into_iter().find(|guarantee| guarantee.contains(&marked));
            eprintln!("case {marked} failed, which proves: {}", guarantee.unwrap_or_default());
            eprintln!(
                "(where two values are compared, `left` is what was found and `right` what was expected)"
            );
            resume_unwind(panic);
        }
    }

    /// Whether a part fails a case: for parts that are broken on purpose, to show that the case finds it.
    ///
    /// # Panics
    /// When there is no case of that name.
    pub fn fails(&self, name: &str, subject: impl FnOnce() -> S) -> bool {
        let case = self.case(name);
        catch_unwind(AssertUnwindSafe(|| run(case, subject))).is_err()
    }

    fn case(&self, name: &str) -> Case<S> {
        let found = self.cases.iter().find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("no case is named {name}")).1
    }
}

impl<S> fmt::Debug for Suite<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

fn run<S>(case: Case<S>, subject: impl FnOnce() -> S) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a test can start threads");
    runtime.block_on(async { case(tokio::task::block_in_place(subject)).await });
    // A task of the part may never end, and nobody waits for it.
    runtime.shutdown_background();
}

/// Says why a case proves nothing of this part, which does not claim to be able to do what it needs. The case then returns.
pub(super) fn skip(why: &str) {
    eprintln!("skipped: {why}");
}

/// A part that a case opens, and may open again: a store after it was closed, a bus for each node.
pub struct Opens<T: ?Sized> {
    open: Arc<dyn Fn() -> Arc<T> + Send + Sync>,
    again: bool,
}

impl<T: ?Sized> Opens<T> {
    /// With `again`, whatever is opened later has the data of what was opened before.
    pub(super) fn new(again: bool, open: impl Fn() -> Arc<T> + Send + Sync + 'static) -> Self {
        Self { open: Arc::new(open), again }
    }

    /// Opens the part.
    pub(super) fn open(&self) -> Arc<T> {
        // An implementer may have to wait for something asynchronous here, which only this call allows.
        tokio::task::block_in_place(|| (self.open)())
    }

    /// Whether the same data can be opened again.
    pub(super) fn again(&self) -> bool {
        self.again
    }
}

impl<T: ?Sized> Clone for Opens<T> {
    fn clone(&self) -> Self {
        Self { open: self.open.clone(), again: self.again }
    }
}

impl<T: ?Sized> fmt::Debug for Opens<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opens").field("again", &self.again).finish_non_exhaustive()
    }
}

/// Declares the suite of the module `conformance::$module`: its `SUITE`, and the macro that expands to one `#[test]` per case.
///
/// First comes a dollar, because a macro that writes a macro cannot say one otherwise. Then the new macro, the forms in which
/// it is called, each with the function of the module that makes the subject, the sources whose docs list the guarantees, and
/// the cases, functions in scope.
macro_rules! suite {
    (
        $dollar:tt
        $(#[$doc:meta])*
        $macro:ident in $module:ident {
            $( ($($form:tt)*) => $make:ident($($argument:tt)*); )+
            docs { $($docs:literal)+ }
            cases {
                $($case:ident)+
            }
        }
    ) => {
        /// The cases, in the order of the guarantees.
        pub static SUITE: $crate::conformance::Suite<Subject> =
            $crate::conformance::Suite::new(
                &[$((stringify!($case), |subject| Box::pin($case(subject)))),+],
                &[$(include_str!($docs)),+],
            );

        $(#[$doc])*
        #[macro_export]
        macro_rules! $macro {
            $(($($form)* $dollar(,)?) => {
                $crate::$macro! { @each $crate::conformance::$module::$make($($argument)*) }
            };)+
            (@each $dollar subject:expr) => {
                $(
                    #[test]
                    fn $case() {
                        $crate::conformance::$module::SUITE.prove(stringify!($case), || $dollar subject);
                    }
                )+
            };
        }
    };
}

pub(super) use suite;
