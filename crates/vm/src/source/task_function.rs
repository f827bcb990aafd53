//! Finds where a file says what its task function is, so that the doc comment there can be read.
//!
//! Only the shape of the text is looked at; which function really runs is seen when it is loaded.

use oxc::ast::ast::*;
use oxc::span::GetSpan;

/// The byte offsets at which the task function may be declared, the likeliest first.
pub(super) fn offsets(program: &Program) -> Vec<u32> {
    let mut found: Vec<(Rank, u32)> = Vec::new();
    for statement in &program.body {
        find_in(program, statement, &mut found);
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, offset)| offset).collect()
}

/// In the order in which the shapes of a task are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    RunTask,
    Default,
    CommonJs,
}

fn find_in(program: &Program, statement: &Statement, found: &mut Vec<(Rank, u32)>) {
    let offset = statement.span().start;
    match statement {
        Statement::ExportDeclaration(export) if declares(&export.declaration, "runTask") => {
            found.push((Rank::RunTask, offset));
        }
        Statement::ExportNamedDeclaration(export) => {
            for specifier in &export.specifiers {
                let rank = match specifier.exported.name().as_str() {
                    "runTask" => Rank::RunTask,
                    "default" => Rank::Default,
                    _ => continue,
                };
                found.extend(declaration_of(program, &specifier.local.name()).map(|at| (rank, at)));
            }
        }
        Statement::ExportDefaultDeclaration(export) => {
            found.push((Rank::Default, offset));
            let value = export.declaration.as_expression();
            found.extend(named_by(program, value).map(|at| (Rank::Default, at)));
        }
        Statement::TSExportAssignment(export) => {
            found.push((Rank::CommonJs, offset));
            found.extend(named_by(program, Some(&export.expression)).map(|at| (Rank::CommonJs, at)));
        }
        Statement::ExpressionStatement(statement) => {
            if let Some(value) = exported_value(&statement.expression) {
                found.push((Rank::CommonJs, offset));
                found.extend(named_by(program, Some(value)).map(|at| (Rank::CommonJs, at)));
            }
        }
        _ => {}
    }
}

/// The value of `module.exports = …`, `module.exports.runTask = …` and `exports.runTask = …`.
fn exported_value<'b, 'a>(expression: &'b Expression<'a>) -> Option<&'b Expression<'a>> {
    let Expression::AssignmentExpression(assignment) = expression else { return None };
    let AssignmentTarget::StaticMemberExpression(target) = &assignment.left else { return None };
    let is_export = match target.property.name.as_str() {
        "exports" => is_named(&target.object, "module"),
        "runTask" | "default" => is_named(&target.object, "exports") || is_module_exports(&target.object),
        _ => false,
    };
    is_export.then_some(&assignment.right)
}

fn is_module_exports(expression: &Expression) -> bool {
    let Expression::StaticMemberExpression(member) = expression else { return false };
    member.property.name == "exports" && is_named(&member.object, "module")
}

fn is_named(expression: &Expression, name: &str) -> bool {
    matches!(expression, Expression::Identifier(identifier) if identifier.name == name)
}

/// The declaration of the variable which the value is, if it is one.
fn named_by(program: &Program, value: Option<&Expression>) -> Option<u32> {
    let Some(Expression::Identifier(identifier)) = value else { return None };
    declaration_of(program, &identifier.name)
}

fn declaration_of(program: &Program, name: &str) -> Option<u32> {
    let declared = program.body.iter().find(|statement| match statement {
        Statement::ExportDeclaration(export) => declares(&export.declaration, name),
        _ => statement.as_declaration().is_some_and(|declaration| declares(declaration, name)),
    });
    declared.map(|statement| statement.span().start)
}

fn declares(declaration: &Declaration, name: &str) -> bool {
    match declaration {
        Declaration::FunctionDeclaration(function) => function.id.as_ref().is_some_and(|id| id.name == name),
        Declaration::VariableDeclaration(variables) => variables
            .declarations
            .iter()
            .any(|variable| matches!(&variable.id, BindingPattern::BindingIdentifier(id) if id.name == name)),
        _ => false,
    }
}
