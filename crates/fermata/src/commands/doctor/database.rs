//! A ledger in PostgreSQL: to be reached, up to date, and who works on it.

use fermata_store::archive::Place;
use fermata_store::{Admin, MigrationState, NodeState, migrations};

use super::Finding;
use crate::exit::{Failure, with_causes};
use crate::node;

const ABOUT: &str = "database";
const NODES: &str = "nodes";

/// What was found, and whether there is no ledger in the database yet.
pub(super) struct Found {
    pub(super) findings: Vec<Finding>,
    pub(super) is_empty: bool,
}

/// Looks at the database of a place, without becoming one of its nodes.
pub(super) async fn check(place: &Place) -> Found {
    let asked = place.clone();
    let found = match node::blocking(move || migrations(&asked)).await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => return alone(Finding::failed(ABOUT, node::explain(&error))),
        Err(failure) => return alone(Finding::failed(ABOUT, failure)),
    };
    if found.iter().all(|migration| migration.applied_at.is_none()) {
        let finding = Finding::good(ABOUT, "answers, and is empty: the first start makes its tables");
        return Found { findings: vec![finding], is_empty: true };
    }
    let finding = judge(&found);
    if !finding.is_good {
        return alone(finding);
    }
    Found { findings: vec![finding, nodes(place).await], is_empty: false }
}

fn alone(finding: Finding) -> Found {
    Found { findings: vec![finding], is_empty: false }
}

fn judge(found: &[MigrationState]) -> Finding {
    if found.iter().any(|migration| !migration.is_known) {
        let advice = "use that version, or a newer one";
        return Finding::bad(ABOUT, "a newer version of Fermata has changed this ledger", advice);
    }
    let pending = found.iter().filter(|migration| migration.applied_at.is_none()).count();
    if pending > 0 {
        let message = format!("answers, but {pending} migrations are not applied");
        return Finding::bad(ABOUT, message, "back it up, then apply them: fermata migrate up");
    }
    Finding::good(ABOUT, format!("answers, and is up to date ({} migrations)", found.len()))
}

async fn nodes(place: &Place) -> Finding {
    let Some(url) = place.options.database.clone() else { return Finding::good(NODES, "none") };
    let asked = node::blocking(move || {
        let mut admin = Admin::connect(&url).map_err(|error| node::explain(&error))?;
        admin.nodes().map_err(|error| Failure::io(with_causes(&error)))
    });
    match asked.await {
        Ok(Ok(found)) => tell_nodes(&found),
        Ok(Err(failure)) | Err(failure) => Finding::failed(NODES, failure),
    }
}

fn tell_nodes(found: &[NodeState]) -> Finding {
    let is_there = |node: &&NodeState| node.node.state != "down";
    let lost = found.iter().filter(|node| node.is_lost()).count();
    let there = found.iter().filter(is_there).count() - lost;
    let mut finding = match there {
        0 => Finding::good(NODES, "none works on it at the moment"),
        1 => Finding::good(NODES, "1 works on it"),
        there => Finding::good(NODES, format!("{there} work on it")),
    };
    if lost > 0 {
        let word = if lost == 1 { "1 node has" } else { &format!("{lost} nodes have") };
        finding.notes.push(format!("{word} given no sign of life for too long: fermata nodes list"));
    }
    finding
}
