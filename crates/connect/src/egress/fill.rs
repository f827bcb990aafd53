//! Puts secrets into one hop, right before it is sent.
//!
//! What is filled in lives as long as the request that is sent. Headers and bodies are wiped then; the
//! URL, and what the HTTP client copies into its buffers for the socket, are given back as they are.

use bytes::Bytes;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use url::{Position, Url};
use zeroize::Zeroizing;

use super::forms;
use super::hop::{Hop, Payload};
use super::reference::{Coding, Reference, find, find_in_json};
use super::revealed::{Revealed, exposed};
use crate::error::{Direction, Error};

/// How many references to secrets a request may have.
pub const SECRETS_MAX: usize = 64;

/// A hop with its secrets.
pub(super) struct Filled {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
}

/// Replaces every reference in a hop. Its URL has passed the policy.
pub(super) fn fill(hop: &Hop, body_max: usize, revealed: &mut Revealed<'_>) -> Result<Filled, Error> {
    let mut filler = Filler { target: &hop.url, revealed, left: SECRETS_MAX };
    let url = filler.url(&hop.url)?;
    let headers = filler.headers(&hop.headers)?;
    let body = hop.body.as_ref().map(|body| filler.body(body, kind(&hop.headers), body_max)).transpose()?;
    if hop.is_exposed && filler.left < SECRETS_MAX {
        return Err(exposed());
    }
    let mut filled = Filled { url, headers, body };
    if !revealed.is_empty() {
        revealed.learn_to_redact()?;
        // What came compressed could not be searched.
        filled.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    Ok(filled)
}

struct Filler<'a, 'b> {
    target: &'a Url,
    revealed: &'a mut Revealed<'b>,
    /// How many more references there may be.
    left: usize,
}

/// How a value is written where it is put in.
#[derive(Clone, Copy)]
enum Writing {
    Plain,
    Percent,
    Json,
}

impl Filler<'_, '_> {
    fn url(&mut self, url: &Url) -> Result<Url, Error> {
        let in_path = find(url.path().as_bytes(), Coding::Path)?;
        let query = url.query().unwrap_or_default().as_bytes();
        let in_query = find(query, Coding::Form)?;
        let Some(Reference { name, .. }) = in_path.first().or(in_query.first()) else {
            return Ok(url.clone());
        };
        let impossible = || Error::bad_secret(name, "its value cannot stand in the URL");
        let path = self.joined(url.path().as_bytes(), &in_path, Writing::Percent)?;
        let query = self.joined(query, &in_query, Writing::Percent)?;
        let mark: &[u8] = if url.query().is_some() { b"?" } else { b"" };
        let text = Zeroizing::new([url[..Position::BeforePath].as_bytes(), &path, mark, &query].concat());
        let filled = std::str::from_utf8(&text).ok().and_then(|text| Url::parse(text).ok());
        // Values such as ".." have a meaning in a path that no encoding takes away.
        filled.filter(|filled| filled.as_str().as_bytes() == &text[..]).ok_or_else(impossible)
    }

    fn headers(&mut self, headers: &HeaderMap) -> Result<HeaderMap, Error> {
        let mut filled = HeaderMap::with_capacity(headers.len() + 1);
        for (name, value) in headers {
            filled.append(name, self.header(value)?);
        }
        Ok(filled)
    }

    fn header(&mut self, value: &HeaderValue) -> Result<HeaderValue, Error> {
        let text: String = value.as_bytes().iter().copied().map(char::from).collect();
        let references = find(text.as_bytes(), Coding::Plain)?;
        let Some(Reference { name, .. }) = references.first() else { return Ok(value.clone()) };
        let joined = self.joined(text.as_bytes(), &references, Writing::Plain)?;
        let bytes = std::str::from_utf8(&joined).ok().and_then(forms::latin1);
        let filled = bytes.and_then(|bytes| HeaderValue::from_maybe_shared(Bytes::from_owner(bytes)).ok());
        let mut filled =
            filled.ok_or_else(|| Error::bad_secret(name, "its value cannot stand in a header"))?;
        filled.set_sensitive(true);
        Ok(filled)
    }

    fn body(&mut self, body: &Payload, kind: Kind, limit: usize) -> Result<Bytes, Error> {
        let text = match body {
            Payload::Text(text) => text,
            Payload::Bytes(bytes) => return Ok(bytes.clone()),
        };
        let (references, writing) = match kind {
            Kind::Json => (find_in_json(text)?, Writing::Json),
            Kind::Form => (find(text, Coding::Form)?, Writing::Percent),
            Kind::Other => (find(text, Coding::Plain)?, Writing::Plain),
        };
        if references.is_empty() {
            return Ok(text.clone());
        }
        let filled = self.joined(text, &references, writing)?;
        if filled.len() > limit {
            return Err(Error::TooLarge { direction: Direction::Request, limit });
        }
        Ok(Bytes::from_owner(filled))
    }

    /// The text with the values in the places of the references, made at once: growing leaves copies behind.
    fn joined(
        &mut self,
        text: &[u8],
        references: &[Reference],
        writing: Writing,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let too_many = Error::bad_reference("the request has too many");
        self.left = self.left.checked_sub(references.len()).ok_or(too_many)?;
        let mut values = Vec::with_capacity(references.len());
        for reference in references {
            values.push(self.written(reference, writing)?);
        }
        let mut parts = Vec::with_capacity(2 * references.len() + 1);
        let mut done = 0;
        for (reference, value) in references.iter().zip(&values) {
            parts.extend([&text[done..reference.place.start], value.as_bytes()]);
            done = reference.place.end;
        }
        parts.push(&text[done..]);
        Ok(Zeroizing::new(parts.concat()))
    }

    fn written(&mut self, reference: &Reference, writing: Writing) -> Result<Zeroizing<String>, Error> {
        let value = self.revealed.value(&reference.name, self.target)?;
        let base64 = reference.is_base64.then(|| forms::base64(value));
        let value = base64.as_ref().map_or(value, |base64| base64.as_str());
        let written = match writing {
            Writing::Plain => Zeroizing::new(value.to_owned()),
            Writing::Percent => forms::percent(value),
            Writing::Json => forms::json(value),
        };
        Ok(if reference.is_quoted { Zeroizing::new(["\"", &written, "\""].concat()) } else { written })
    }
}

/// What a body of text is, by its content type.
enum Kind {
    Json,
    Form,
    Other,
}

fn kind(headers: &HeaderMap) -> Kind {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/x-www-form-urlencoded" => Kind::Form,
        // Lines and sequences of JSON too: a value that is not escaped could end a string in them.
        essence if essence.contains("json") => Kind::Json,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::egress::{NoSecrets, Policy, SecretError, Secrets};
    use crate::http::Request;

    /// The same value for every name and host.
    struct One(String);

    impl Secrets for One {
        fn reveal(&self, _name: &str, _host: &str) -> Result<Zeroizing<String>, SecretError> {
            Ok(Zeroizing::new(self.0.clone()))
        }

        fn may_go_unencrypted(&self, _name: &str, _host: &str) -> bool {
            true
        }
    }

    fn filled(url: &str, secrets: &dyn Secrets) -> Result<Filled, Error> {
        let hop = Hop::first(Request::new("GET", url), &Policy::default())?;
        fill(&hop, 0, &mut Revealed::new(secrets))
    }

    const PIECE: &str = "(a|%2F|\\.|%2e|=|\\+|%7B|:|@|\\{\\{secret:K\\}\\}|%7B%7bsecret%3AK%7D%7D|\\{\\{secret:K\\|base64\\}\\}){0,3}";

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn property_a_value_stays_in_its_place(
            value in prop_oneof![any::<String>(), "[./?#&=+%@:;\\\\ \r\n{}a2eEfF]{0,8}", "\\.{0,2}"],
            segments in proptest::collection::vec(PIECE, 0..4),
            pairs in proptest::option::of(proptest::collection::vec(PIECE, 0..4)),
            origin in prop_oneof!["http://h\\.example", "https://127\\.0\\.0\\.1:8080", "http://\\[::1\\]:1"],
        ) {
            let query = pairs.map(|pairs| format!("?{}", pairs.join("&"))).unwrap_or_default();
            let text = format!("{origin}/{}{query}", segments.join("/"));
            let before = Url::parse(&text).unwrap();
            match filled(&text, &One(value.clone())) {
                Ok(Filled { url: after, .. }) => {
                    prop_assert_eq!(shape(&after), shape(&before));
                    prop_assert!(!after.as_str().contains("secret"));
                    prop_assert!(Url::parse(after.as_str()).unwrap() == after);
                }
                // Only a value that has no form in a path is refused.
                Err(error) => {
                    prop_assert_eq!(error.code(), "bad_secret");
                    prop_assert!(value.is_empty() || value.chars().all(|character| character == '.'), "{value:?}");
                }
            }
        }

        #[test]
        fn property_json_stays_the_same_but_for_the_value(value in any::<String>(), key in "[a-z\"\\\\]{0,5}") {
            let key = forms::json(&key);
            let text = format!(r#"{{ "{}": ["{{{{secret:K}}}}", {{"$secret":"K"}}, 1.0] }}"#, *key);
            let mut request = Request::new("POST", "http://h.example/");
            request.headers.push(("content-type".to_owned(), "application/json".to_owned()));
            request.body = Some(crate::http::Body::Text(text));
            let hop = Hop::first(request, &Policy::default()).unwrap();
            let filled = fill(&hop, usize::MAX, &mut Revealed::new(&One(value.clone()))).unwrap();
            let escaped = forms::json(&value);
            let expected = format!(r#"{{ "{}": ["{}", "{}", 1.0] }}"#, *key, *escaped, *escaped);
            prop_assert_eq!(filled.body.unwrap(), expected.as_bytes());
        }
    }

    /// Everything about a URL that no value may change.
    fn shape(url: &Url) -> (String, String, Option<u16>, String, usize, Option<usize>, bool) {
        (
            url.scheme().to_owned(),
            url.host_str().unwrap().to_owned(),
            url.port(),
            format!("{}:{:?}", url.username(), url.password()),
            url.path_segments().unwrap().count(),
            url.query().map(|query| query.split('&').count()),
            url.fragment().is_some(),
        )
    }

    #[test]
    fn what_is_filled_in_is_marked_sensitive() {
        let mut request = Request::new("GET", "http://h.example/");
        request.headers.push(("x-key".to_owned(), "{{secret:K}}".to_owned()));
        request.headers.push(("x-plain".to_owned(), "plain".to_owned()));
        let hop = Hop::first(request, &Policy::default()).unwrap();
        let filled = fill(&hop, 0, &mut Revealed::new(&One("value".to_owned()))).unwrap();
        assert!(filled.headers["x-key"].is_sensitive());
        assert!(!filled.headers["x-plain"].is_sensitive());
    }

    #[test]
    fn no_secret_goes_from_https_to_http() {
        let secret = |url| Hop::first(Request::new("GET", url), &Policy::default()).unwrap();
        let led =
            |hop: Hop, target| hop.redirected(reqwest::StatusCode::FOUND, &HeaderValue::from_static(target));
        let fill = |hop: &Hop| fill(hop, 0, &mut Revealed::new(&One("value".to_owned())));

        let exposed = led(secret("https://h.example/{{secret:K}}/a"), "//h.example:8/b").unwrap();
        assert!(fill(&exposed).is_ok());
        let exposed = led(secret("https://h.example/a"), "http://h.example/b").unwrap();
        assert!(fill(&exposed).is_ok(), "it refers to none");
        let mut exposed = led(exposed, "/c").unwrap();
        exposed.headers.insert("x-key", HeaderValue::from_static("{{secret:K}}"));
        assert_eq!(fill(&exposed).err().map(|error| error.code()), Some("bad_secret"));
        assert!(fill(&led(exposed, "https://h.example/d").unwrap()).is_ok());
    }

    #[test]
    fn a_server_leads_no_secret_from_https_to_http() {
        let (secrets, begin) = (One("value".to_owned()), "https://h.example/{{secret:K}}");
        let hop = |url| Hop::first(Request::new("GET", url), &Policy::default()).unwrap();
        let mut revealed = Revealed::new(&secrets);
        fill(&hop(begin), 0, &mut revealed).unwrap();
        let checked = |target| {
            let led = hop(begin).redirected(reqwest::StatusCode::FOUND, &HeaderValue::from_static(target));
            revealed.check_target(&led.unwrap()).map_err(|error| error.code())
        };
        assert_eq!(checked("https://h.example/?k=value"), Ok(()));
        assert_eq!(checked("http://h.example/?k=other"), Ok(()));
        assert_eq!(checked("http://h.example/?k=value"), Err("bad_secret"));
    }

    #[test]
    fn without_references_no_secret_is_asked_for() {
        let filled = filled("http://h.example/a?b", &NoSecrets).unwrap();
        assert!(filled.headers.is_empty());
        assert_eq!(filled.url.as_str(), "http://h.example/a?b");
    }
}
