//! Notices reach all nodes that listen, and a lost line is made up for.

use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use fermata_store::Notice;

use crate::cluster::{Cluster, Node};
use crate::records::{run_id, workspace};

const PATIENCE: Duration = Duration::from_secs(30);

fn listen(node: &Node) -> Receiver<Notice> {
    let (tell, told) = mpsc::channel();
    let notice = move |notice| {
        let _ = tell.send(notice);
    };
    node.store.join(|_| {}, notice).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), Notice::Anything, "what came before is unknown");
    told
}

#[test]
fn what_one_node_tells_all_nodes_hear() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.node("one"), cluster.node("two"));
    let heard = [listen(&one), listen(&two)];
    let notices = [
        Notice::Work,
        Notice::Run { node: 2, workspace: workspace(), run: run_id(7) },
        Notice::Answer([3; 16]),
        Notice::Task { workspace: workspace(), name: "a task with spaces".into() },
    ];
    for notice in &notices {
        one.store.tell(notice).unwrap();
    }
    for heard in &heard {
        for notice in &notices {
            assert_eq!(&heard.recv_timeout(PATIENCE).unwrap(), notice);
        }
    }
    // Whoever uses SQL may tell something too.
    cluster.execute("notify fermata, 'work'; notify fermata, 'nonsense'");
    assert_eq!(heard[1].recv_timeout(PATIENCE).unwrap(), Notice::Work);
    assert_eq!(heard[1].recv_timeout(PATIENCE).unwrap(), Notice::Anything);
}

#[test]
fn after_a_lost_line_anything_may_have_happened() {
    let cluster = Cluster::new();
    let (line, url) = cluster.line();
    let (node, other) = (cluster.node_at(&url, "one"), cluster.node("other"));
    let heard = listen(&node);
    line.drop_all();
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), Notice::Anything);
    other.store.tell(&Notice::Work).unwrap();
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), Notice::Work);
}
