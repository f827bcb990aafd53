//! The answer of a call, written row by row and never larger than it may be.

use fermata_model::limits::OUTCOME_BYTES_MAX;
use fermata_model::{CallError, Json, json};

use super::error;

/// Most rows of all results of a call.
const ROWS_MAX: usize = 10_000;

/// The results of a call so far, as JSON.
pub(super) struct Answer {
    text: String,
    is_list: bool,
    results: usize,
    rows: usize,
    bytes_max: usize,
}

/// The result of one statement.
pub(super) struct Columns {
    /// For each column its name, as it stands before its value.
    keys: Vec<String>,
    names: Vec<String>,
    rows: usize,
}

impl Answer {
    /// An answer without results.
    pub(super) fn new(is_list: bool) -> Self {
        let text = if is_list { "[".to_owned() } else { String::new() };
        Self { text, is_list, results: 0, rows: 0, bytes_max: OUTCOME_BYTES_MAX }
    }

    /// The same with room for fewer bytes.
    pub(super) fn of_at_most(self, bytes_max: usize) -> Self {
        Self { bytes_max, ..self }
    }

    /// Begins the result of the next statement.
    pub(super) fn begin(&mut self, names: Vec<String>) -> Result<Columns, CallError> {
        let mut sorted: Vec<&String> = names.iter().collect();
        sorted.sort_unstable();
        if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            let message = format!("two columns are called {}; give one another name with AS", twice[0]);
            return Err(self.refused("duplicate_column", message));
        }
        self.text.push_str(if self.results > 0 { ",{\"rows\":[" } else { "{\"rows\":[" });
        let keys = names.iter().map(|name| format!("{}:", quoted(name))).collect();
        Ok(Columns { keys, names, rows: 0 })
    }

    /// Adds a row; each cell is JSON.
    pub(super) fn row(
        &mut self,
        columns: &mut Columns,
        cells: impl Iterator<Item = Result<String, CallError>>,
    ) -> Result<(), CallError> {
        if self.rows == ROWS_MAX {
            let message =
                format!("more than {ROWS_MAX} rows; use LIMIT, and ask for the rest with further calls");
            return Err(self.refused("too_many_rows", message));
        }
        self.rows += 1;
        self.text.push_str(if columns.rows > 0 { ",{" } else { "{" });
        columns.rows += 1;
        for (index, (key, cell)) in columns.keys.iter().zip(cells).enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.text.push_str(key);
            self.text.push_str(&cell?);
            self.check_size()?;
        }
        self.text.push('}');
        Ok(())
    }

    /// Ends the result. `changed` is how many rows a statement without columns has changed.
    pub(super) fn end(&mut self, columns: &Columns, changed: u64) -> Result<(), CallError> {
        self.text.push(']');
        let mut count = changed;
        if !columns.names.is_empty() {
            let names: Vec<String> = columns.names.iter().map(|name| quoted(name)).collect();
            self.text.push_str(&format!(",\"columns\":[{}]", names.join(",")));
            count = columns.rows as u64;
        }
        self.text.push_str(&format!(",\"rowCount\":{count}}}"));
        self.check_size()?;
        self.results += 1;
        Ok(())
    }

    /// The whole answer.
    pub(super) fn finish(mut self) -> Result<Json, CallError> {
        if self.is_list {
            self.text.push(']');
        }
        json::parse(self.text).map_err(|error| CallError::fatal("bad_answer", format!("tools.sql: {error}")))
    }

    /// The error of the statement whose result is being written.
    pub(super) fn refused(&self, code: &str, message: impl Into<String>) -> CallError {
        error::refused(self.results, code, message)
    }

    /// The index of the statement whose result is next or being written.
    pub(super) fn statement(&self) -> usize {
        self.results
    }

    fn check_size(&self) -> Result<(), CallError> {
        if self.text.len() < self.bytes_max {
            return Ok(());
        }
        let message =
            format!("the rows take more than {} bytes; select fewer or smaller ones", self.bytes_max);
        Err(self.refused("response_too_large", message))
    }
}

/// Texts as JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Whole numbers as JSON: as texts where JavaScript's numbers are not exact any more.
pub(super) fn whole(number: i64) -> String {
    const EXACT_MAX: i64 = (1 << 53) - 1;
    let is_exact = (-EXACT_MAX..=EXACT_MAX).contains(&number);
    if is_exact { number.to_string() } else { format!("\"{number}\"") }
}

/// Floating-point numbers as JSON: as texts where they are no numbers.
pub(super) fn float(number: f64) -> String {
    if number.is_nan() {
        return "\"NaN\"".into();
    }
    match serde_json::Number::from_f64(number) {
        Some(number) => number.to_string(),
        None if number > 0.0 => "\"Infinity\"".into(),
        None => "\"-Infinity\"".into(),
    }
}

/// Bytes as JSON.
pub(super) fn bytes(bytes: &[u8]) -> String {
    use base64::Engine as _;
    format!("\"{}\"", base64::engine::general_purpose::STANDARD.encode(bytes))
}
