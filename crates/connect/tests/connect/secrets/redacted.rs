//! A server that gives a secret back, in whatever usual form, gives it to nobody.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE};
use fermata_connect::Error;
use fermata_connect::egress::{Gate, Policy};
use fermata_connect::http::Response;

use super::super::server::{Seen, Server, Step, head, respond};
use super::super::{get, header, local};
use super::{HARD, send, vault, with_body, with_header};

/// What a server may make of the value that it got.
const FORMS: [fn(&str) -> String; 11] = [
    str::to_owned,
    |value| value.to_ascii_uppercase(),
    |value| BASE64.encode(value),
    |value| BASE64.encode(format!("x{value}y")),
    |value| URL_SAFE.encode(format!("xy{value}")),
    |value| url::form_urlencoded::byte_serialize(value.as_bytes()).collect(),
    |value| percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string(),
    |value| value.bytes().map(|byte| percent(byte, b"-_.!~*'()")).collect(),
    |value| value.bytes().map(|byte| percent(byte, b"-_.~")).collect::<String>().to_ascii_lowercase(),
    |value| value.replace('\\', "\\\\").replace('"', "\\\""),
    |value| value.replace('\\', "\\\\").replace('"', "\\\"").replace('é', "\\u00E9").replace('/', "\\/"),
];

