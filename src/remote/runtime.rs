//! One small runtime for all requests, on a thread of its own. Callers wait for it; nothing else of
//! the program is asynchronous.

use std::future::Future;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle};
use tokio::task::JoinHandle;

fn handle() -> &'static Handle {
    static HANDLE: OnceLock<Handle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let runtime =
            Builder::new_current_thread().enable_all().build().expect("the system lends a runtime its timers");
        let handle = runtime.handle().clone();
        let drive = move || runtime.block_on(std::future::pending::<()>());
        std::thread::Builder::new().name("remote".into()).spawn(drive).expect("one more thread can be started");
        handle
    })
}

/// Waits for a request from a thread that is not the runtime's.
pub(super) fn wait<F: Future>(future: F) -> F::Output {
    handle().block_on(future)
}

/// Begins a request that is waited for later.
pub(super) fn spawn<F: Future<Output: Send> + Send + 'static>(future: F) -> JoinHandle<F::Output> {
    handle().spawn(future)
}
