//! What must be true of the rows once all has ended.

use crate::site::Site;

/// What may be in no ledger: what it would be, and how to find it.
const NEVER: [(&str, &str); 8] = [
    (
        "a run belongs to a node that is not up",
        "select encode(r.id, 'hex'), r.status, n.name, n.state
        from fermata.task_runs as r left join fermata.nodes as n on n.id = r.owner_node
        where r.owner_node is not null and n.state is distinct from 'up'",
    ),
    (
        "a run that has ended belongs to somebody",
        "select encode(id, 'hex'), status, owner_node
        from fermata.task_runs
        where owner_node is not null and status in ('completed', 'failed', 'cancelled')",
    ),
    (
        "two calls took one event",
        "select encode(run_id, 'hex'), name, count(*)
        from fermata.sent_events
        where taken_by is not null
        group by run_id, name
        having count(*) > 1",
    ),
    (
        "one call took two events",
        "select encode(run_id, 'hex'), taken_by, count(*)
        from fermata.sent_events
        where taken_by is not null
        group by run_id, taken_by
        having count(*) > 1",
    ),
    (
        "a run did not take each of its events",
        "select encode(r.id, 'hex'), r.input, count(e.number)
        from fermata.task_runs as r
        left join fermata.sent_events as e on e.run_id = r.id and e.taken_by is not null
        where r.task_name = 'events'
        group by r.id, r.input
        having count(e.number) <> json_array_length(r.input::json -> 'names')",
    ),
    (
        "two entries of a run's stream have one place",
        "select encode(run_id, 'hex'), seq, count(*)
        from (
          select run_id, seq from fermata.stack_runs
          union all
          select run_id, end_seq from fermata.stack_runs where end_seq is not null
          union all
          select run_id, seq from fermata.task_logs
        ) as entries
        group by run_id, seq
        having count(*) > 1",
    ),
    (
        "a key has no run, or a run two keys",
        "select encode(k.run_id, 'hex'), count(r.id)
        from fermata.idempotency_keys as k left join fermata.task_runs as r on r.id = k.run_id
        group by k.run_id
        having count(*) > 1 or count(r.id) = 0",
    ),
    (
        "a checkpoint of a run that has ended",
        "select encode(c.run_id, 'hex'), r.status
        from fermata.checkpoints as c left join fermata.task_runs as r on r.id = c.run_id
        where r.status is null or r.status in ('completed', 'failed', 'cancelled')",
    ),
];

/// What is wrong with the rows.
pub(crate) fn faults(site: &Site) -> Vec<String> {
    let letters = site.ask_one("select count(*) from fermata.letters where answered_at is null");
    println!("{letters} letters nobody answered");
    let found = |(what, sql): &(&str, &str)| {
        site.ask(sql).into_iter().map(|row| format!("{what}: {}", row.join(" | "))).collect::<Vec<_>>()
    };
    NEVER.iter().flat_map(found).collect()
}
