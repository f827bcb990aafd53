//! A connection that breaks while a run is followed.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use crate::program::{Place, finish};

/// How often an event stream is cut before it is left alone.
const CUTS: u32 = 3;

#[test]
fn following_goes_on_where_it_was() {
    let place = Place::new();
    let server = place.serve();
    let task = place.file(
        "count.js",
        "export async function runTask(input, tools) {
  for (let i = 0; i < 20; i++) { console.log(`line ${i}`); await tools.sleep(1); }
}",
    );
    let id = place.ask(&server, ["run", &task, "--detach"]).with_code(0).stdout;
    let (url, cuts) = unreliable_proxy(server.url.trim_start_matches("http://").to_owned());
    let mut command = place.asking(&server, ["runs", "logs", id.trim(), "--follow"]);
    command.env("FERMATA_URL", url);
    let ended = finish(command).with_code(0);
    let seen: Vec<&str> = ended.stdout.lines().filter_map(|line| line.split("INFO  ").nth(1)).collect();
    let expected: Vec<String> = (0..20).map(|i| format!("line {i}")).collect();
    assert_eq!(seen, expected, "every line once");
    assert_eq!(cuts.load(Ordering::SeqCst), CUTS, "the stream was cut");
}

/// Passes connections on to `target`, and cuts event streams after some bytes.
fn unreliable_proxy(target: String) -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let cuts = Arc::new(AtomicU32::new(0));
    let counted = cuts.clone();
    // Ends with the test's process.
    thread::spawn(move || {
        for near in listener.incoming() {
            let (near, far, cuts) = (near.unwrap(), TcpStream::connect(&target).unwrap(), counted.clone());
            let (from, to) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            thread::spawn(move || pass(from, to, usize::MAX));
            thread::spawn(move || {
                let is_cut =
                    cuts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| (n < CUTS).then_some(n + 1));
                pass(far, near, if is_cut.is_ok() { 2_500 } else { usize::MAX });
            });
        }
    });
    (url, cuts)
}

fn pass(mut from: TcpStream, mut to: TcpStream, mut bytes_max: usize) {
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let count = count.min(bytes_max);
        if to.write_all(&buffer[..count]).is_err() || bytes_max == count {
            break;
        }
        bytes_max -= count;
    }
    // The other direction may have closed them already.
    let _ = (from.shutdown(std::net::Shutdown::Both), to.shutdown(std::net::Shutdown::Both));
}
