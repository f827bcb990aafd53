//! A database, a server that works on it, and SQL clients.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fermata_testkit::postgres::Database;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// What the server says when it can be used.
const READY: &str = "Fermata is ready on ";
/// Where the tests of the command line keep the compiled engine.
const CACHE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/cache");
/// Longest wait for anything.
const WITHIN: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// What the database shows when it pushes a run.
pub(crate) const INTERNAL_TOKEN: &str = "what-only-the-database-and-the-server-know";

/// The task that most tests run: it wants a number.
pub(crate) const HELLO: &str = "\
/**
 * @param {object} input
 * @param {number} [input.n] How many.
 */
export async function runTask(input) {
  return { n: (input?.n ?? 0) + 1 };
}
";

/// A database and a folder. The server's process ends with it.
pub(crate) struct Site {
    folder: TempDir,
    pub(crate) database: Database,
    server: Option<Child>,
    address: String,
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    pub(crate) status: String,
    pub(crate) result: Value,
    pub(crate) error: Value,
    /// In milliseconds, as the ledger has them.
    pub(crate) created_at: i64,
    pub(crate) start_at: Option<i64>,
    pub(crate) started_at: Option<i64>,
}

impl Site {
    /// A server that knows the task `hello`.
    pub(crate) fn new() -> Self {
        let (folder, database) = (tempfile::tempdir().unwrap(), Database::create().unwrap());
        let mut site = Self { folder, database, server: None, address: String::new() };
        let (engine, kept) = (site.path("data/engine"), Path::new(CACHE).join("fermata/engine"));
        // Compiling the engine is most of what a test would do.
        copy_files(&kept, &engine);
        site.serve(&[]);
        copy_files(&engine, &kept);
        site.publish("hello.js", HELLO);
        // The first run makes the baseline of the task.
        let id = site.insert("'hello'", "'{}'");
        site.ended(&id);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn fermata(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fermata"));
        command.args(arguments).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command
            .env("FERMATA_DATABASE_URL", self.database.url())
            .env("FERMATA_INTERNAL_TOKEN", INTERNAL_TOKEN);
        command
            .env("FERMATA_TOKEN_FILE", self.path("token"))
            .env("FERMATA_URL", format!("http://{}", self.address));
        command
    }

    /// Starts the server.
    pub(crate) fn serve(&mut self, more: &[&str]) {
        let log = File::options().create(true).append(true).open(self.path("log")).unwrap();
        let mut command = self.fermata(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.args(more).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready =
            lines.by_ref().map_while(Result::ok).find_map(|line| line.strip_prefix(READY).map(str::to_owned));
        let url = ready.unwrap_or_else(|| panic!("it is not ready: {}", self.log()));
        self.address = url.trim_start_matches("http://").to_owned();
        self.server = Some(child);
        // So that it never writes to a closed pipe.
        std::thread::spawn(move || lines.for_each(drop));
    }

    /// Ends the server in good order.
    pub(crate) fn stop(&mut self) {
        let mut child = self.server.take().unwrap();
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        assert!(child.wait().unwrap().success(), "{}", self.log());
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    pub(crate) fn publish(&self, name: &str, source: &str) {
        fs::write(self.path(name), source).unwrap();
        let output = self.fermata(&["publish", name]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// What `psql` prints for some SQL.
    pub(crate) fn psql(&self, sql: &str) -> String {
        let psql = self.database.server().map_or("psql".into(), |server| server.binaries().join("psql"));
        let mut command = Command::new(psql);
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, self.database.url()]);
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The first cell that some SQL gives.
    pub(crate) fn cell(&self, sql: &str) -> Option<String> {
        self.database.query_text(sql).unwrap().into_iter().next()?.into_iter().next()?
    }

    /// Inserts a run: SQL for the name and for the input. Gives its id.
    pub(crate) fn insert(&self, task: &str, input: &str) -> String {
        let sql = format!(
            "insert into fermata.task_runs (task_name, input) values ({task}, {input})
             returning encode(id, 'hex')::uuid"
        );
        self.cell(&sql).unwrap()
    }

    /// Why the database refuses some SQL.
    pub(crate) fn refused(&self, sql: &str) -> String {
        format!("{:#}", self.database.query_text(sql).expect_err(sql))
    }

    /// The run as the ledger has it.
    pub(crate) fn run(&self, id: &str) -> Option<Run> {
        let sql = format!(
            "select r.status, s.result, s.error, r.created_at, r.start_at, r.started_at
             from fermata.task_runs as r, fermata.run_status('{id}') as s
             where r.id = uuid_send('{id}')"
        );
        let row = self.database.query_text(&sql).unwrap().into_iter().next()?;
        let json =
            |at: usize| row[at].as_deref().map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
        let number = |at: usize| row[at].as_deref().map(|text| text.parse().unwrap());
        Some(Run {
            status: row[0].clone().unwrap(),
            result: json(1),
            error: json(2),
            created_at: number(3).unwrap(),
            start_at: number(4),
            started_at: number(5),
        })
    }

    /// The run once it has ended.
    pub(crate) fn ended(&self, id: &str) -> Run {
        let began = Instant::now();
        loop {
            let run = self.run(id).unwrap_or_else(|| panic!("there is no run {id}"));
            if ["completed", "failed", "cancelled"].contains(&run.status.as_str()) {
                return run;
            }
            assert!(began.elapsed() < WITHIN, "{id} is {run:?}: {}", self.log());
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// How many runs there are.
    pub(crate) fn runs(&self) -> usize {
        self.cell("select count(*) from fermata.task_runs").unwrap().parse().unwrap()
    }

    /// Posts JSON to the server: status and body.
    pub(crate) fn post(&self, path: &str, headers: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n{headers}\r\n",
            self.address,
            body.len()
        );
        stream.write_all((head + body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// The header with the API token.
    pub(crate) fn authorization(&self) -> String {
        let token = fs::read_to_string(self.path("token")).unwrap();
        format!("authorization: Bearer {}\r\n", token.trim())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            // It may have ended already.
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// Copies the files that are missing. Each is there whole or not at all: other tests do the same.
fn copy_files(from: &Path, to: &Path) {
    let Ok(files) = fs::read_dir(from) else { return };
    fs::create_dir_all(to).unwrap();
    for file in files.flatten().filter(|file| !to.join(file.file_name()).exists()) {
        let draft = tempfile::NamedTempFile::new_in(to).unwrap();
        // A draft of another test may be gone by now.
        if fs::copy(file.path(), draft.path()).is_ok() {
            draft.persist(to.join(file.file_name())).unwrap();
        }
    }
}
