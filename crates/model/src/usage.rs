//! What calls and runs use, and the most that a run may use.

use serde::{Deserialize, Serialize};

/// What a call took of a provider that counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// What the provider says it costs, in millionths of a US dollar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_micros: Option<u64>,
}

/// What a run has used so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// Calls made, but for those that touch nothing but the run itself.
    pub calls: u64,
    /// Bytes of the arguments and of the results of these calls, as JSON.
    pub bytes: u64,
    /// Tokens read and written, where providers count them.
    pub tokens: u64,
    /// What providers say it costs, in millionths of a US dollar.
    pub cost_micros: u64,
}

/// The most that one run may use; what is left out has no limit of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// See [`Used::calls`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
    /// See [`Used::bytes`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// See [`Used::tokens`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
}

impl Used {
    /// One more call with arguments of this size.
    pub fn add_call(&mut self, args_bytes: usize) {
        self.calls += 1;
        self.add_bytes(args_bytes);
    }

    /// A call came back with so much, and took so much of its provider.
    pub fn add_answer(&mut self, bytes: usize, usage: Option<&Usage>) {
        self.add_bytes(bytes);
        let Some(usage) = usage else { return };
        self.tokens = self.tokens.saturating_add(usage.input_tokens.saturating_add(usage.output_tokens));
        self.cost_micros = self.cost_micros.saturating_add(usage.cost_micros.unwrap_or(0));
    }

    fn add_bytes(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }
}

impl Budget {
    /// The limit that is reached, in words, so that no further call is made.
    pub fn used_up(&self, used: &Used) -> Option<String> {
        let counted = [
            ("calls", self.calls, used.calls),
            ("bytes", self.bytes, used.bytes),
            ("tokens", self.tokens, used.tokens),
        ];
        let over = |(_, most, used): &(_, Option<u64>, u64)| most.is_some_and(|most| *used >= most);
        let (what, most, _) = counted.into_iter().find(over)?;
        Some(format!("{} {what}", most.unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_used_up_by_the_first_of_its_limits() {
        let mut used = Used::default();
        used.add_call(10);
        let usage = Usage { input_tokens: 3, output_tokens: 4, cost_micros: Some(5) };
        used.add_answer(90, Some(&usage));
        assert_eq!(used, Used { calls: 1, bytes: 100, tokens: 7, cost_micros: 5 });

        let budget = |text: &str| serde_json::from_str::<Budget>(text).unwrap();
        for enough in ["{}", r#"{"calls": 2}"#, r#"{"calls": 2, "bytes": 101, "tokens": 8}"#] {
            assert_eq!(budget(enough).used_up(&used), None, "{enough}");
        }
        assert_eq!(budget(r#"{"calls": 1}"#).used_up(&used).unwrap(), "1 calls");
        let tokens = budget(r#"{"calls": 9, "tokens": 5}"#).used_up(&used);
        assert_eq!(tokens.unwrap(), "5 tokens");
    }

    #[test]
    fn nothing_overflows() {
        let mut used = Used { bytes: u64::MAX, tokens: u64::MAX, ..Used::default() };
        let usage = Usage { input_tokens: u64::MAX, output_tokens: u64::MAX, cost_micros: None };
        used.add_answer(1, Some(&usage));
        assert_eq!((used.bytes, used.tokens), (u64::MAX, u64::MAX));
    }
}
