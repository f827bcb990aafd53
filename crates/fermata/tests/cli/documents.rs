//! Every task in the user documents, run as it stands.
//!
//! A task is a block `js task`; in the pages of services every `js` block is one. Its comments may hold the `input`, the
//! `result` and further `options`. A block `json mock` that follows it answers its calls.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::Place;

/// A block of code in a document.
pub(crate) struct Block {
    pub(crate) document: String,
    pub(crate) line: usize,
    pub(crate) language: String,
    pub(crate) text: String,
}

/// A task in a document, and what answers its calls.
struct Example<'a> {
    task: &'a Block,
    mock: Option<&'a Block>,
}

/// The documents of a folder, in order.
fn documents(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(folder);
    let mut documents: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    documents.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    documents.sort();
    documents
}

/// The blocks of all documents in a folder, in order.
pub(crate) fn blocks(folder: &str) -> Vec<Block> {
    documents(folder).iter().flat_map(|path| blocks_of(path)).collect()
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

/// The tasks among blocks, each with the mock that follows it.
fn examples<'a>(blocks: &'a [Block], is_task: impl Fn(&str) -> bool) -> Vec<Example<'a>> {
    let tasks = blocks.iter().enumerate().filter(|(_, block)| is_task(&block.language));
    let mock = |at: usize| blocks.get(at + 1).filter(|next| next.language == "json mock");
    tasks.map(|(at, task)| Example { task, mock: mock(at) }).collect()
}

impl Example<'_> {
    /// Where it is.
    fn whence(&self) -> String {
        format!("{}:{}", self.task.document, self.task.line)
    }

    /// What follows a mark such as `// input: ` at the beginning of a line.
    fn noted(&self, mark: &str) -> Option<&str> {
        self.task.text.lines().find_map(|line| line.strip_prefix(mark))
    }

    /// The result that the document promises.
    fn wanted(&self) -> Option<Value> {
        self.noted("// result: ").map(|result| serde_json::from_str(result).unwrap())
    }

    /// Runs it: dry, when it comes with a mock or has to.
    fn run(&self, place: &Place, is_dry: bool) {
        let whence = self.whence();
        let folder = whence.replace([':', '.'], "-");
        let task = place.file(&format!("{folder}/example.js"), &self.task.text);
        let mut arguments = vec!["run", &task, "--input", self.noted("// input: ").unwrap_or("null")];
        arguments.extend(self.noted("// options: ").unwrap_or_default().split_whitespace());
        let mock = self.mock.map_or("[]", |mock| mock.text.as_str());
        let mock = place.file(&format!("{folder}/example.json"), mock);
        if is_dry || self.mock.is_some() {
            arguments.extend(["--mock", &mock]);
        }
        let ended = place.run(arguments);
        assert_eq!(ended.code, 0, "{whence}: {}", ended.stderr);
        assert!(!ended.stderr.contains("warning: "), "{whence}: {}", ended.stderr);
        if let Some(wanted) = self.wanted() {
            assert_eq!(serde_json::from_str::<Value>(&ended.stdout).unwrap(), wanted, "{whence}");
        }
    }
}

#[test]
fn every_task_in_the_documents_runs() {
    let place = Place::new();
    let blocks = blocks("");
    let examples = examples(&blocks, |language| language == "js task");
    assert!(examples.len() >= 8, "only {} tasks were found", examples.len());
    examples.iter().for_each(|example| example.run(&place, false));
}

/// What answers the calls of pieces of code that say nothing about it.
const ANYTHING: &str = r#"[
  { "service": "http", "method": "fetch", "times": "any", "result": { "status": 200, "data": { "id": 1 } } },
  { "service": "supabase", "method": "from.select.eq", "times": "any", "result": { "data": [] } },
  { "service": "tasks", "method": "execute", "times": "any", "result": "Hello" },
  { "service": "events", "method": "wait", "times": "any", "result": { "approved": true } }
]"#;

#[test]
fn every_piece_of_code_runs() {
    let place = Place::new();
    let mock = place.file("anything.json", ANYTHING);
    let readme = blocks_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md"));
    let pieces: Vec<Block> = blocks("").into_iter().chain(readme).filter(|b| b.language == "js").collect();
    assert!(pieces.len() >= 6, "only {} pieces were found", pieces.len());
    for (number, Block { document, line, text, .. }) in pieces.iter().enumerate() {
        let task = match text {
            whole if whole.contains("export async function runTask") => whole.clone(),
            config if config.starts_with("export const config") => {
                format!("{config}export default () => null;")
            }
            statements => format!("export default async (input, tools) => {{\n{statements}}};"),
        };
        let task = place.file(&format!("piece-{number}/piece.js"), &task);
        let run = ["run", &task, "--input", r#"{ "subject": "x" }"#, "--mock", &mock, "--skip-sleeps"];
        let ended = place.run(run);
        assert_eq!(ended.code, 0, "{document}:{line}: {}", ended.stderr);
    }
}

#[test]
fn every_service_has_an_example_that_runs() {
    let place = Place::new();
    for page in documents("services") {
        let blocks = blocks_of(&page);
        let examples = examples(&blocks, |language| matches!(language, "js" | "js task"));
        assert!(!examples.is_empty(), "{page:?} has no task");
        for example in examples {
            assert!(example.wanted().is_some(), "{} has no result", example.whence());
            example.run(&place, true);
        }
    }
}
