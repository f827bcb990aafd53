//! Takes the types out of TypeScript: enums, namespaces and parameter properties are lowered, all
//! else stays as written. Comments go, as nothing reads them afterwards.

use std::path::{Path, PathBuf};

use oxc::allocator::Allocator;
use oxc::ast::ast::{Program, Statement};
use oxc::codegen::{Codegen, CodegenOptions, CommentOptions};
use oxc::semantic::Scoping;
use oxc::transformer::{TransformOptions, Transformer};

use super::check::Problem;
use super::passes::first_problem;
use super::source_map;

/// Leaves JavaScript in `program`. Imports go if only types use them.
pub(super) fn lower<'a>(
    file_name: &str,
    allocator: &'a Allocator,
    program: &mut Program<'a>,
    scoping: Scoping,
) -> Result<Scoping, Problem> {
    let options = TransformOptions::default();
    let lowered =
        Transformer::new(allocator, Path::new(file_name), &options).build_with_scoping(scoping, program);
    first_problem(&lowered.diagnostics, false).map_or(Ok(lowered.scoping), Err)
}

/// Whether the lowered program is a module. One whose imports and exports were types only is a
/// script, so the empty `export {}` that stands for them goes too.
pub(super) fn settle_module(program: &mut Program, names_module: bool) -> bool {
    let exports_something = program.body.iter().any(|statement| match statement {
        Statement::ExportNamedDeclaration(export) => !export.specifiers.is_empty(),
        _ => statement.is_module_declaration(),
    });
    if names_module || exports_something {
        return true;
    }
    program.body.retain(|statement| !statement.is_module_declaration());
    false
}

/// Prints the lowered program, with its source map as JSON.
pub(super) fn print(file_name: &str, program: &Program) -> (String, String) {
    let options = CodegenOptions {
        comments: CommentOptions::disabled(),
        source_map_path: Some(PathBuf::from(file_name)),
        // Deep nesting would make more white space than code.
        indent_width: 0,
        ..CodegenOptions::default()
    };
    let printed = Codegen::new().with_options(options).build(program);
    let map = printed.map.expect("a source map is made when its path is given");
    let source_map = source_map::for_engine(map, program.source_text, &printed.code);
    (printed.code, source_map)
}
