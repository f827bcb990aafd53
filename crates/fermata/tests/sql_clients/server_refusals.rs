//! What is refused at once, and what fails when it is about to begin.

use fermata_model::limits::{INPUT_BYTES_MAX, WAIT_MS_MAX};

use crate::site::Site;

#[test]
fn rows_that_cannot_be_runs_are_refused_with_reasons() {
    let site = Site::new();
    let before = site.runs();
    let insert = |task: &str, rest: &str, value: &str| {
        site.refused(&format!("insert into fermata.task_runs (task_name, {rest}) values ({task}, {value})"))
    };
    let cases = [
        (insert("'helo'", "input", "'{}'"), "there is no task \"helo\" in workspace \"default\""),
        (insert("null", "input", "'{}'"), "there is no task \"\""),
        (insert("'hello'", "workspace", "'other'"), "in workspace \"other\""),
        (insert("'hello'", "task_version", "9"), "there is no task \"hello\" with version 9"),
        (insert("'hello'", "input", "'hello'"), "the input for task \"hello\" is not JSON"),
        (insert("'hello'", "input", "''"), "is not JSON"),
        (insert("'hello'", "input", "'@0198c0de7a3b7c51a2f04c1f9d6e2b10:7:default'"), "is not JSON"),
        (insert("'hello'", "priority", "32768"), "the priority 32768 is out of range"),
        (insert("'hello'", "id", "'\\x00'"), "task_runs_id_check"),
        (site.refused("select fermata.enqueue('helo')"), "there is no task \"helo\""),
        (site.refused("select fermata.enqueue('hello', priority => -40000)"), "out of range"),
    ];
    for (refusal, part) in cases {
        assert!(refusal.contains(part), "{part:?} is not in: {refusal}");
    }
    assert_eq!(site.runs(), before);
}

#[test]
fn limits_are_those_of_the_model() {
    let site = Site::new();
    let insert = |bytes: usize| {
        format!(
            "insert into fermata.task_runs (task_name, input) values ('hello', '{{}}' || repeat(' ', {}))",
            bytes - 2
        )
    };
    let refusal = site.refused(&insert(INPUT_BYTES_MAX + 1));
    assert!(refusal.contains(&format!("the limit is {INPUT_BYTES_MAX}")), "{refusal}");
    site.database.execute(&insert(INPUT_BYTES_MAX)).unwrap();
    let longest = site.cell("select fermata.span_ms('9999999w')").unwrap();
    assert_eq!(longest, WAIT_MS_MAX.to_string());
    for (text, ms) in
        [("250", "250"), ("500ms", "500"), ("90s", "90000"), ("1h30m", "5400000"), ("2d", "172800000")]
    {
        assert_eq!(site.cell(&format!("select fermata.span_ms('{text}')")).unwrap(), ms, "{text}");
    }
}

#[test]
fn an_input_that_does_not_fit_the_schema_fails_the_run() {
    let site = Site::new();
    let id = site.insert("'hello'", r#"'{"n":"seven"}'"#);
    let run = site.ended(&id);
    assert_eq!(run.status, "failed", "{run:?}");
    assert_eq!(run.error["code"], "input_invalid", "{run:?}");
    assert!(run.error["message"].as_str().unwrap().contains("/n"), "{run:?}");
}
