//! What no attempt could do is refused before anything is tried.

use fermata_model::json;
use fermata_services::Service as _;
use fermata_services::sql::Sql;

#[test]
fn wrong_arguments_are_named() {
    let many = format!("[[{}]]", vec![r#"{"text":"select 1"}"#; 101].join(","));
    let cases = [
        ("insert", r#"["x"]"#, "query, transaction"),
        ("query", "[]", "argument 1, text"),
        ("query", r#"[" "]"#, "argument 1, text"),
        ("query", r#"["-- nothing"]"#, "no statement"),
        ("query", r#"["select 1", {}]"#, "argument 2, params"),
        ("query", r#"["select 1", [], {"timeoutMs":1}]"#, "timeoutMs"),
        ("query", r#"["select 1", [], {"timeout":1}]"#, "argument 3, options"),
        ("query", r#"["select 1", [], {}, 1]"#, "takes 3 arguments"),
        ("query", r#"["select '\u0000'"]"#, "the character 0"),
        ("query", r#"["/* x */ Commit"]"#, "COMMIT cannot be used"),
        ("query", r#"["vacuum into 'x'"]"#, "VACUUM cannot be used"),
        ("query", r#"["copy t to program 'x'"]"#, "COPY cannot be used"),
        ("transaction", "[]", "argument 1, statements"),
        ("transaction", "[[]]", "argument 1, statements"),
        ("transaction", &many, "argument 1, statements"),
        ("transaction", r#"[[{"text":"select 1","parms":[]}]]"#, "argument 1, statements"),
        ("transaction", r#"[[{"text":"select 1"},{"text":"rollback"}]]"#, "statement 1: ROLLBACK"),
    ];
    for (method, args, expected) in cases {
        let args = json::parse(args.to_owned()).unwrap();
        let error = Sql::new(None).check(method, &args).unwrap_err();
        assert!(
            error.message.contains(expected) && !error.retryable,
            "{method} {}: {}",
            args.get(),
            error.message
        );
    }
}

#[test]
fn the_size_of_a_statement_is_bounded() {
    let check = |args: String| Sql::new(None).check("query", &json::parse(args).unwrap());
    assert!(check(format!(r#"["select '{}'"]"#, "x".repeat(90 << 10))).is_ok());
    assert!(check(format!(r#"["select '{}'"]"#, "x".repeat(100 << 10))).is_err());
    assert!(check(format!(r#"["select 1",[{}1]]"#, "1,".repeat(999))).is_ok());
    assert!(check(format!(r#"["select 1",[{}1]]"#, "1,".repeat(1_000))).is_err());
}
