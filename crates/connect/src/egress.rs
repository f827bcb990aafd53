//! The gate through which every outbound request passes, and the policy it is held to.
//!
//! For each request, and again for each redirect: the scheme, host and port are held against the
//! policy; the host is resolved; only addresses that are public or explicitly allowed are kept; and
//! the connection is made to those very addresses, so a name cannot change between check and use.
//! Sizes, times and the number of redirects are bounded. No proxy is taken from the environment, and no
//! cookie is kept.
//!
//! What speaks another protocol than HTTP gets a plain connection from [`Gate::connect`], under the same rules.
//!
//! # Secrets
//!
//! A request holds references to secrets instead of their values. They are replaced for each hop, after
//! its URL has passed the policy and right before it is sent, by what [`Secrets`] reveals for its host:
//!
//! - in header values: `{{secret:NAME}}`, any number of them in any place;
//! - in the path and the query of the URL: percent-encoded, so that a value never adds a segment or a
//!   parameter. The reference itself may be percent-encoded. One in the fragment is ignored like the
//!   fragment, one elsewhere in the URL is refused;
//! - in a body of text, by its content type: in JSON of any kind inside strings, and an object that is exactly
//!   `{"$secret":"NAME"}` becomes the string; in `application/x-www-form-urlencoded` percent-encoded; in
//!   any other text as it is. Bodies of bytes are never searched: what is in them is sent as it is.
//!
//! `{{secret:NAME|base64}}` is the standard base64 of the value. Names have 1 to [`SECRET_NAME_CHARS_MAX`]
//! characters without control characters and `}`. In a query or a form `+` in a name is a space.
//! A redirect never adds a reference, never carries one from https to http, and nothing is sent where one is
//! malformed. Nothing goes unencrypted to a host that is neither `localhost` nor a private address, unless the
//! secret is [bound](Binding) to it so.
//!
//! What was put in is replaced by [`crate::redact::MARK`] in the response and in errors, plain and in the usual
//! encodings (base64, percent-encoding, JSON), unless it is shorter than [`REDACTED_CHARS_MIN`]. This
//! is against mishaps: a host that wants to can write a secret that it was sent in other ways. The wall is that
//! secrets are bound to hosts.

mod address;
mod binding;
mod clients;
mod connection;
mod dial;
mod exchange;
mod fill;
mod forms;
mod gate;
mod headers;
mod hop;
mod host;
mod incoming;
mod policy;
mod reference;
mod resolver;
mod revealed;
mod secrets;

pub use binding::{Binding, InvalidBinding};
pub use connection::Connection;
pub use fill::SECRETS_MAX;
pub use gate::Gate;
pub use headers::HEADERS_MAX;
pub use host::{HostPattern, InvalidPattern};
pub use incoming::Incoming;
pub use ipnet::IpNet;
pub use policy::{
    CONNECT_TIMEOUT, Policy, REDIRECTS_MAX, REQUEST_BYTES_MAX, RESPONSE_BYTES_MAX, TIMEOUT, URL_BYTES_MAX,
};
pub use reference::SECRET_NAME_CHARS_MAX;
pub use revealed::{REDACTED_CHARS_MIN, SECRET_BYTES_MAX};
pub use secrets::{NoSecrets, SecretError, Secrets};
