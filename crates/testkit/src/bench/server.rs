//! The server under measurement: a process of its own, started on a folder and stopped again.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;

use super::connection::Access;
use super::usage::{self, Memory, Usage};
use super::{Bench, task};

const READY_WITHIN: Duration = Duration::from_secs(120);
const STOPPED_WITHIN: Duration = Duration::from_secs(60);
/// The key of every server measured: those that share a database must have the same.
const MASTER_KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
/// What the server says before its address.
const READY: &str = "ready on http://";
/// Compiled code in a data folder; it is made anew when it is missing.
const ENGINE: &str = "engine";

/// How to start a server.
pub(crate) struct Start<'a> {
    /// Its folder, under that of the benchmark.
    pub(crate) folder: &'a str,
    /// Whether compiled code of an earlier server may be used.
    pub(crate) is_warm: bool,
    /// Arguments besides those that every server gets.
    pub(crate) arguments: &'a [&'a str],
}

/// A running server. Killed when dropped before it was stopped.
pub(crate) struct Server {
    child: Child,
    id: u32,
    data: PathBuf,
    output: JoinHandle<()>,
    /// How to reach it.
    pub(crate) access: Access,
    /// From the start of the process to its readiness.
    pub(crate) ready_after: Duration,
}

impl Bench<'_> {
    /// A server on an empty folder, with compiled code from an earlier one, and the tasks published.
    pub(crate) async fn server(&self, folder: &str, arguments: &[&str]) -> Result<Server> {
        let server = self.start(&Start { folder, is_warm: true, arguments }).await?;
        server.publish().await?;
        Ok(server)
    }

    /// Starts a server.
    pub(crate) async fn start(&self, start: &Start<'_>) -> Result<Server> {
        let base = self.folder.path().join(start.folder);
        let data = base.join("data");
        fs::create_dir_all(&data).context("make the server's folder")?;
        if start.is_warm {
            copy_files(&self.compiled(), &data.join(ENGINE))?;
        }
        let began = Instant::now();
        let mut child = self.spawn(&base, &data, start.arguments)?;
        let id = child.id().context("the server ended at once")?;
        let mut lines = BufReader::new(child.stdout.take().context("the server has no output")?).lines();
        let ready = tokio::time::timeout(READY_WITHIN, address(&mut lines)).await;
        let address = ready.context("the server is not ready in time").and_then(|address| address);
        let address = address.with_context(|| log_of(&base))?;
        let ready_after = began.elapsed();
        copy_files(&data.join(ENGINE), &self.compiled())?;
        let token = fs::read_to_string(base.join("token")).context("read the server's token")?;
        let access = Access { address, token: token.trim().to_owned() };
        // Nobody reads what it says, but it must not wait for that.
        let output = tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Server { child, id, data, output, access, ready_after })
    }

    fn spawn(&self, base: &Path, data: &Path, arguments: &[&str]) -> Result<Child> {
        let log = File::create(base.join("log")).context("make the server's log")?;
        let mut command = Command::new(&self.program);
        command.arg("serve").args(["--listen", "127.0.0.1:0", "--egress-allow-private", "127.0.0.0/8"]);
        command.arg("--data").arg(data).arg("--token-file").arg(base.join("token"));
        command.args(arguments).args(&self.options.server_arg).env("FERMATA_MASTER_KEY", MASTER_KEY);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        command.spawn().with_context(|| format!("start {}", self.program.display()))
    }

    /// Where compiled code is kept for the next server.
    fn compiled(&self) -> PathBuf {
        self.folder.path().join(ENGINE)
    }
}

