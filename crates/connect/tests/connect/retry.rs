//! Retry arithmetic and `Retry-After`, as tables.

use std::time::{Duration, SystemTime};

use fermata_connect::retry::{self, Jitter, Policy};

use super::pairs;

const NO_JITTER: Policy =
    Policy { attempts_max: 100, base: retry::BASE, cap: retry::CAP, jitter: Jitter::None };

#[test]
fn waits_double_up_to_the_cap() {
    for (attempt, expected_ms) in
        [(0, 200), (1, 200), (2, 400), (3, 800), (8, 25_600), (9, 30_000), (40, 30_000), (99, 30_000)]
    {
        check(NO_JITTER, attempt, None, 0.5, Some(expected_ms));
    }
}

#[test]
fn the_last_attempt_has_no_wait() {
    let policy = Policy::default();
    check(policy, 2, None, 1.0, Some(400));
    check(policy, 3, None, 1.0, None);
    check(policy, 3, Some(5_000), 1.0, None);
    check(policy, u32::MAX, None, 1.0, None);
    check(
        Policy { attempts_max: u32::MAX, jitter: Jitter::None, ..policy },
        u32::MAX - 1,
        None,
        1.0,
        Some(30_000),
    );
    check(Policy { attempts_max: 0, ..policy }, 0, None, 1.0, None);
}

#[test]
fn jitter_takes_its_part_of_the_wait() {
    for (jitter, random, expected_ms) in [
        (Jitter::None, 0.0, 400),
        (Jitter::Equal, 0.0, 200),
        (Jitter::Equal, 0.5, 300),
        (Jitter::Equal, 1.0, 400),
        (Jitter::Full, 0.0, 0),
        (Jitter::Full, 0.25, 100),
        (Jitter::Full, 1.0, 400),
        (Jitter::Full, 7.0, 400),
        (Jitter::Full, -1.0, 0),
        (Jitter::Full, f64::NAN, 0),
    ] {
        check(Policy { jitter, ..NO_JITTER }, 2, None, random, Some(expected_ms));
    }
}

#[test]
fn the_server_may_ask_for_longer_but_not_for_ever() {
    check(NO_JITTER, 1, Some(5_000), 0.0, Some(5_000));
    check(NO_JITTER, 1, Some(100), 0.0, Some(200));
    check(NO_JITTER, 1, Some(60_000), 0.0, Some(60_000));
    check(NO_JITTER, 1, Some(u64::MAX), 0.0, Some(3_600_000));
}

#[test]
fn retry_after_is_read_in_both_forms() {
    let date = ("Date", "Sun, 06 Nov 1994 08:49:00 GMT");
    for (headers, expected_seconds) in [
        (vec![("retry-after", "120")], Some(120)),
        (vec![("Retry-After", " 0 ")], Some(0)),
        (vec![("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], Some(30)),
        (vec![("retry-after", "Sunday, 06-Nov-94 08:49:37 GMT")], Some(30)),
        (vec![("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"), date], Some(37)),
        (vec![("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")], Some(0)),
        (vec![("retry-after", "soon")], None),
        (vec![("retry-after", "-1")], None),
        (vec![("retry-after", "1.5")], None),
        (vec![("retry-after", "99999999999999999999999")], None),
        (vec![date], None),
    ] {
        let after = retry::after(&pairs(&headers), now());
        assert_eq!(after, expected_seconds.map(Duration::from_secs), "{headers:?}");
    }
}

#[test]
fn only_passing_troubles_are_retried() {
    let retried: Vec<u16> = (100..600).filter(|status| retry::is_retryable_status(*status)).collect();
    assert_eq!(retried, [408, 425, 429, 500, 502, 503, 504]);
}

/// Sun, 06 Nov 1994 08:49:07 GMT.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_747)
}

fn check(policy: Policy, attempt: u32, retry_after_ms: Option<u64>, random: f64, expected_ms: Option<u64>) {
    let delay = policy.delay(attempt, retry_after_ms.map(Duration::from_millis), random);
    assert_eq!(delay, expected_ms.map(Duration::from_millis), "{policy:?} {attempt} {random}");
}
