//! Table readers that panic on damaged files are readers that fail.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use arrow_schema::ArrowError;

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs a step of a reader that is not ours; a panic of it comes out as an error, and is not printed.
pub(super) fn guarded<T>(step: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, ArrowError> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let hook = take_hook();
        set_hook(Box::new(move |panic| {
            if !INSIDE.get() {
                hook(panic);
            }
        }));
    });
    let outside = INSIDE.replace(true);
    let done = catch_unwind(AssertUnwindSafe(step));
    INSIDE.set(outside);
    done.unwrap_or_else(|_| Err(ArrowError::ParseError("the table is damaged: its reader gave up".into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        assert!(guarded(|| Ok(1)).is_ok());
        assert!(guarded::<()>(|| panic!("of a reader")).unwrap_err().to_string().contains("gave up"));
        assert!(!INSIDE.get());
    }
}
