//! Calls that no attempt could make are refused, and the error names what is wrong.

use fermata_model::json;
use fermata_services::Service;
use fermata_services::websearch::WebSearch;

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        ("search", "[]", "the query is missing"),
        ("search", r#"["  "]"#, "query is a text of 1 to 1000 characters"),
        ("search", r#"[{"limit":3}]"#, "missing field `query`"),
        ("search", r#"[{"query":"x","limit":0}]"#, "limit is 1 to 50"),
        ("search", r#"[{"query":"x","limit":51}]"#, "limit is 1 to 50"),
        (
            "search",
            r#"[{"query":"x","provider":"google"}]"#,
            "provider is one of duckduckgo, searxng, brave, tavily",
        ),
        ("search", r#"[{"query":"x","pages":2}]"#, "unknown field `pages`"),
        ("search", r#"["x","y"]"#, "argument 2, limit"),
        ("search", r#"["x",0]"#, "limit is 1 to 50"),
        ("search", r#"["x",3,4]"#, "takes 2 arguments"),
        ("search", r#"[{"query":"x"},3]"#, "takes 1 arguments"),
        ("fetchPage", "[]", "the url is missing"),
        ("fetchPage", r#"["file:///etc/passwd"]"#, "url is an http or https URL"),
        ("fetchPage", r#"["example.org"]"#, "url is an http or https URL"),
        ("fetchPage", r#"[{"url":"https://example.org","maxChars":0}]"#, "maxChars is 1 to 200000"),
        ("find", "[]", "it has search, fetchPage"),
    ];
    for (method, args, expected) in cases {
        let error = WebSearch.check(method, &json::parse(args.into()).unwrap()).unwrap_err();
        assert!(!error.retryable);
        assert!(error.message.starts_with("tools.websearch"), "{}", error.message);
        assert!(error.message.contains(expected), "{method} {args}: {}", error.message);
    }
    for args in [r#"["x"]"#, r#"["x",3]"#, r#"["x",null]"#] {
        assert!(WebSearch.check("search", &json::parse(args.into()).unwrap()).is_ok(), "{args}");
    }
}
