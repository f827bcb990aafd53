//! Every example of the user documents, run as it stands.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::program::{Place, example};

/// A block of code in a document.
struct Block {
    document: String,
    line: usize,
    language: String,
    text: String,
}

/// The blocks of all documents, in order.
fn blocks() -> Vec<Block> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let mut documents: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    documents.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    documents.sort();
    documents.iter().flat_map(|path| blocks_of(path)).collect()
}

fn blocks_of(path: &Path) -> Vec<Block> {
    let document = path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in fs::read_to_string(path).unwrap().lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                let (document, language) = (document.clone(), language.to_owned());
                open = Some(Block { document, line: at + 1, language, text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// What follows `mark` at the beginning of a line.
fn noted<'a>(block: &'a Block, mark: &str) -> Option<&'a str> {
    block.text.lines().find_map(|line| line.strip_prefix(mark))
}

#[test]
fn every_task_in_the_documents_runs() {
    let place = Place::new();
    let tasks: Vec<Block> = blocks().into_iter().filter(|block| block.language == "js task").collect();
    assert!(tasks.len() >= 8, "only {} tasks were found", tasks.len());
    for (at, block) in tasks.iter().enumerate() {
        let whence = format!("{}:{}", block.document, block.line);
        let file = place.file(&format!("task-{at}/example.js"), &block.text);
        let input = noted(block, "// input: ").unwrap_or("null");
        let ended = place.run(["run", &file, "--input", input]);
        let result = noted(block, "// result: ");
        assert_eq!(ended.code, 0, "{whence}: {}", ended.stderr);
        if let Some(result) = result {
            let (wanted, got): (Value, Value) =
                (serde_json::from_str(result).unwrap(), serde_json::from_str(&ended.stdout).unwrap());
            assert_eq!(got, wanted, "{whence}");
        }
    }
}

#[test]
fn every_request_in_the_documents_is_understood() {
    let place = Place::new();
    let server = place.serve();
    place.ask(&server, ["publish", &example("approval.ts")]).with_code(0);
    let token = fs::read_to_string(place.path("token")).unwrap();
    let requests: Vec<(String, String)> =
        blocks().iter().filter(|b| b.document == "api.md").flat_map(curls).collect();
    assert!(requests.len() >= 20, "only {} requests were found", requests.len());
    for (whence, curl) in requests {
        let started = place.ask(&server, ["run", "approval", "--detach", "--input", r#"{"subject":"x"}"#]);
        let run = started.with_code(0).stdout.trim().to_owned();
        // The run waits for an event: asking for its end would wait as long.
        let curl = curl.replace("wait=30s", "wait=1s");
        let script = format!("{curl} --max-time 2 -o answer -w '%{{http_code}}'");
        let mut shell = Command::new("bash");
        shell.args(["-c", &script]).current_dir(place.path("")).env("FERMATA", &server.url);
        shell.env("auth", format!("Authorization: Bearer {}", token.trim())).env("run", run);
        let output = shell.output().unwrap();
        let status = String::from_utf8(output.stdout).unwrap();
        let answer = fs::read_to_string(place.path("answer")).unwrap_or_default();
        let understood = status.starts_with('2') || status == "404" && curl.contains("DELETE");
        assert!(understood, "{whence}: {curl}\nanswered {status}: {answer}");
    }
}

/// The `curl` commands of a block, each on one line.
fn curls(block: &Block) -> Vec<(String, String)> {
    if block.language != "sh" {
        return Vec::new();
    }
    let whence = format!("{}:{}", block.document, block.line);
    let joined = block.text.replace("\\\n", " ");
    let bare = |line: &str| line.split("   #").next().unwrap_or(line).trim().to_owned();
    let commands = joined.lines().filter(|line| line.starts_with("curl ")).map(bare);
    commands.map(|command| (whence.clone(), command)).collect()
}
