//! The threads that decode and verify what clients send.
//!
//! There is one for each core, and where the system can give a thread a lower priority than its process (Linux)
//! they have one: under a flood of transactions the chain still gets a core as soon as it has a block to build,
//! check or seal. Without that its blocks come later, and the flood waits longer in the pool for it.

use std::{
    any::Any,
    io,
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};
use tokio::sync::oneshot;

/// How much lower the priority is, in the system's steps of about a quarter more time for the others.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

type Job = Box<dyn FnOnce() + Send>;

/// Jobs, and the threads that run them until this is dropped.
#[derive(Debug)]
pub(crate) struct Admission(mpsc::Sender<Job>);

/// A job ended without an answer.
#[derive(Debug, thiserror::Error)]
#[error("a thread that admits transactions panicked; the log above says why")]
pub(crate) struct Panicked;

impl Admission {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start() -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        for number in 0..threads.get() {
            let waiting = Arc::clone(&waiting);
            thread::Builder::new()
                .name(format!("admission-{number}"))
                .spawn(move || work(&waiting))?;
        }
        Ok(Self(jobs))
    }

    /// Runs `work` on one of the threads.
    ///
    /// # Errors
    /// [`Panicked`].
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let (answer, answered) = oneshot::channel();
        // Whoever asked may have gone; a thread lives as long as this does.
        let job = move || drop(answer.send(work()));
        let _ = self.0.send(Box::new(job));
        answered.await.map_err(|_| Panicked)
    }
}

fn work(waiting: &Mutex<mpsc::Receiver<Job>>) {
    yield_to_others();
    loop {
        let job = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(job) = job else { return };
        // Its asker learns of a panic because the answer's sender is gone.
        let _: Result<(), Box<dyn Any + Send>> = catch_unwind(AssertUnwindSafe(job));
    }
}

/// Lowers this thread's priority.
#[cfg(target_os = "linux")]
fn yield_to_others() {
    // On Linux the call changes the calling thread alone. Where it is forbidden, nothing is lost but time.
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!("admission keeps the priority of the process: {error}");
    }
}

/// Elsewhere a priority belongs to a whole process.
#[cfg(not(target_os = "linux"))]
fn yield_to_others() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn jobs_are_answered_and_a_panic_is_told_and_survived() {
        let admission = Admission::start().expect("threads");
        for round in 0..20 {
            let answer = admission.run(move || round * 2).await;
            assert_eq!(answer.expect("an answer"), round * 2);
            let panicked = admission.run(|| assert_eq!(1, 2, "on purpose")).await;
            assert!(panicked.is_err());
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn its_threads_and_no_others_have_a_lower_priority() {
        let priority = || rustix::process::getpriority_process(None).expect("a priority");
        let admission = Admission::start().expect("threads");
        let own = priority();
        let lowered = admission.run(priority).await.expect("an answer");
        assert_eq!(lowered, (own + NICE).min(19));
        assert_eq!(priority(), own);
    }
}
