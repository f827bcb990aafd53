//! A response whose body is still coming.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

use super::{exchange, headers};
use crate::error::{Direction, Error};

/// A response whose head is there; its body is read piece by piece.
pub struct Incoming {
    /// The status code.
    pub status: u16,
    /// Name (lower case) and value pairs; a header sent twice is here twice.
    pub headers: Vec<(String, String)>,
    answer: reqwest::Response,
    left: usize,
    limit: usize,
    patience: Duration,
}

impl Incoming {
    pub(super) fn new(answer: reqwest::Response, limit: usize, patience: Duration) -> Incoming {
        let (status, headers) = (answer.status().as_u16(), headers::incoming(answer.headers()));
        Incoming { status, headers, answer, left: limit, limit, patience }
    }

    /// The next piece of the body, or `None` at its end.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] beyond the policy's size, [`Error::Timeout`] when the server pauses for too long, and
    /// [`Error::Body`] when the connection breaks.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let after = self.patience;
        let next = timeout(after, exchange::chunk(&mut self.answer)).await;
        let Some(chunk) = next.unwrap_or(Err(Error::Timeout { after }))? else { return Ok(None) };
        let too_large = Error::TooLarge { direction: Direction::Response, limit: self.limit };
        self.left = self.left.checked_sub(chunk.len()).ok_or(too_large)?;
        Ok(Some(chunk))
    }
}
