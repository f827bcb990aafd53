//! What no request could come of is refused before anything is sent, and the step is named.

use fermata_model::json;
use fermata_services::Service as _;
use fermata_services::supabase::{Site, Supabase};

/// Checks that a call is refused with this code, and that the message holds the words.
fn refused(method: &str, args: &str, code: &str, words: &[&str]) {
    let error = Supabase.check(method, &json::parse(args.to_owned()).unwrap()).unwrap_err();
    assert_eq!(error.code, code, "{method}: {}", error.message);
    assert!(!error.retryable);
    for word in words {
        assert!(error.message.contains(word), "{method}: {:?} is not in {:?}", word, error.message);
    }
}

fn unknown(method: &str, args: &str, words: &[&str]) {
    refused(method, args, "unknown_method", words);
}

fn bad(method: &str, args: &str, words: &[&str]) {
    refused(method, args, "bad_arguments", words);
}

#[test]
fn steps_that_supabase_js_does_not_have() {
    unknown("table.select", r#"[["t"],[]]"#, &["no table", "from"]);
    unknown("from.select.equals", r#"[["t"],[],["a",1]]"#, &["step 3, equals, cannot follow select"]);
    unknown(
        "from.eq.select",
        r#"[["t"],["a",1],[]]"#,
        &["step 2, eq, cannot follow from", "select", "delete"],
    );
    unknown("schema.schema.from", r#"[["a"],["b"],["t"]]"#, &["step 2, schema, cannot follow schema"]);
    unknown("from", r#"[["t"]]"#, &["ends at from", "select"]);
    unknown("auth.admin", "[null,null]", &["ends at admin", "listUsers"]);
    unknown("auth.signOut", "[null,[]]", &["signOut", "admin"]);
    unknown("storage.from.list.eq", r#"[null,["b"],[],["a",1]]"#, &["step 4, eq, cannot follow list"]);
    unknown("storage.from.stat", r#"[null,["b"],["p"]]"#, &["stat", "download"]);
    unknown("functions.call", r#"[null,["f"]]"#, &["call", "invoke"]);
    unknown("chain", "[[]]", &["empty", "from"]);
    unknown("realtime.channel", r#"[null,["c"]]"#, &["no realtime"]);
}

#[test]
fn steps_that_are_called_and_should_not_be_and_the_other_way() {
    bad("from.select", r#"[["t"],null]"#, &["select", "called"]);
    bad("from.select.single", r#"[["t"],[],null]"#, &["single", "called"]);
    bad("auth.admin.listUsers", "[[],null,[]]", &["auth", "not a method"]);
    bad("from.select", r#"[null,[]]"#, &["from", "called"]);
}

#[test]
fn arguments_that_cannot_be_meant() {
    for name in ["", " ", "a/b", "..", "%2e%2E", "a?b", "a#b", "a\\\\b", "a\\nb"] {
        bad("from.select", &format!("[[\"{name}\"],[]]"), &["from", "the name of the table"]);
        bad("rpc", &format!("[[\"{name}\"]]"), &["rpc", "the name of the function"]);
    }
    bad("from.select", "[[7],[]]", &["the name of the table"]);
    bad("from.select", r#"[["t"],[["a","b"]]]"#, &["select", "one text"]);
    bad("from.select", r#"[["t"],["*",{"count":"all"}]]"#, &["select", "count"]);
    bad("from.select", r#"[["t"],["*","exact"]]"#, &["select", "options"]);
    bad("from.insert", r#"[["t"],[]]"#, &["insert", "an object or a list"]);
    bad("from.insert", r#"[["t"],[[{"a":1},2]]]"#, &["insert", "row 1"]);
    bad("from.update", r#"[["t"],[[{"a":1}]]]"#, &["update", "an object"]);
    bad("rpc", r#"[["f",[1]]]"#, &["rpc", "an object"]);
    bad("from.select.eq", r#"[["t"],[],[]]"#, &["eq", "the column"]);
    bad("from.select.in", r#"[["t"],[],["a","1,2"]]"#, &["in", "a list"]);
    bad("from.select.likeAllOf", r#"[["t"],[],["a","x"]]"#, &["likeAllOf", "a list"]);
    bad("from.select.textSearch", r#"[["t"],[],["a","x",{"type":"fast"}]]"#, &["textSearch", "type"]);
    bad("from.select.match", r#"[["t"],[],["a"]]"#, &["match", "an object"]);
    bad("from.select.or", r#"[["t"],[],[{}]]"#, &["or", "one text"]);
    bad("from.select.order", r#"[["t"],[],[]]"#, &["order", "the column"]);
    bad("from.select.limit", r#"[["t"],[],["ten"]]"#, &["limit", "numbers"]);
    bad("from.select.range", r#"[["t"],[],[5]]"#, &["range", "numbers"]);
    bad("from.select.range", r#"[["t"],[],[0.5,2]]"#, &["range", "whole"]);
    bad("from.select.explain", r#"[["t"],[],[{"format":"xml"}]]"#, &["explain", "format"]);
    bad("from.select.csv.stripNulls", r#"[["t"],[],[],[]]"#, &["stripNulls", "csv"]);
    bad("from.select.setHeader", r#"[["t"],[],["a b","x"]]"#, &["setHeader"]);
    bad("from.select.setHeader", r#"[["t"],[],["a","x\ny"]]"#, &["setHeader"]);
    bad("schema.from.select", r#"[["a\nb"],["t"],[]]"#, &["schema"]);
    bad("auth.admin.getUserById", r#"[null,null,["me"]]"#, &["getUserById", "UUID"]);
    bad("auth.admin.createUser", "[null,null,[]]", &["createUser", "an object"]);
    bad("storage.from.upload", r#"[null,["b"],["p",7]]"#, &["upload", "base64"]);
    bad("storage.from.upload", r#"[null,["b"],["p",{"base64":"*"}]]"#, &["upload", "base64"]);
    bad("storage.from.upload", r#"[null,["b"],["a/../../c","x"]]"#, &["upload", "path"]);
    bad("storage.from.remove", r#"[null,["b"],["p"]]"#, &["remove", "a list"]);
    bad("storage.from.createSignedUrl", r#"[null,["b"],["p"]]"#, &["createSignedUrl", "seconds"]);
    bad("functions.invoke", r#"[null,["f",{"method":"HEAD"}]]"#, &["invoke", "method"]);
    bad("functions.invoke", r#"[null,["f",{"method":"GET","body":"x"}]]"#, &["invoke", "body"]);
}

#[test]
fn calls_that_are_no_chains() {
    bad("from.select", r#"[["t"]]"#, &["2 steps"]);
    bad("from.select", r#"["t","*"]"#, &["from.select"]);
    bad("chain", r#"[[{"property":"from"}]]"#, &["chain"]);
    bad("from.select.eq", &format!("[[\"t\"],[],[\"a\",{}]]", "[".repeat(200) + &"]".repeat(200)), &["deep"]);
    bad(&["eq"; 201].join("."), &format!("[{}]", ["[]"; 201].join(",")), &["200 steps"]);
}

#[test]
fn a_secret_is_no_argument() {
    let cases = [
        ("from.insert", r#"[["t"],[{"a":"{{secret:KEY}}"}]]"#),
        ("from.select.eq", r#"[["t"],[],["a","{{secret:KEY}}"]]"#),
        ("from.select.likeAnyOf", r#"[["t"],[],["a",["{secret:KEY}"]]]"#),
        ("from.select.setHeader", r#"[["t"],[],["x-own","{{secret:KEY}}"]]"#),
        ("schema.from.select", r#"[["{{secret:KEY}}"],["t"],[]]"#),
        ("from.select", r#"[["{{secret:KEY}}"],[]]"#),
        ("storage.from.upload", r#"[null,["b"],["p",{"base64":"e3tzZWNyZXQ6S0VZfX0="}]]"#),
        ("functions.invoke", r#"[null,["f",{"headers":{"x-own":"{{secret:KEY}}"}}]]"#),
        ("from.insert", r#"[["t"],[{"a":{"$secret":"KEY"}}]]"#),
    ];
    for (method, args) in cases {
        refused(method, args, "secret_not_bound", &["its own key"]);
    }
}

#[test]
fn odd_arguments_are_taken_or_refused_and_no_more() {
    let steps = [
        "eq",
        "in",
        "likeAllOf",
        "contains",
        "overlaps",
        "textSearch",
        "match",
        "not",
        "or",
        "filter",
        "select",
        "order",
        "limit",
        "range",
        "explain",
        "maxAffected",
        "setHeader",
        "retry",
    ];
    let odd = [
        "null",
        "0",
        "\"\"",
        "[]",
        "{}",
        "[null,[{}]]",
        r#"{"$js":"undefined"}"#,
        r#"{"$js":"NaN"}"#,
        "1e999",
        "true",
        r#""\ud800""#,
        r#"{"count":{},"head":[],"referencedTable":{"a":[]},"ascending":"no","type":1}"#,
    ];
    let (mut taken, mut refused) = (0, 0);
    for step in steps {
        for (first, second) in odd.iter().flat_map(|first| odd.iter().map(move |second| (first, second))) {
            let args = format!(r#"[["t"],[],[{first},{second},{first}]]"#);
            let args = json::parse(args).unwrap();
            match Supabase.check(&format!("from.select.{step}"), &args) {
                Ok(_) => taken += 1,
                Err(error) => {
                    assert_eq!(error.code, "bad_arguments", "{step}: {}", error.message);
                    refused += 1;
                }
            }
        }
    }
    assert!(taken > 100 && refused > 1000, "{taken} {refused}");
}

#[test]
fn addresses_that_are_none() {
    for address in
        ["", "example.com", "ftp://example.com", "https://u:p@example.com", "https://example.com/?a=b"]
    {
        assert_eq!(Site::supabase(address).unwrap_err().code, "not_configured", "{address}");
    }
    assert!(Site::postgrest("http://localhost:3000", Some("A}}".to_owned())).is_err());
}
