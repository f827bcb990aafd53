//! The threads that talk to a server, so that callers need no runtime and may be in one.

use std::io;
use std::sync::mpsc;

use tokio::runtime::{Builder, Runtime};

/// Threads that carry the connections; what they do is mostly waiting.
const THREADS: usize = 2;

/// A small runtime, ended when the value is dropped.
pub(super) struct Crew(Option<Runtime>);

impl Crew {
    /// Starts the threads.
    pub(super) fn start() -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(THREADS).thread_name("fermata-objects").enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    /// Has the work done and waits for it. Nothing comes back from work that panicked.
    pub(super) fn wait_for<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.0.as_ref()?.spawn(async move { sender.send(work.await) });
        receiver.recv().ok()
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        // A runtime must not wait for its end inside another one, and the last owner may be anywhere.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_awaited_and_the_crew_dropped_inside_a_runtime() {
        let crew = Crew::start().unwrap();
        assert_eq!(crew.wait_for(async { 7 }), Some(7));
        drop(crew);
    }

    #[test]
    fn work_that_panics_is_no_endless_wait() {
        let crew = Crew::start().unwrap();
        assert_eq!(crew.wait_for(async { panic!("as the test wants") }), None::<()>);
        assert_eq!(crew.wait_for(async { 7 }), Some(7));
    }
}
