//! Reading, working and finishing at the same time.
//!
//! A source of batches -> the same batches, worked on, in order. With one thread everything happens
//! in turn on the caller's; with more, reading has a thread of its own and so has the work (which
//! spreads over the pool), and the caller finishes (writes, adds up) meanwhile. One finished and
//! one unread batch wait in each queue, so memory stays bounded. The order, and therefore the
//! answer, is the same either way.
//!
//! ```
//! use ghirbal::pipeline::overlap::overlapped;
//! let (mut numbers, mut squares) = (1..=4, Vec::new());
//! overlapped(|| Ok(numbers.next()), |n| n * n, |square| Ok(squares.push(square)))?;
//! assert_eq!(squares, [1, 4, 9, 16]);
//! # Ok::<(), ghirbal::error::Error>(())
//! ```

use std::sync::mpsc::sync_channel;

use crate::error::Result;

/// Batches that may wait between two steps.
const WAITING_MAX: usize = 1;

/// Calls `read` until it gives `None`, `work` on each batch, `finish` on each result.
///
/// # Errors
/// The first that `read` or `finish` gives.
pub fn overlapped<A: Send, B: Send>(
    mut read: impl FnMut() -> Result<Option<A>> + Send,
    work: impl Fn(A) -> B + Send,
    mut finish: impl FnMut(B) -> Result<()>,
) -> Result<()> {
    if rayon::current_num_threads() == 1 {
        while let Some(batch) = read()? {
            finish(work(batch))?;
        }
        return Ok(());
    }
    std::thread::scope(|scope| {
        let (to_work, unread) = sync_channel(WAITING_MAX);
        let (to_finish, worked) = sync_channel(WAITING_MAX);
        // A step whose successor has given up gives up too.
        let reader = scope.spawn(move || {
            while let Some(batch) = read().transpose() {
                let failed = batch.is_err();
                if to_work.send(batch).is_err() || failed {
                    break;
                }
            }
        });
        let worker = scope.spawn(move || {
            // That nobody waits for the result any more is no failure of this step.
            let _ = unread.into_iter().try_for_each(|batch| to_finish.send(batch.map(&work)));
        });
        let done = worked.into_iter().try_for_each(|batch| finish(batch?));
        // A step that unwound did so for a reason that is to arrive as it is.
        for step in [worker, reader] {
            step.join().unwrap_or_else(|reason| std::panic::resume_unwind(reason));
        }
        done
    })
}

/// Gives back the memory of something large while others go on, where there are several threads: the
/// system takes its time.
pub fn released<T: Send + 'static>(large: T) {
    if rayon::current_num_threads() > 1 {
        // Where no thread can be had, it is given back here.
        let _ = std::thread::Builder::new().spawn(|| drop(large));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn a_failing_step_ends_all_of_them() {
        let mut numbers = 0..;
        let failed =
            overlapped(|| Ok(numbers.next()), |n| n, |n| if n == 9 { Err(Error::usage("enough")) } else { Ok(()) });
        assert!(failed.unwrap_err().to_string().contains("enough"));

        let (mut read, mut finished) = (0, 0);
        let failed = overlapped(
            || {
                read += 1;
                if read == 5 { Err(Error::usage("broken")) } else { Ok(Some(read)) }
            },
            |n| n,
            |n| {
                finished = n;
                Ok(())
            },
        );
        assert!(failed.unwrap_err().to_string().contains("broken"));
        assert_eq!(finished, 4);
    }
}
