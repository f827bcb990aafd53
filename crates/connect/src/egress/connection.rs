//! A plain TCP connection to a target that was checked, with a bound on what goes over it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::policy::Policy;
use crate::error::{Direction, Error};

/// A connection for a protocol that is not HTTP. What is done over it, and when it is over, is its user's matter.
///
/// When more is read or written than the policy's sizes allow, it fails with an [`io::Error`] that holds
/// [`Error::TooLarge`].
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    to_read: Room,
    to_write: Room,
}

/// How many bytes may still go one way.
#[derive(Debug)]
struct Room {
    left: usize,
    limit: usize,
    direction: Direction,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, policy: &Policy) -> Connection {
        Connection {
            stream,
            to_read: Room::new(policy.response_bytes_max, Direction::Response),
            to_write: Room::new(policy.request_bytes_max, Direction::Request),
        }
    }
}

impl Room {
    fn new(limit: usize, direction: Direction) -> Room {
        Room { left: limit, limit, direction }
    }

    fn take(&mut self, bytes: usize) -> io::Result<()> {
        let Room { left, limit, direction } = self;
        match left.checked_sub(bytes) {
            Some(rest) => {
                *left = rest;
                Ok(())
            }
            None => Err(io::Error::other(Error::TooLarge { direction: *direction, limit: *limit })),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let taken = self.to_read.take(buffer.filled().len() - before);
        if taken.is_err() {
            // With an error nothing is read.
            buffer.set_filled(before);
        }
        Poll::Ready(taken)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // What is over the limit does not leave, not even in part of a piece.
        let fitting = bytes.len().min(self.to_write.left);
        if fitting == 0 && !bytes.is_empty() {
            return Poll::Ready(self.to_write.take(bytes.len()).map(|()| 0));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, &bytes[..fitting]))?;
        Poll::Ready(self.to_write.take(written).map(|()| written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
