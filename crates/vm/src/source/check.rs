//! Finds what parses but cannot work in a task: imports, `await` outside the task function, and
//! syntax the engine does not know.

use oxc::ast::ast::*;
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::{ScopeFlags, Scoping};
use oxc::span::Span;

/// Something wrong, at a byte offset of the source.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) offset: usize,
    pub(super) message: String,
}

const AWAIT_OUTSIDE: &str = "`await` works only inside an async function; a task's file is loaded before any \
     run, so wait and call inside the task function";

/// Checks what is left when types are gone.
pub(super) fn check(program: &Program, scoping: &Scoping) -> Result<(), Problem> {
    let mut checker = Checker { scoping, functions: 0, guards: 0, first: None };
    checker.visit_program(program);
    checker.first.map_or(Ok(()), Err)
}

/// Puts the parser's words about a misplaced `await` into ours.
pub(super) fn explain_syntax(problem: Problem) -> Problem {
    if problem.message.contains("`await` is only allowed") {
        return Problem { message: AWAIT_OUTSIDE.to_owned(), ..problem };
    }
    problem
}

struct Checker<'s> {
    scoping: &'s Scoping,
    /// How many functions the node lies in.
    functions: usize,
    /// How many functions, `try` blocks and branches it lies in: what is there may never be reached.
    guards: usize,
    first: Option<Problem>,
}

impl Checker<'_> {
    fn report(&mut self, span: Span, message: impl Into<String>) {
        let offset = span.start as usize;
        if self.first.as_ref().is_none_or(|first| offset < first.offset) {
            self.first = Some(Problem { offset, message: message.into() });
        }
    }

    fn report_import(&mut self, span: Span, specifier: Option<&str>) {
        let what =
            specifier.map_or_else(|| "cannot import".to_owned(), |name| format!("cannot import \"{name}\""));
        self.report(
            span,
            format!(
                "{what}: imports are not available in a task: bundle the file first (for example with esbuild), \
                 or call another task with tools.tasks.execute"
            ),
        );
    }

    fn report_await(&mut self, span: Span) {
        if self.functions == 0 {
            self.report(span, AWAIT_OUTSIDE);
        }
    }

    fn guarded(&mut self, visit: impl FnOnce(&mut Self)) {
        self.guards += 1;
        visit(self);
        self.guards -= 1;
    }

    fn in_function(&mut self, visit: impl FnOnce(&mut Self)) {
        self.functions += 1;
        self.guarded(visit);
        self.functions -= 1;
    }

    fn is_global(&self, identifier: &IdentifierReference) -> bool {
        let reference = identifier.reference_id.get().map(|id| self.scoping.get_reference(id));
        reference.is_none_or(|reference| reference.symbol_id().is_none())
    }
}

impl<'a> Visit<'a> for Checker<'_> {
    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        self.report_import(it.span, Some(&it.source.value));
    }

    fn visit_export_from_declaration(&mut self, it: &ExportFromDeclaration<'a>) {
        self.report_import(it.span, Some(&it.source.value));
    }

    fn visit_export_all_declaration(&mut self, it: &ExportAllDeclaration<'a>) {
        self.report_import(it.span, Some(&it.source.value));
    }

    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        let specifier = match &it.source {
            Expression::StringLiteral(literal) => Some(literal.value.as_str()),
            _ => None,
        };
        self.report_import(it.span, specifier);
        walk::walk_import_expression(self, it);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        if let (Expression::Identifier(callee), [Argument::StringLiteral(specifier)]) =
            (&it.callee, it.arguments.as_slice())
            && callee.name == "require"
            && self.guards == 0
            && self.is_global(callee)
        {
            self.report_import(it.span, Some(&specifier.value));
        }
        walk::walk_call_expression(self, it);
    }

    fn visit_await_expression(&mut self, it: &AwaitExpression<'a>) {
        self.report_await(it.span);
        walk::walk_await_expression(self, it);
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        if it.r#await {
            self.report_await(it.span);
        }
        walk::walk_for_of_statement(self, it);
    }

    fn visit_variable_declaration(&mut self, it: &VariableDeclaration<'a>) {
        if it.kind == VariableDeclarationKind::AwaitUsing {
            self.report_await(it.span);
        }
        walk::walk_variable_declaration(self, it);
    }

    fn visit_decorator(&mut self, it: &Decorator<'a>) {
        self.report(
            it.span,
            "decorators are not available in a task: call the function on the class instead",
        );
        walk::walk_decorator(self, it);
    }

    fn visit_accessor_property(&mut self, it: &AccessorProperty<'a>) {
        self.report(it.span, "`accessor` fields are not available in a task: write a getter and a setter");
        walk::walk_accessor_property(self, it);
    }

    fn visit_function(&mut self, it: &Function<'a>, flags: ScopeFlags) {
        self.in_function(|checker| walk::walk_function(checker, it, flags));
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        self.in_function(|checker| walk::walk_arrow_function_expression(checker, it));
    }

    fn visit_try_statement(&mut self, it: &TryStatement<'a>) {
        self.guarded(|checker| walk::walk_try_statement(checker, it));
    }

    fn visit_if_statement(&mut self, it: &IfStatement<'a>) {
        self.guarded(|checker| walk::walk_if_statement(checker, it));
    }

    fn visit_conditional_expression(&mut self, it: &ConditionalExpression<'a>) {
        self.guarded(|checker| walk::walk_conditional_expression(checker, it));
    }

    fn visit_logical_expression(&mut self, it: &LogicalExpression<'a>) {
        self.guarded(|checker| walk::walk_logical_expression(checker, it));
    }
}
