//! Waits for a run's end and shows what happens meanwhile.

use std::time::Duration;

use crate::client::{Client, ClientError, Document, Run, RunEvent};
use crate::interrupt::Interrupts;
use crate::progress::Progress;

/// Why following ended.
pub(super) enum Ending {
    /// The run has ended.
    Ended(Box<Document<Run>>),
    /// The time to wait is over.
    OutOfTime,
    /// The user pressed Ctrl-C.
    Interrupted,
}

/// Follows a run from its beginning to its end, for at most `wait`.
pub(super) async fn follow(
    client: &Client,
    id: &str,
    wait: Option<Duration>,
    progress: &mut Progress,
) -> Result<Ending, ClientError> {
    let mut interrupts = Interrupts::listen();
    let mut events = client.events(id);
    let mut out_of_time = std::pin::pin!(async {
        match wait {
            Some(wait) => tokio::time::sleep(wait).await,
            None => std::future::pending().await,
        }
    });
    loop {
        let event = tokio::select! {
            event = events.next() => event?,
            () = &mut out_of_time => return Ok(Ending::OutOfTime),
            () = interrupts.next() => return Ok(Ending::Interrupted),
        };
        progress.event(&event);
        if let RunEvent::Ended(run) = event {
            return Ok(Ending::Ended(run));
        }
    }
}
