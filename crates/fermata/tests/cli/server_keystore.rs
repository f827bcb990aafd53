//! The keystore: values go in by stdin or file, and never come out.

use crate::program::{Place, finish_with};

#[test]
fn entries_are_set_listed_and_deleted() {
    let place = Place::new();
    let server = place.serve();
    let set = place.asking(&server, ["keystore", "set", "api-key"]);
    let ended = finish_with(set, "hunter2\n").with_code(0);
    assert!(!format!("{ended:?}").contains("hunter2"));
    let file = place.file("limits.json", "{\"n\": 1}\n");
    place.ask(&server, ["keystore", "set", "limits", "--kind", "value", "--value-file", &file]).with_code(0);
    let list = place.ask(&server, ["keystore", "list"]).with_code(0).stdout;
    assert!(list.contains("api-key  secret  v1") && list.contains("limits   value   v1"), "{list}");
    let hosts = ["keystore", "set", "api-key", "--host", "api.example.com", "--host", "*.example.org"];
    finish_with(place.asking(&server, hosts), "hunter2\n").with_code(0);
    let list = place.ask(&server, ["keystore", "list"]).with_code(0).stdout;
    assert!(list.contains("api.example.com *.example.org"), "{list}");
    assert!(!list.contains("hunter2"));

    let reader = place
        .file("read.js", "export async function runTask(i, tools) { return tools.keystore.get('limits'); }");
    let ended = place.ask(&server, ["run", &reader]).with_code(0);
    assert_eq!(ended.stdout, "{\n  \"n\": 1\n}\n", "JSON stays JSON");

    place.ask(&server, ["keystore", "delete", "api-key"]).with_code(0);
    place.ask(&server, ["keystore", "delete", "api-key"]).with_code(3);
    finish_with(place.asking(&server, ["keystore", "set", "x"]), "")
        .with_code(2)
        .telling(&["stdin is empty"]);
}

#[test]
fn versions_are_listed_restored_and_purged() {
    let place = Place::new();
    let server = place.serve();
    let set = |value: &str, more: &[&str]| {
        let arguments = [&["keystore", "set", "api-key"], more].concat();
        finish_with(place.asking(&server, arguments), value)
    };
    set("hunter1", &["--expected-version", "0"]).with_code(0).telling(&["version 1"]);
    set("hunter2", &[]).with_code(0).telling(&["version 2"]);
    set("hunter3", &["--expected-version", "1"]).with_code(1).telling(&["has version 2, not 1"]);
    let list = place.ask(&server, ["keystore", "versions", "api-key"]).with_code(0).stdout;
    let rows: Vec<&str> = list.lines().collect();
    assert!(rows.len() == 3 && rows[1].starts_with("v2       secret"), "{list}");
    let restore = ["keystore", "restore", "api-key", "1", "--expected-version", "2"];
    place.ask(&server, restore).with_code(0).telling(&["restored version 1", "(version 3)"]);
    place.ask(&server, ["keystore", "purge", "api-key"]).with_code(0).telling(&["purged"]);
    let json = place.ask(&server, ["keystore", "versions", "api-key", "--json"]).with_code(0).stdout;
    let left: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert!(left.len() == 1 && left[0]["version"] == 3, "{json}");
    assert!(!format!("{list}{json}").contains("hunter"));
    place.ask(&server, ["keystore", "restore", "api-key", "1"]).with_code(3).telling(&["is not kept"]);
    place.ask(&server, ["keystore", "versions", "other"]).with_code(3);
}
