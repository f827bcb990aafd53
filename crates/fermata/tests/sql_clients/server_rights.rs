//! A role that may call functions and touch no table.

use crate::site::Site;

#[test]
fn a_role_without_tables_starts_runs() {
    let site = Site::new();
    let role = format!("fermata_app_{}", std::process::id());
    let as_role = |sql: &str| format!("set role {role}; {sql}");
    site.psql(&format!("create role {role}; grant usage on schema fermata to {role}"));
    for function in ["enqueue('hello')", "run_status(gen_random_uuid())"] {
        let refusal = site.refused(&as_role(&format!("select fermata.{function}")));
        assert!(refusal.contains("permission denied for function"), "{refusal}");
    }

    site.psql(&format!("grant execute on function fermata.enqueue, fermata.run_status to {role}"));
    let id =
        site.cell(&as_role("select fermata.enqueue('hello', '{\"n\": 1}', idempotency_key => 'r')")).unwrap();
    site.ended(&id);
    let status =
        site.database.query_text(&as_role(&format!("select * from fermata.run_status('{id}')"))).unwrap();
    assert_eq!(status, [[Some("completed".to_owned()), Some("{\"n\":2}".to_owned()), None]]);
    for table in ["task_runs", "task_functions", "idempotency_keys", "keystore", "keystore_versions"] {
        let refusal = site.refused(&as_role(&format!("select * from fermata.{table}")));
        assert!(refusal.contains("permission denied for table"), "{refusal}");
    }

    // Inserting needs a right for the columns that are named, and none for those that are filled in.
    site.psql(&format!("grant insert (task_name, input) on fermata.task_runs to {role}"));
    site.psql(&as_role("insert into fermata.task_runs (task_name, input) values ('hello', '{}')"));
    let refusal =
        site.refused(&as_role("insert into fermata.task_runs (task_name, seed) values ('hello', '')"));
    assert!(refusal.contains("permission denied for table"), "{refusal}");
    site.psql(&format!("drop owned by {role}; drop role {role}"));
}
