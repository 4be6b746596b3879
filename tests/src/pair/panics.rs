//! Panics of a run, wherever in it: a task of the server that panics would only look like a connection that ends.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

/// What the threads of runs do with a panic.
#[derive(Debug, Default)]
enum Watch {
    /// No run is on: a panic is printed as ever.
    #[default]
    Off,
    /// A run is on; its first panic.
    On(Option<String>),
}

thread_local! {
    /// A run keeps to one thread, and other threads may run others.
    static WATCH: RefCell<Watch> = RefCell::default();
}

/// Does something, and tells the first panic in it, also in tasks that it has spawned on its thread.
pub(super) fn caught<T>(act: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            let off = WATCH.with_borrow_mut(|watch| match watch {
                Watch::Off => true,
                Watch::On(first) => {
                    first.get_or_insert_with(|| panic.to_string());
                    false
                }
            });
            if off {
                usual(panic);
            }
        }));
    });
    WATCH.set(Watch::On(None));
    let done = catch_unwind(AssertUnwindSafe(act));
    match (WATCH.take(), done) {
        (Watch::On(None) | Watch::Off, Ok(done)) => Ok(done),
        (Watch::On(Some(panic)), _) => Err(panic),
        (_, Err(_)) => Err("a panic without a word".to_owned()),
    }
}