fn percent(byte: u8, kept: &[u8]) -> String {
    let kept = byte.is_ascii_alphanumeric() || kept.contains(&byte);
    if kept { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

#[tokio::test]
async fn every_form_in_headers_and_bodies() {
    for (value, name) in [(HARD, "HARD"), ("sk-Marked0123", "KEY"), ("user:pass/word?", "LOGIN")] {
        for form in FORMS {
            let form = form(value);
            let echoed = form.clone();
            let server = Server::start(move |_| {
                let wire: Vec<u8> = echoed.bytes().collect();
                let mut message = head(200, &[("connection", "close")]);
                message.truncate(message.len() - 2);
                message.extend_from_slice(
                    &[b"x-echo: <", wire.as_slice(), b">\r\n\r\n\xff<", &wire, b">\xfe"].concat(),
                );
                vec![Step::Send(message), Step::Close]
            })
            .await;
            let response =
                send(with_header(server.url("/"), "x-key", &format!("{{{{secret:{name}}}}}"))).await;
            check_free(&response.unwrap(), &form);
        }
    }
}

fn check_free(response: &Response, form: &str) {
    let text = String::from_utf8_lossy(&response.body).into_owned();
    let echo = header(&response.headers, "x-echo").unwrap();
    for said in [text.as_str(), echo] {
        assert!(said.contains("[redacted]") && !said.contains(form), "{form}: {said}");
    }
    // In base64, what stands beside the secret is left, and one digit on each side that belongs to both.
    assert!(text.chars().count() <= "x<XXX[redacted]XXX=>x".len(), "{form}: {text}");
    assert_eq!((response.body[0], response.body.last()), (0xff, Some(&0xfe)));
}

#[tokio::test]
async fn latin_headers() {
    let server = Server::start(|seen| {
        let key = header(&seen.headers, "x-key").unwrap_or_default();
        let mut message = head(200, &[("content-length", "0")]);
        message.truncate(message.len() - 2);
        message.extend_from_slice(b"x-echo: ");
        message.extend(key.chars().map(|character| u8::try_from(character).unwrap()));
        message.extend_from_slice(b"\r\n\r\n");
        vec![Step::Send(message)]
    })
    .await;
    let response = send(with_header(server.url("/"), "x-key", "{{secret:HARD}}")).await.unwrap();
    assert_eq!(header(&response.headers, "x-echo"), Some("[redacted]"));
}

#[tokio::test]
async fn what_was_sent_as_base64() {
    let server = Server::start(|seen| {
        let sent = header(&seen.headers, "authorization").unwrap_or_default().to_owned();
        respond(200, &[("x-echo", &sent)], format!("{sent} user:pass/word? pass/word?").as_bytes())
    })
    .await;
    let request = with_header(server.url("/"), "authorization", "Basic {{secret:LOGIN|base64}}");
    let response = send(request).await.unwrap();
    assert_eq!(header(&response.headers, "x-echo"), Some("Basic [redacted]"));
    assert_eq!(String::from_utf8_lossy(&response.body), "Basic [redacted] [redacted] [redacted]");
}

#[tokio::test]
async fn the_url_and_the_body_that_were_sent() {
    let server = Server::start(|seen: &Seen| respond(200, &[("x-path", &seen.path)], &seen.body)).await;
    let body = r#"{"a":"<{{secret:HARD}}>"}"#;
    let request = with_body(server.url("/<{{secret:HARD}}>?k={{secret:KEY}}"), "application/json", body);
    let response = send(request).await.unwrap();
    assert_eq!(header(&response.headers, "x-path"), Some("/%3C[redacted]%3E?k=[redacted]"));
    assert_eq!(String::from_utf8_lossy(&response.body), r#"{"a":"<[redacted]>"}"#);
}

#[tokio::test]
async fn a_stream_whose_pieces_split_it() {
    let text = "begin sk-Marked0123 sk-Mark and sk-Marked0123sk-Marked0123 sk-Mar";
    for size in [1, 2, 5, 13, 14, 100] {
        let server = Server::start(move |_| {
            let mut steps = vec![Step::Send(head(200, &[("transfer-encoding", "chunked")]))];
            for piece in text.as_bytes().chunks(size) {
                let framed = [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
                steps.push(Step::Send(framed));
            }
            steps.push(Step::Send(b"0\r\n\r\n".to_vec()));
            steps
        })
        .await;
        let request = with_header(server.url("/"), "x-key", "{{secret:KEY}}");
        let mut incoming = Gate::new().open(request, &local(), &vault()).await.unwrap();
        let mut read = Vec::new();
        while let Some(piece) = incoming.chunk().await.unwrap() {
            assert!(!piece.is_empty());
            read.extend_from_slice(&piece);
        }
        let expected = "begin [redacted] sk-Mark and [redacted][redacted] sk-Mar";
        assert_eq!(String::from_utf8_lossy(&read), expected, "{size}");
        assert_eq!(incoming.chunk().await.unwrap(), None);
    }
}

#[tokio::test]
async fn short_secrets_are_left() {
    for (name, value, expected) in [("SHORT", "abc", "<abc>"), ("FOUR", "abcd", "<[redacted]>")] {
        let server = Server::start(move |_| respond(200, &[], format!("<{value}>").as_bytes())).await;
        let request = with_header(server.url("/"), "x-key", &format!("{{{{secret:{name}}}}}"));
        assert_eq!(String::from_utf8_lossy(&send(request).await.unwrap().body), expected);
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_searched_is_refused() {
    for (name, value, refused) in [
        ("content-encoding", "gzip", true),
        ("content-encoding", "identity, br", true),
        ("Content-Encoding", "x-unheard-of", true),
        ("transfer-encoding", "gzip, chunked", true),
        ("content-encoding", "Identity", false),
        ("transfer-encoding", "chunked", false),
    ] {
        let message = [head(200, &[(name, value), ("connection", "close")]), b"0\r\n\r\n".to_vec()].concat();
        let server = Server::start(move |_| vec![Step::Send(message.clone()), Step::Close]).await;
        let request = with_header(server.url("/"), "x-key", "{{secret:KEY}}");
        let error = send(request.clone()).await.err();
        assert_eq!(error.map(|error| error.code()), refused.then_some("response_encoded"), "{value}");
        let opened = Gate::new().open(request, &local(), &vault()).await.err();
        assert_eq!(opened.map(|error| error.code()), refused.then_some("response_encoded"), "{value}");
        assert_eq!(send(get(server.url("/"))).await.unwrap().status, 200, "{value}");
    }
}

#[tokio::test]
async fn marks_count_towards_the_size() {
    let server = Server::start(|_| respond(200, &[], b"abcd abcd")).await;
    let request = with_header(server.url("/"), "x-key", "{{secret:FOUR}}");
    for (limit, fits) in [(21, true), (20, false)] {
        let policy = Policy { response_bytes_max: limit, ..local() };
        let result = Gate::new().send(request.clone(), &policy, &vault()).await;
        match result {
            Ok(response) => assert!(fits && response.body == b"[redacted] [redacted]"),
            Err(error) => assert!(!fits && matches!(error, Error::TooLarge { .. }), "{error:?}"),
        }
    }
}
