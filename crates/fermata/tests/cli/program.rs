//! A folder to work in, the program in it, and a server that ends with its value.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use fermata_testkit::postgres::{self, Database};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// What the server says when it can be used.
const READY: &str = "Fermata is ready on ";

/// Where embedded runs keep the compiled engine.
const CACHE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/cache");

/// A folder of one test. Removed in the end.
pub(crate) struct Place {
    folder: TempDir,
    /// Where the ledger of its servers is, when it is not in the folder.
    database: Option<Database>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let database = postgres::is_wanted().then(|| Database::create().unwrap());
        Self { folder: tempfile::tempdir().unwrap(), database }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file and gives its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The program, in this folder, with nothing of the outer environment.
    pub(crate) fn fermata<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fermata"));
        let temporary = self.path("tmp");
        fs::create_dir_all(&temporary).unwrap();
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("TMPDIR", temporary).env("HOME", self.folder.path());
        // Only the first test compiles the engine of embedded runs.
        command.env("XDG_CACHE_HOME", CACHE);
        if let Some(database) = &self.database {
            command.env("FERMATA_DATABASE_URL", database.url());
        }
        command.stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ended {
        finish(self.fermata(arguments))
    }

    /// A server in the folder `data` on a free port, with its token in the file `token`.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// The same with further options.
    pub(crate) fn serve_with(&self, options: &[&str]) -> Server {
        self.bring_engine();
        let file = self.path("token");
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--token-file", file.to_str().unwrap()];
        let mut command = self.fermata(arguments);
        command.args(options);
        Server::start(command)
    }

    /// Puts the compiled engine into the folder `data`, if another test has left it: compiling it
    /// is most of what a test would do.
    pub(crate) fn bring_engine(&self) {
        self.bring_engine_from(&format!("{CACHE}/fermata"), "data");
    }

    /// Puts the compiled engine of one data folder into another.
    pub(crate) fn bring_engine_from(&self, from: &str, to: &str) {
        let Ok(compiled) = fs::read_dir(self.path(from).join("engine")) else { return };
        let folder = self.path(to).join("engine");
        fs::create_dir_all(&folder).unwrap();
        for file in compiled.flatten() {
            // A draft of another test may be gone by now.
            let _ = fs::copy(file.path(), folder.join(file.file_name()));
        }
    }

    /// Runs the program against a server.
    pub(crate) fn ask<S: AsRef<OsStr>>(
        &self,
        server: &Server,
        arguments: impl IntoIterator<Item = S>,
    ) -> Ended {
        finish(self.asking(server, arguments))
    }

    /// The program, about to talk to a server.
    pub(crate) fn asking<S: AsRef<OsStr>>(
        &self,
        server: &Server,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = self.fermata(arguments);
        command.env("FERMATA_URL", &server.url).env("FERMATA_TOKEN_FILE", self.path("token"));
        command
    }
}

/// A task that waits until it is told to go on or is cancelled.
pub(crate) const WAITING: &str = "export async function runTask(input, tools) {
  console.log('waiting');
  return await tools.events.wait('go', { timeout: 60_000 });
}
";

/// The first task of a page of the documents.
pub(crate) fn first_task(page: &str) -> &str {
    page.split("```js task\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap()
}

/// One of the tasks in the repository's `examples`.
pub(crate) fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    path.canonicalize().unwrap().to_str().unwrap().to_owned()
}

/// How the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Checks the exit code and shows everything when it is another.
    #[track_caller]
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Checks that stderr says all of these.
    #[track_caller]
    pub(crate) fn telling(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "no {part:?} in stderr: {}", self.stderr);
        }
        self
    }
}

/// Runs a command to its end.
pub(crate) fn finish(mut command: Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Runs a command to its end with something on its stdin.
pub(crate) fn finish_with(mut command: Command, stdin: &str) -> Ended {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    collect(child)
}

/// Waits for the end of a process whose output is piped.
pub(crate) fn collect(child: Child) -> Ended {
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Sends a process a signal.
pub(crate) fn signal(child: &Child, signal: Signal) {
    // It may have ended already, and is waited for by the caller: the number is still its own.
    let _ = kill_process(Pid::from_child(child), signal);
}

/// A running server. Killed with its value.
pub(crate) struct Server {
    pub(crate) url: String,
    /// What it said up to the line that it is ready.
    pub(crate) said: String,
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts it and waits until it is ready.
    #[track_caller]
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut server = Self { url: String::new(), said: String::new(), child, stdout };
        while server.url.is_empty() {
            let mut line = String::new();
            if server.stdout.read_line(&mut line).unwrap() == 0 {
                panic!("it ended: {:?}", server.stop(Signal::TERM));
            }
            server.said.push_str(&line);
            server.url = line.trim_end().strip_prefix(READY).unwrap_or_default().to_owned();
        }
        server
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to stop and waits for its end.
    pub(crate) fn stop(self, by: Signal) -> Ended {
        signal(&self.child, by);
        self.wait()
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Ended {
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let mut stdout = std::mem::take(&mut self.said);
        self.stdout.read_to_string(&mut stdout).unwrap();
        Ended { code, stdout, stderr }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
