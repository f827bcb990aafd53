//! Headers as the web's `Headers` keeps them: names without case, several values of one name joined by commas.

use fermata_model::CallError;

/// Names in lower case, in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Headers(Vec<(String, String)>);

impl Headers {
    /// Sets a header in place of what it had.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        let name = name.to_ascii_lowercase();
        match self.0.iter_mut().find(|(key, _)| *key == name) {
            Some((_, old)) => *old = value.into(),
            None => self.0.push((name, value.into())),
        }
    }

    /// Adds a value to what a header has.
    pub(super) fn append(&mut self, name: &str, value: &str) {
        match self.get(name) {
            Some(old) => self.set(name, format!("{old}, {value}")),
            None => self.set(name, value),
        }
    }

    /// Sets a header that the task names, unless it is not one.
    pub(super) fn set_checked(&mut self, step: &str, name: &str, value: &str) -> Result<(), CallError> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let is_value = |symbol: char| matches!(symbol, '\t' | ' '..='~' | '\u{80}'..='\u{ff}');
        if name.is_empty() || !name.bytes().all(is_name) || !value.chars().all(is_value) {
            let message = format!("tools.supabase: {step}: {name:?} and its value are not a header");
            return Err(CallError::fatal("bad_arguments", message));
        }
        self.set(name, value);
        Ok(())
    }

    /// The value of a header.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// All of them.
    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}
