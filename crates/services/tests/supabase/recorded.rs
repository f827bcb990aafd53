//! What the official client sends and makes of responses, and what our guest hands to the host, for one list of chains.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use fermata_connect::http;
use fermata_model::{Json, json};
use fermata_services::supabase::Site;
use serde::Deserialize;
use serde_json::Value;

/// All that `record.mjs` prints.
#[derive(Deserialize)]
pub(crate) struct Recorded {
    pub(crate) requests: Vec<Compared>,
    pub(crate) results: Vec<Read>,
}

/// One chain, and what it comes to.
#[derive(Deserialize)]
pub(crate) struct Compared {
    pub(crate) chain: String,
    pub(crate) site: String,
    pub(crate) requests: Vec<Sent>,
    pub(crate) guest: Call,
}

/// What our guest hands to the host.
#[derive(Deserialize)]
pub(crate) struct Call {
    pub(crate) service: String,
    pub(crate) method: String,
    pub(crate) args: String,
}

/// One request of the official client.
#[derive(Debug, Deserialize, PartialEq)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: BTreeMap<String, String>,
    /// In base64.
    pub(crate) body: Option<String>,
}

/// One response, and what the official client makes of it.
#[derive(Deserialize)]
pub(crate) struct Read {
    pub(crate) chain: String,
    pub(crate) guest: Call,
    pub(crate) response: Canned,
    pub(crate) ok: Option<Value>,
    pub(crate) thrown: Option<Thrown>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Canned {
    status: u16,
    status_text: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// The error with which the official client rejects.
#[derive(Debug, Deserialize, PartialEq)]
pub(crate) struct Thrown {
    pub(crate) name: String,
    pub(crate) message: String,
    pub(crate) code: Option<String>,
}

impl Recorded {
    /// Runs both clients.
    pub(crate) fn run() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/supabase");
        let output = Command::new("node").arg("record.mjs").current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl Call {
    pub(crate) fn args(&self) -> Json {
        json::parse(self.args.clone()).unwrap()
    }
}

impl Canned {
    pub(crate) fn response(&self) -> http::Response {
        http::Response {
            status: self.status,
            status_text: self.status_text.clone(),
            url: String::new(),
            headers: self.headers.clone().into_iter().collect(),
            body: self.body.clone().into_bytes(),
        }
    }
}

/// The site that goes with an address: the one of the project, or the PostgREST that stands alone.
pub(crate) fn site(address: &str) -> Site {
    if address.contains("rest.") { Site::postgrest(address, None) } else { Site::supabase(address) }.unwrap()
}