impl Server {
    /// Stops the server and waits for its end.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let process = i32::try_from(self.id).ok().and_then(Pid::from_raw).context("the server has no id")?;
        kill_process(process, Signal::TERM).context("stop the server")?;
        let ended = tokio::time::timeout(STOPPED_WITHIN, self.child.wait()).await;
        let status = ended.context("the server does not stop")??;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }

    /// Stops the server and removes its folder, so that the next measurement has room and quiet.
    pub(crate) async fn stop_and_remove(self) -> Result<()> {
        let data = self.data.clone();
        self.stop().await?;
        fs::remove_dir_all(&data).with_context(|| format!("remove {}", data.display()))
    }

    /// What it has used so far.
    pub(crate) fn usage(&self) -> Result<Usage> {
        Usage::of(self.id)
    }

    /// Its memory.
    pub(crate) fn memory(&self) -> Result<Memory> {
        usage::memory(self.id)
    }

    /// Bytes of the files whose names begin so, in its folder.
    pub(crate) fn disk_bytes(&self, prefix: &str) -> Result<u64> {
        let mut bytes = 0;
        for entry in fs::read_dir(&self.data).context("look at the server's folder")? {
            let entry = entry?;
            if entry.file_type()?.is_file() && entry.file_name().to_string_lossy().starts_with(prefix) {
                bytes += entry.metadata()?.len();
            }
        }
        Ok(bytes)
    }

    /// Its counters.
    pub(crate) async fn stats(&self) -> Result<Stats> {
        self.access.ask("GET", "/v1/stats", "").await.map(Stats)
    }

    /// Publishes the tasks that are measured, and the keystore entry that they read.
    pub(crate) async fn publish(&self) -> Result<()> {
        for task in task::ALL {
            let body = json!({ "file_name": format!("{}.js", task.name), "source": task.source });
            let published = self.access.ask("POST", "/v1/tasks", &body.to_string()).await;
            published.with_context(|| format!("publish {}", task.name))?;
        }
        let entry = r#"{"value": {"greeting": "hello"}, "kind": "value"}"#;
        self.access.ask("PUT", "/v1/keystore/global/bench", entry).await.map(drop)
    }

    /// The request that starts a run and waits for its end.
    pub(crate) fn run_request(&self, task: &task::Task, input: &Value) -> Vec<u8> {
        let body = json!({ "task": task.name, "input": input, "wait": "10m" });
        self.access.request("POST", "/v1/runs", &body.to_string())
    }

    /// The request that starts a run and is answered when that is on disk.
    pub(crate) fn start_request(&self, task: &task::Task, input: &Value) -> Vec<u8> {
        let body = json!({ "task": task.name, "input": input });
        self.access.request("POST", "/v1/runs", &body.to_string())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.output.abort();
    }
}

/// Counters of engine and store.
pub(crate) struct Stats(Value);

impl Stats {
    /// A counter by its path, such as `/engine/runs_ended`.
    pub(crate) fn get(&self, path: &str) -> Result<u64> {
        let value = self.0.pointer(path).and_then(Value::as_u64);
        value.with_context(|| format!("the server has no counter {path}"))
    }

    /// How much a counter has grown since `before`.
    pub(crate) fn since(&self, before: &Self, path: &str) -> Result<u64> {
        Ok(self.get(path)?.saturating_sub(before.get(path)?))
    }
}

async fn address(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<SocketAddr> {
    while let Some(line) = lines.next_line().await.context("read what the server says")? {
        if let Some((_, address)) = line.split_once(READY) {
            return address.trim().parse().with_context(|| format!("read the address in {line:?}"));
        }
    }
    bail!("the server ended before it was ready")
}

/// The end of the server's log, for an error.
fn log_of(base: &Path) -> String {
    let log = fs::read_to_string(base.join("log")).unwrap_or_default();
    let from = log.char_indices().rev().nth(2_000).map_or(0, |(at, _)| at);
    format!("the server's log ends with:\n{}", &log[from..])
}

/// Copies the files of a folder that are missing in another one.
fn copy_files(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(to).context("make a folder for compiled code")?;
    for entry in fs::read_dir(from).context("look for compiled code")? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_files(&entry.path(), &target)?;
        } else if !target.exists() {
            fs::copy(entry.path(), target).context("copy compiled code")?;
        }
    }
    Ok(())
}
