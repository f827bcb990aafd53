//! When to try again: pure arithmetic, no clock, no randomness of its own, no sleeping.

use std::time::{Duration, SystemTime};

/// How often a request is tried by default, the first attempt included.
pub const ATTEMPTS_MAX: u32 = 3;
/// The wait after the first attempt, before jitter.
pub const BASE: Duration = Duration::from_millis(200);
/// The longest wait that the exponential reaches.
pub const CAP: Duration = Duration::from_secs(30);
/// The longest wait that a server may ask for; it bounds what a hostile `Retry-After` can hold up.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// How often and how patiently to retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Attempts in all, the first one included.
    pub attempts_max: u32,
    /// The wait after the first attempt; it doubles with each further one.
    pub base: Duration,
    /// Where the doubling stops.
    pub cap: Duration,
    /// How much of the wait is left to chance.
    pub jitter: Jitter,
}

/// How much of a wait is left to chance, so that clients that failed together do not return together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Jitter {
    /// Nothing: the wait is the whole exponential.
    None,
    /// Half: the wait is between half and the whole.
    Equal,
    /// Everything: the wait is between nothing and the whole.
    #[default]
    Full,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy { attempts_max: ATTEMPTS_MAX, base: BASE, cap: CAP, jitter: Jitter::Full }
    }
}

impl Policy {
    /// Computes the wait after attempt number `attempt` (1 is the first) failed, or `None` when it was the last.
    ///
    /// `retry_after` is what the server asked for: the wait is never shorter, up to [`RETRY_AFTER_MAX`].
    /// `random` is a number from 0 to 1 that the caller draws.
    pub fn delay(&self, attempt: u32, retry_after: Option<Duration>, random: f64) -> Option<Duration> {
        if attempt >= self.attempts_max {
            return None;
        }
        let asked = retry_after.unwrap_or_default().min(RETRY_AFTER_MAX);
        Some(self.jitter.apply(self.exponential(attempt), random).max(asked))
    }

    fn exponential(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1);
        self.base.saturating_mul(2_u32.saturating_pow(doublings)).min(self.cap)
    }
}

impl Jitter {
    fn apply(self, wait: Duration, random: f64) -> Duration {
        let random = if random.is_finite() { random.clamp(0.0, 1.0) } else { 0.0 };
        match self {
            Jitter::None => wait,
            Jitter::Equal => wait / 2 + (wait / 2).mul_f64(random),
            Jitter::Full => wait.mul_f64(random),
        }
    }
}

/// Reads `Retry-After`, in seconds or as an HTTP date, from a response's headers.
///
/// A date is measured from the response's own `Date` where it has one, so that a wrong clock on
/// either side does not matter, and else from `now`. A date gone by is no wait; nonsense is `None`.
pub fn after(headers: &[(String, String)], now: SystemTime) -> Option<Duration> {
    let value = header(headers, "retry-after")?;
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(value).ok()?;
    let sent = header(headers, "date").and_then(|date| httpdate::parse_http_date(date).ok());
    Some(at.duration_since(sent.unwrap_or(now)).unwrap_or_default())
}

/// Tells whether a response with this status may be different next time.
pub fn is_retryable_status(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let (_, value) = headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(value.trim())
}
