//! What PostgREST answers, as the client hands it to its caller.

use fermata_connect::http::Response;
use fermata_model::{CallError, Json, json};
use serde::Serialize;
use serde_json::value::RawValue;

use super::outcome;

/// How the response to a query is read.
pub(super) struct Rows {
    /// Nothing is expected but the head.
    pub(super) is_head: bool,
    /// The form that was asked for.
    pub(super) accept: Option<String>,
    /// Whether a count was asked for.
    pub(super) counts: bool,
    /// Whether one row is meant, or none.
    pub(super) maybe_single: bool,
    /// Whether an error fails the call.
    pub(super) throws: bool,
}

/// The result of a query.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    success: bool,
    error: Option<Box<RawValue>>,
    data: Option<Box<RawValue>>,
    count: Option<u64>,
    status: u16,
    status_text: String,
}

/// The parts of an error that a failed call tells.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Told {
    message: Option<String>,
    code: Option<String>,
}

impl Rows {
    /// The result, or the error of a call that was to fail with one.
    pub(super) fn result(&self, response: &Response) -> Result<Json, CallError> {
        let body = String::from_utf8_lossy(&response.body);
        let mut result = Outcome {
            success: false,
            error: None,
            data: None,
            count: None,
            status: response.status,
            status_text: response.status_text.clone(),
        };
        if (200..300).contains(&response.status) {
            self.read_data(&body, &mut result)?;
            result.count = self.count(response);
            self.take_single(&mut result)?;
        } else {
            read_error(&body, &mut result)?;
        }
        if self.throws
            && let Some(error) = &result.error
        {
            return Err(thrown(error, response.status));
        }
        result.success = result.error.is_none();
        outcome(&result)
    }

    /// The result where no response came.
    pub(super) fn unreached(&self, message: &str) -> Option<Json> {
        if self.throws {
            return None;
        }
        let error = serde_json::json!({
            "message": format!("FetchError: {message}"), "details": "", "hint": "", "code": "",
        });
        let result = serde_json::json!({
            "success": false, "error": error, "data": null, "count": null, "status": 0, "statusText": "",
        });
        Some(json::of_value(&result))
    }

    fn read_data(&self, body: &str, result: &mut Outcome) -> Result<(), CallError> {
        if self.is_head || body.is_empty() {
            return Ok(());
        }
        let is_text = self
            .accept
            .as_deref()
            .is_some_and(|accept| accept == "text/csv" || accept.contains("application/vnd.pgrst.plan+text"));
        if is_text {
            result.data = Some(raw(&body)?);
            return Ok(());
        }
        match serde_json::from_str(body) {
            Ok(data) => result.data = present(data),
            Err(_) => result.error = Some(raw(&serde_json::json!({ "message": body }))?),
        }
        Ok(())
    }

    fn count(&self, response: &Response) -> Option<u64> {
        let (_, range) = response.headers.iter().find(|(name, _)| self.counts && name == "content-range")?;
        let total = range.split('/').nth(1)?.trim_start();
        let digits = total.bytes().take_while(u8::is_ascii_digit).count();
        total.get(..digits)?.parse().ok()
    }

    fn take_single(&self, result: &mut Outcome) -> Result<(), CallError> {
        let Some(data) =
            result.data.as_deref().filter(|data| self.maybe_single && data.get().starts_with('['))
        else {
            return Ok(());
        };
        let mut rows: Vec<Box<RawValue>> = serde_json::from_str(data.get()).map_err(unwritable)?;
        if rows.len() > 1 {
            let details = format!(
                "Results contain {} rows, application/vnd.pgrst.object+json requires 1 row",
                rows.len()
            );
            result.error = Some(raw(&serde_json::json!({
                "code": "PGRST116",
                "details": details,
                "hint": null,
                "message": "JSON object requested, multiple (or no) rows returned",
            }))?);
            (result.data, result.count) = (None, None);
            (result.status, result.status_text) = (406, "Not Acceptable".to_owned());
        } else {
            result.data = rows.pop().and_then(present);
        }
        Ok(())
    }
}

/// Reads the body of an answer that is no success. A 404 without an error in it means that there are no rows.
fn read_error(body: &str, result: &mut Outcome) -> Result<(), CallError> {
    match serde_json::from_str::<Box<RawValue>>(body) {
        Ok(list) if result.status == 404 && list.get().starts_with('[') => {
            result.data = Some(raw(&[(); 0])?);
            (result.status, result.status_text) = (200, "OK".to_owned());
        }
        Ok(error) => result.error = present(error),
        Err(_) if result.status == 404 && body.is_empty() => {
            (result.status, result.status_text) = (204, "No Content".to_owned());
        }
        Err(_) => result.error = Some(raw(&serde_json::json!({ "message": body }))?),
    }
    Ok(())
}

/// The error with which a chain that holds `throwOnError()` fails.
fn thrown(error: &RawValue, status: u16) -> CallError {
    let Told { message, code } = serde_json::from_str(error.get()).unwrap_or_default();
    let code = code.filter(|code| !code.is_empty()).unwrap_or_else(|| format!("http_{status}"));
    let message = message.unwrap_or_else(|| format!("PostgREST answered {status}"));
    let failed = CallError { name: "PostgrestError".to_owned(), ..CallError::fatal(&code, message) };
    failed.with_details(Json::from(error.to_owned()))
}

/// A value that is not null.
fn present(value: Box<RawValue>) -> Option<Box<RawValue>> {
    (value.get() != "null").then_some(value)
}

fn raw<T: Serialize + ?Sized>(value: &T) -> Result<Box<RawValue>, CallError> {
    serde_json::value::to_raw_value(value).map_err(unwritable)
}

fn unwritable(error: serde_json::Error) -> CallError {
    CallError::fatal("bad_answer", format!("tools.supabase: the answer cannot be read: {error}"))
}
