//! HTTP messages as parts of `multipart/mixed`: requests on their way out, responses on their way in.

use fermata_connect::http;

/// Most lines of a head.
const HEAD_LINES_MAX: usize = 200;

/// A response that is part of another.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Which request it answers, counted from 0, where it says so.
    pub(super) number: Option<usize>,
    /// Its status.
    pub(super) status: u16,
    /// Its body.
    pub(super) body: String,
}

/// A request as the text of a part. Of its URL the path is written; the batch's own says the host.
pub(super) fn request(root: &str, request: &http::Request) -> String {
    let host_end = root.find("://").map_or(0, |at| at + 3);
    let path_start = root[host_end..].find('/').map_or(root.len(), |at| host_end + at);
    let path = request.url.get(path_start..).unwrap_or("/");
    let body = match &request.body {
        Some(http::Body::Text(text)) => text.as_str(),
        _ => "",
    };
    let mut text = format!("{} {path} HTTP/1.1\r\n", request.method);
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text
}

/// The responses in a response, `most` of them at most; `None` when it is not `multipart/mixed`.
pub(super) fn responses(answer: &http::Response, most: usize) -> Option<Vec<Part>> {
    let (_, kind) = answer.headers.iter().find(|(name, _)| name == "content-type")?;
    let boundary = boundary(kind)?;
    let text = String::from_utf8_lossy(&answer.body);
    let delimiter = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut rest = text.split_once(delimiter.as_str())?.1;
    while parts.len() < most && !rest.starts_with("--") {
        let (part, after) = rest.split_once(delimiter.as_str())?;
        parts.push(response(part)?);
        rest = after;
    }
    Some(parts)
}

fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/mixed") {
        return None;
    }
    let mut parameters = parameters.split(';').filter_map(|parameter| parameter.trim().split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"))?;
    let value = value.trim().trim_matches('"');
    (!value.is_empty()).then_some(value)
}

/// A part: its own head, then a response's first line, head and body.
fn response(part: &str) -> Option<Part> {
    let part = part.trim_start_matches(['\r', '\n']);
    let (head, message) = head_and_rest(part)?;
    let message = message.trim_start_matches(['\r', '\n']);
    let status = message.lines().next()?.split_whitespace().nth(1)?.parse().ok()?;
    let (_, body) = head_and_rest(message)?;
    let number = header(head, "content-id").and_then(number);
    Some(Part { number, status, body: body.trim_end_matches(['\r', '\n']).to_owned() })
}

/// Splits at the first empty line; a message may end with its head.
fn head_and_rest(text: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    for line in text.split_inclusive('\n').take(HEAD_LINES_MAX) {
        let next = at + line.len();
        if line.trim_end_matches(['\r', '\n']).is_empty() {
            return Some((&text[..at], &text[next..]));
        }
        at = next;
    }
    (at == text.len()).then_some((text, ""))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(known, _)| known.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// Of `<response-call+7>`, 7.
fn number(id: &str) -> Option<usize> {
    id.trim_end_matches('>').rsplit_once('+')?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(content_type: &str, body: &str) -> http::Response {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        let (status_text, url) = (String::new(), String::new());
        http::Response { status: 200, status_text, url, headers, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn responses_are_told_apart() {
        let body = "--b\r\nContent-Type: application/http\r\nContent-ID: <response-call+1>\r\n\r\n\
                    HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n\r\n{\"error\":{}}\r\n\
                    --b\nContent-Type: application/http\n\nHTTP/1.1 204 No Content\n\n--b--\r\n";
        let parts = responses(&answer("multipart/mixed; boundary=\"b\"", body), 10).unwrap();
        let first = Part { number: Some(1), status: 404, body: "{\"error\":{}}".into() };
        assert_eq!(parts, [first, Part { number: None, status: 204, body: String::new() }]);
    }

    #[test]
    fn nonsense_is_nothing() {
        assert_eq!(responses(&answer("text/html", "--b--"), 10), None);
        assert_eq!(responses(&answer("multipart/mixed; boundary=b", "--b\r\nhalf a part"), 10), None);
        assert_eq!(
            responses(&answer("multipart/mixed; boundary=b", "--b\r\n\r\nno response\r\n--b--"), 10),
            None
        );
        assert_eq!(responses(&answer("multipart/mixed; boundary=", "--"), 10), None);
    }
}
