//! The compiler's passes over one text, in order: parse, check, lower, describe.

use oxc::allocator::Allocator;
use oxc::diagnostics::{Diagnostics, OxcDiagnostic};
use oxc::parser::{Parser, ParserReturn};
use oxc::semantic::SemanticBuilder;

use super::check::{self, Problem};
use super::doc_comment::DocComments;
use super::language::Language;
use super::{Program, SourceError, description, input_schema, task_function, typescript};

/// Reads a text whose nesting is known to fit this thread's stack.
pub(super) fn run(file_name: &str, source: &str, language: Language) -> Result<Program, SourceError> {
    let refuse = |problem: Problem| SourceError::at(file_name, source, problem.offset, problem.message);
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, language.source_type()).parse();
    if let Some(problem) = first_problem(&parsed.diagnostics, parsed.panicked) {
        return Err(refuse(check::explain_syntax(problem)));
    }
    let ParserReturn { mut program, module_record, .. } = parsed;
    let semantics = SemanticBuilder::new().with_check_syntax_error(true).with_enum_eval(true).build(&program);
    if let Some(problem) = first_problem(&semantics.diagnostics, false) {
        return Err(refuse(problem));
    }
    let scoping = semantics.semantic.into_scoping();
    let docs = DocComments::of(&program);
    let task_docs = docs.before(&task_function::offsets(&program));
    let description = description::describe(&docs, &task_docs);
    let input_schema = input_schema::derive(&docs, &task_docs);
    let (code, is_module, source_map) = if language.is_typescript {
        let names_module = language.is_always_module() || !module_record.import_metas.is_empty();
        let lowered = typescript::lower(file_name, &allocator, &mut program, scoping).map_err(refuse)?;
        let is_module = typescript::settle_module(&mut program, names_module);
        check::check(&program, &lowered).map_err(refuse)?;
        let (code, source_map) = typescript::print(file_name, &program);
        (code, is_module, Some(source_map))
    } else {
        check::check(&program, &scoping).map_err(refuse)?;
        (source.to_owned(), program.source_type.is_module(), None)
    };
    let file_name = file_name.to_owned();
    Ok(Program { file_name, code, is_module, source_map, description, input_schema })
}

/// Whether the text is free of the parser's errors in this language.
pub(super) fn parses(source: &str, language: Language) -> bool {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, language.source_type()).parse();
    !parsed.panicked && !parsed.diagnostics.has_errors()
}

/// The error that comes first in the text; `failed` if there must be one.
pub(super) fn first_problem(diagnostics: &Diagnostics, failed: bool) -> Option<Problem> {
    let first = diagnostics.errors().map(problem).min_by_key(|problem| problem.offset);
    first.or_else(|| failed.then(|| Problem { offset: 0, message: "the file cannot be parsed".to_owned() }))
}

fn problem(diagnostic: &OxcDiagnostic) -> Problem {
    // The place to look at comes first, but for a second declaration behind the first one.
    let labels = diagnostic.labels.as_slice();
    let redeclared = diagnostic.message.contains("already been declared");
    let label = if redeclared { labels.last() } else { labels.first() };
    let offset = label.map_or(0, |label| label.offset() as usize);
    let mut message = diagnostic.message.to_string();
    if let Some(help) = &diagnostic.help {
        message = format!("{message} ({help})");
    }
    Problem { offset, message }
}
