//! A folder to work in, the program in it, and a server that ends with its value.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// What the server says when it can be used.
const READY: &str = "Fermata is ready on ";

/// A folder of one test. Removed in the end.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file and gives its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The program, in this folder, with nothing of the outer environment.
    pub fn fermata<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fermata"));
        let temporary = self.path("tmp");
        fs::create_dir_all(&temporary).unwrap();
        command.args(arguments).current_dir(self.0.path()).env_clear();
        command.env("TMPDIR", temporary).env("HOME", self.0.path());
        // Only the first test compiles the engine of embedded runs.
        command.env("XDG_CACHE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"));
        command.stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ended {
        finish(self.fermata(arguments))
    }

    /// A server in the folder `data` on a free port, with its token in the file `token`.
    pub fn serve(&self) -> Server {
        let file = self.path("token");
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--token-file", file.to_str().unwrap()];
        Server::start(self.fermata(arguments))
    }

    /// Runs the program against a server.
    pub fn ask<S: AsRef<OsStr>>(&self, server: &Server, arguments: impl IntoIterator<Item = S>) -> Ended {
        finish(self.asking(server, arguments))
    }

    /// The program, about to talk to a server.
    pub fn asking<S: AsRef<OsStr>>(
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
pub const WAITING: &str = "export async function runTask(input, tools) {
  console.log('waiting');
  return await tools.events.wait('go', { timeout: 60_000 });
}
";

/// One of the tasks in the repository's `examples`.
pub fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    path.canonicalize().unwrap().to_str().unwrap().to_owned()
}

/// How the program ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// Checks the exit code and shows everything when it is another.
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Checks that stderr says all of these.
    #[track_caller]
    pub fn telling(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "no {part:?} in stderr: {}", self.stderr);
        }
        self
    }
}

/// Runs a command to its end.
pub fn finish(mut command: Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Runs a command to its end with something on its stdin.
pub fn finish_with(mut command: Command, stdin: &str) -> Ended {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    collect(child)
}

/// Waits for the end of a process whose output is piped.
pub fn collect(child: Child) -> Ended {
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Sends a process a signal.
pub fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// A running server. Killed with its value.
pub struct Server {
    pub url: String,
    /// What it said up to the line that it is ready.
    pub said: String,
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts it and waits until it is ready.
    #[track_caller]
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        loop {
            let mut line = String::new();
            if stdout.read_line(&mut line).unwrap() == 0 {
                panic!("it ended: {said} {}", collect(child).stderr);
            }
            said.push_str(&line);
            if let Some(url) = line.trim_end().strip_prefix(READY) {
                return Self { url: url.to_owned(), said, child, stdout };
            }
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to stop and waits for its end.
    pub fn stop(mut self, by: Signal) -> Ended {
        signal(&self.child, by);
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
