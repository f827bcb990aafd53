//! What can be told to go wrong.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::reply::Reply;

/// How a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 429, with a wait in seconds for `Retry-After`.
    TooMany(Option<u64>),
    /// 403 `userRateLimitExceeded`.
    UserRate,
    /// 403 `dailyLimitExceeded`.
    Daily,
    /// 403 `quotaExceeded`, which of many APIs is the day's.
    Quota,
    /// 401, as if the token had ended.
    Unauthorized,
    /// 500 `backendError`.
    Internal,
    /// 503 `backendError`.
    Unavailable,
    /// 200 with what is no JSON.
    Garbage,
    /// The connection ends before the answer does.
    Half,
    /// No answer, ever.
    Hang,
}

impl Fault {
    /// The answer, for faults that have one.
    pub(super) fn reply(self) -> Option<Reply> {
        let error = Reply::error;
        match self {
            Self::TooMany(after) => {
                let reply = error(429, "rateLimitExceeded", "Too many concurrent requests for user");
                Some(after.map_or(reply.clone(), |seconds| reply.with("retry-after", &seconds.to_string())))
            }
            Self::UserRate => Some(error(403, "userRateLimitExceeded", "User Rate Limit Exceeded")),
            Self::Daily => Some(error(403, "dailyLimitExceeded", "Daily Limit Exceeded")),
            Self::Quota => Some(error(403, "quotaExceeded", "You have exceeded your quota.")),
            Self::Unauthorized => Some(Reply::unauthorized()),
            Self::Internal => Some(error(500, "backendError", "Backend Error")),
            Self::Unavailable => Some(error(503, "backendError", "The service is currently unavailable.")),
            Self::Garbage => Some(Reply::text(200, "application/json", "{\"messages\": [")),
            Self::Half | Self::Hang => None,
        }
    }
}

/// What the next requests meet.
#[derive(Default)]
pub(super) struct Faults(Mutex<VecDeque<Fault>>);

impl Faults {
    pub(super) fn put(&self, times: usize, fault: Fault) {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults.extend(std::iter::repeat_n(fault, times));
    }

    pub(super) fn take(&self) -> Option<Fault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}
