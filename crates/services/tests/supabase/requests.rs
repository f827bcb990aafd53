//! Each chain makes the requests that the official client makes.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fermata_connect::http;
use fermata_model::json;
use fermata_services::supabase::{self, Site};

use crate::recorded::{Compared, Recorded, Sent, site};

/// Fewer would mean that the list was not read.
const CHAINS_MIN: usize = 200;

#[test]
fn every_chain_makes_the_requests_of_the_official_client() {
    let recorded = Recorded::run();
    assert!(recorded.requests.len() >= CHAINS_MIN, "{}", recorded.requests.len());
    let different: Vec<String> = recorded.requests.iter().filter_map(difference).collect();
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}

fn difference(compared: &Compared) -> Option<String> {
    let Compared { chain, site: address, requests, guest } = compared;
    assert_eq!(guest.service, "supabase");
    let ours = match supabase::requests(&guest.method, &guest.args(), &site(address)) {
        Ok(ours) => ours.iter().map(sent).collect::<Vec<_>>(),
        Err(error) => return Some(format!("{chain}\n  refused: {}", error.message)),
    };
    let theirs: Vec<Sent> = requests.iter().map(comparable).collect();
    (ours != theirs).then(|| format!("{chain}\n  theirs {theirs:?}\n  ours   {ours:?}"))
}

/// Without the header in which the official client tells its version, and with our reference in place of the key.
fn comparable(request: &Sent) -> Sent {
    let key = "{{secret:SUPABASE_SERVICE_ROLE_KEY}}";
    let headers = request.headers.iter().filter(|(name, _)| *name != "x-client-info").map(|(name, value)| {
        let value = match value.as_str() {
            "KEY" => key.to_owned(),
            "Bearer KEY" => format!("Bearer {key}"),
            _ => value.clone(),
        };
        (name.clone(), value)
    });
    Sent {
        method: request.method.clone(),
        url: request.url.clone(),
        headers: headers.collect(),
        body: request.body.clone(),
    }
}

fn sent(request: &http::Request) -> Sent {
    let body = match &request.body {
        None => None,
        Some(http::Body::Text(text)) => Some(BASE64.encode(text)),
        Some(http::Body::Bytes(bytes)) => Some(BASE64.encode(bytes)),
    };
    let headers: BTreeMap<String, String> = request.headers.iter().cloned().collect();
    assert_eq!(headers.len(), request.headers.len(), "a header is there twice");
    Sent { method: request.method.clone(), url: request.url.clone(), headers, body }
}

fn url(method: &str, args: &str) -> String {
    let site = Site::supabase("https://a.example.com").unwrap();
    let requests = supabase::requests(method, &json::parse(args.to_owned()).unwrap(), &site).unwrap();
    requests[0].url.clone()
}

#[test]
fn a_date_in_a_filter_is_iso_text() {
    // The official client writes what `String(date)` gives, which names the time zone of the machine.
    assert_eq!(
        url("from.select.gte", r#"[["t"],[],["at","1970-01-01T00:00:00.000Z"]]"#),
        "https://a.example.com/rest/v1/t?select=*&at=gte.1970-01-01T00%3A00%3A00.000Z"
    );
}

#[test]
fn the_older_list_of_steps_is_the_same_chain() {
    let steps = r#"[{"type":"call","property":"from","args":["t"]},{"type":"call","property":"select"}]"#;
    let expected = url("from.select", r#"[["t"],[]]"#);
    assert_eq!(url("chain", &format!("[{steps}]")), expected);
    assert_eq!(url("chain", steps), expected);
    let admin = r#"[{"type":"get","property":"auth"},{"type":"get","property":"admin"},{"type":"call","property":"listUsers","args":[]}]"#;
    assert_eq!(url("chain", admin), url("auth.admin.listUsers", "[null,null,[]]"));
}

#[test]
fn a_postgrest_that_stands_alone_gets_the_token_that_is_named() {
    let args = json::parse(r#"[["t"],[]]"#.to_owned()).unwrap();
    let headers = |secret: Option<&str>| {
        let site = Site::postgrest("http://localhost:3000/", secret.map(str::to_owned)).unwrap();
        let request = supabase::requests("from.select", &args, &site).unwrap().remove(0);
        assert_eq!(request.url, "http://localhost:3000/t?select=*");
        request.headers
    };
    assert_eq!(headers(None), []);
    assert_eq!(
        headers(Some("DB_TOKEN")),
        [("authorization".to_owned(), "Bearer {{secret:DB_TOKEN}}".to_owned())]
    );
}
