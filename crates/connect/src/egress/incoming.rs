//! A response whose body is still coming.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

use super::{exchange, headers};
use crate::error::{Direction, Error};
use crate::redact::{Redactor, Stream};

/// A response whose head is there; its body is read piece by piece.
///
/// Secrets that the request held are replaced in headers and body, those split between pieces included.
pub struct Incoming {
    /// The status code.
    pub status: u16,
    /// Name (lower case) and value pairs; a header sent twice is here twice.
    pub headers: Vec<(String, String)>,
    body: Coming,
    patience: Duration,
}

impl Incoming {
    pub(super) fn new(
        answer: reqwest::Response,
        redactor: &Redactor,
        limit: usize,
        patience: Duration,
    ) -> Incoming {
        let (status, headers) = (answer.status().as_u16(), headers::incoming(answer.headers(), redactor));
        Incoming { status, headers, body: Coming::new(answer, redactor, limit), patience }
    }

    /// The next piece of the body, never empty, or `None` at its end.
    ///
    /// What may be the beginning of a secret is held back until more has come.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] beyond the policy's size, [`Error::Timeout`] when the server pauses for too long, and
    /// [`Error::Body`] when the connection breaks.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let after = self.patience;
        loop {
            let next = timeout(after, self.body.next()).await.unwrap_or(Err(Error::Timeout { after }))?;
            if next.as_ref().is_none_or(|piece| !piece.is_empty()) {
                return Ok(next);
            }
        }
    }
}

/// A body on its way, without the secrets that the request held.
pub(super) struct Coming {
    /// `None` when all of it has come.
    answer: Option<reqwest::Response>,
    redaction: Stream,
    /// How many more bytes may come, and be given on.
    left: Left,
    limit: usize,
}

/// A mark may be longer than the secret it replaces, so both sides are counted.
struct Left {
    to_come: usize,
    to_give: usize,
}

impl Coming {
    pub(super) fn new(answer: reqwest::Response, redactor: &Redactor, limit: usize) -> Coming {
        let left = Left { to_come: limit, to_give: limit };
        Coming { answer: Some(answer), redaction: redactor.stream(), left, limit }
    }

    /// Reads all of it, giving up as soon as it is known to be too large.
    pub(super) async fn whole(mut self) -> Result<Vec<u8>, Error> {
        let announced = self.answer.as_ref().and_then(reqwest::Response::content_length).unwrap_or(0);
        if usize::try_from(announced).map_or(true, |size| size > self.limit) {
            return Err(self.too_large());
        }
        let mut body = Vec::new();
        while let Some(piece) = self.next().await? {
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    /// The next piece, which may be empty, or `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(answer) = &mut self.answer else { return Ok(None) };
        let piece = match answer.chunk().await.map_err(exchange::broken)? {
            Some(piece) => {
                let left = self.left.to_come.checked_sub(piece.len());
                self.left.to_come = left.ok_or_else(|| self.too_large())?;
                self.redaction.next(piece)
            }
            None => {
                self.answer = None;
                self.redaction.last(&[]).into()
            }
        };
        let left = self.left.to_give.checked_sub(piece.len());
        self.left.to_give = left.ok_or_else(|| self.too_large())?;
        Ok(Some(piece))
    }

    fn too_large(&self) -> Error {
        Error::TooLarge { direction: Direction::Response, limit: self.limit }
    }
}
