//! How a stream gets on, told at a bearable pace.

use std::time::{Duration, Instant};

use crate::way::Progress;

/// The shortest time between two lines.
const PAUSE: Duration = Duration::from_secs(1);

/// Counts what comes, and tells of it now and then.
pub(super) struct Pace<'a> {
    to: &'a dyn Progress,
    began: Instant,
    told: Option<Instant>,
    pieces: u64,
    characters: usize,
}

impl<'a> Pace<'a> {
    pub(super) fn new(to: &'a dyn Progress) -> Self {
        Self { to, began: Instant::now(), told: None, pieces: 0, characters: 0 }
    }

    /// Counts a piece of so many characters; one without any is not counted.
    pub(super) fn add(&mut self, characters: usize) {
        if characters > 0 {
            self.add_at(characters, Instant::now());
        }
    }

    fn add_at(&mut self, characters: usize, now: Instant) {
        self.pieces += 1;
        self.characters += characters;
        let line = match self.told {
            None => format!("openai: first piece after {} ms", now.duration_since(self.began).as_millis()),
            Some(told) if now.duration_since(told) < PAUSE => return,
            Some(_) => format!("openai: {} pieces, {} characters so far", self.pieces, self.characters),
        };
        self.told = Some(now);
        self.to.tell(&line);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Log(Mutex<Vec<String>>);

    impl Progress for Log {
        fn tell(&self, line: &str) {
            self.0.lock().unwrap().push(line.to_owned());
        }
    }

    #[test]
    fn the_first_piece_is_told_and_then_the_sum_once_a_second() {
        let log = Log::default();
        let mut pace = Pace::new(&log);
        pace.add(0);
        let began = pace.began;
        for tenth in 1..=25 {
            pace.add_at(4, began + Duration::from_millis(tenth * 100));
        }
        let expected = [
            "openai: first piece after 100 ms",
            "openai: 11 pieces, 44 characters so far",
            "openai: 21 pieces, 84 characters so far",
        ];
        assert_eq!(*log.0.lock().unwrap(), expected);
    }
}
