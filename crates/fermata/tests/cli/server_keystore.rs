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
