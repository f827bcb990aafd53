//! Each response becomes what the official client gives its caller.

use fermata_model::CallError;
use fermata_services::supabase;
use serde_json::Value;

use crate::recorded::{Read, Recorded, Thrown, site};

/// Fewer would mean that the list was not read.
const RESPONSES_MIN: usize = 80;

#[test]
fn every_response_is_read_as_the_official_client_reads_it() {
    let recorded = Recorded::run();
    assert!(recorded.results.len() >= RESPONSES_MIN, "{}", recorded.results.len());
    let different: Vec<String> = recorded.results.iter().filter_map(difference).collect();
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}

fn difference(read: &Read) -> Option<String> {
    let response = read.response.response();
    let ours = supabase::result(
        &read.guest.method,
        &read.guest.args(),
        &site("https://project.example.com"),
        &response,
    );
    let ours = ours.map(|json| comparable(serde_json::from_str(json.get()).unwrap()));
    let same = match (&ours, &read.ok, &read.thrown) {
        (Ok(ours), Some(theirs), None) => ours == theirs,
        (Err(ours), None, Some(theirs)) => is_same_error(ours, theirs),
        _ => false,
    };
    let told =
        format!("{} {:?}\n  theirs {:?} {:?}\n  ours   {ours:?}", read.chain, response, read.ok, read.thrown);
    (!same).then_some(told)
}

/// Without what stands for the response that the official client hands out.
fn comparable(mut result: Value) -> Value {
    if let Some(error) = result.get_mut("error").and_then(Value::as_object_mut) {
        error.remove("context");
    }
    result
}

fn is_same_error(ours: &CallError, theirs: &Thrown) -> bool {
    let code = theirs.code.as_deref().filter(|code| !code.is_empty());
    ours.name == theirs.name && ours.message == theirs.message && code.is_none_or(|code| code == ours.code)
}
