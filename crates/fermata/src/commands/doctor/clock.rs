//! The clock: runs wake by it, so it must not be far off.

use fermata_model::Millis;
use jiff::Timestamp;

use super::Finding;

const ABOUT: &str = "clock";
/// No machine that runs this program is older: 2026-01-01.
const EARLIEST: Millis = 1_767_225_600_000;
/// How far back the clock may be stepped without notice.
const STEP_MS_MAX: Millis = 60_000;

pub(super) fn check(newest_run: Option<Millis>) -> Finding {
    judge(Timestamp::now(), newest_run)
}

fn judge(now: Timestamp, newest_run: Option<Millis>) -> Finding {
    let advice = "set it, and keep it right with NTP (timedatectl set-ntp true)";
    let ms = now.as_millisecond();
    if ms < EARLIEST {
        return Finding::bad(ABOUT, format!("it shows {now:.0}, which is long past"), advice);
    }
    match newest_run {
        Some(newest) if newest > ms + STEP_MS_MAX => Finding::bad(
            ABOUT,
            format!("it shows {now:.0}, and the newest run was accepted after that"),
            advice,
        ),
        _ => Finding::good(ABOUT, format!("{now:.0}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_went_back_is_seen() {
        let at = |ms| Timestamp::from_millisecond(ms).unwrap();
        assert!(!judge(at(0), None).is_good);
        assert!(judge(at(EARLIEST), None).is_good);
        assert!(judge(at(EARLIEST), Some(EARLIEST + STEP_MS_MAX)).is_good);
        assert!(!judge(at(EARLIEST), Some(EARLIEST + STEP_MS_MAX + 1)).is_good);
    }
}
