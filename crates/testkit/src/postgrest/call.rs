//! Functions: which one is meant, and the statement that calls it.
//!
//! After PostgREST's page "Functions as RPC".

use super::error::{Error, Result};
use super::request::{Payload, Request};
use super::schema::{Function, Parameter, Schema};
use super::sql::Sql;

/// The column of what is no row.
pub(super) const VALUE: &str = "_value";

/// A call: a function and its arguments.
pub(super) struct Call<'s> {
    pub(super) function: &'s Function,
    arguments: Arguments,
}

enum Arguments {
    /// As texts.
    Direct(Vec<(String, String)>),
    /// In an object.
    Object { names: Vec<String>, json: String },
    /// The body as it is, for the one parameter, which has no name.
    Whole(String),
}

impl<'s> Call<'s> {
    /// The only call that a request can mean.
    pub(super) fn find(schema: &'s Schema, request: &Request, is_read: bool) -> Result<Self> {
        let arguments = if is_read {
            Arguments::Direct(request.query.arguments.clone())
        } else {
            let json = if request.body.is_empty() { "{}".to_owned() } else { request.body.clone() };
            Arguments::Object { names: Payload::read(&json, request.query.columns.as_deref())?.names, json }
        };
        let names = arguments.names();
        let all = || schema.functions(&request.schema, &request.name);
        let mut fitting: Vec<&Function> = all().filter(|function| function.takes(&names)).collect();
        match (fitting.len(), arguments) {
            (1, arguments) => Ok(Self { function: fitting.remove(0), arguments }),
            (0, Arguments::Object { json, names }) => match all().find(|function| function.takes_whole()) {
                Some(function) => Ok(Self { function, arguments: Arguments::Whole(json) }),
                None => Err(missing(request, &names, true)),
            },
            (0, arguments) => Err(missing(request, &arguments.names(), false)),
            _ => Err(ambiguous(&fitting)),
        }
    }

    /// `select …` of what the function returns.
    pub(super) fn statement(&self, sql: &mut Sql) {
        let Function { schema, name, is_composite, .. } = self.function;
        sql.push("select _call.* from ");
        if let Arguments::Object { json, names } = &self.arguments
            && !names.is_empty()
        {
            sql.push("json_to_record(").bind(json).push("::json) as _given(");
            sql.each(", ", self.given(names), |sql, parameter| {
                sql.name(&parameter.name).push(" ").push(&parameter.kind);
            });
            sql.push("), lateral ");
        }
        sql.push(if *is_composite { "" } else { "(select " });
        sql.path(schema, name).push("(");
        self.arguments(sql);
        sql.push(")");
        match is_composite {
            true => sql.push(" as _call"),
            false => sql.push(" as ").push(VALUE).push(") as _call"),
        };
    }

    fn given<'a>(&'a self, names: &'a [String]) -> impl Iterator<Item = &'a Parameter> {
        self.function.parameters.iter().filter(|parameter| names.contains(&parameter.name))
    }

    fn arguments(&self, sql: &mut Sql) {
        let variadic =
            |parameter: &Parameter| if parameter.is_variadic == Some(true) { "variadic " } else { "" };
        match &self.arguments {
            Arguments::Whole(json) => {
                sql.bind(json);
            }
            Arguments::Object { names, .. } => {
                sql.each(", ", self.given(names), |sql, parameter| {
                    sql.push(variadic(parameter))
                        .name(&parameter.name)
                        .push(" => ")
                        .path("_given", &parameter.name);
                });
            }
            Arguments::Direct(pairs) => {
                let with_value = |parameter: &'_ Parameter| {
                    let pair = pairs.iter().rfind(|(name, _)| *name == parameter.name);
                    pair.map(|(_, value)| value.clone())
                };
                let given = self.function.parameters.iter();
                let given =
                    given.filter_map(|parameter| with_value(parameter).map(|value| (parameter, value)));
                sql.each(", ", given, |sql, (parameter, value)| {
                    sql.push(variadic(parameter)).name(&parameter.name).push(" => ");
                    sql.bind(value).push("::").push(&parameter.kind);
                });
            }
        }
    }
}

impl Arguments {
    fn names(&self) -> Vec<String> {
        match self {
            Self::Direct(pairs) => {
                let mut names: Vec<String> = pairs.iter().map(|(name, _)| name.clone()).collect();
                names.sort();
                names.dedup();
                names
            }
            Self::Object { names, .. } => names.clone(),
            Self::Whole(_) => Vec::new(),
        }
    }
}

impl Function {
    fn takes(&self, names: &[String]) -> bool {
        let is_known = |name: &String| self.parameters.iter().any(|parameter| parameter.name == *name);
        let is_given = |parameter: &Parameter| !parameter.is_required || names.contains(&parameter.name);
        names.iter().all(is_known) && self.parameters.iter().all(is_given)
    }

    fn takes_whole(&self) -> bool {
        match &self.parameters[..] {
            [only] => only.name.is_empty() && matches!(only.kind.as_str(), "json" | "jsonb"),
            _ => false,
        }
    }
}

fn missing(request: &Request, names: &[String], has_body: bool) -> Error {
    let function = format!("{}.{}", request.schema, request.name);
    let list = names.join(", ");
    let (told, searched) = match names.len() {
        0 => (" without parameters".to_owned(), " without parameters".to_owned()),
        1 => (format!("({list})"), format!(" with parameter {list}")),
        _ => (format!("({list})"), format!(" with parameters {list}")),
    };
    let or = if has_body { " or with a single unnamed json/jsonb parameter" } else { "" };
    let message = format!("Could not find the function {function}{told} in the schema cache");
    let details = format!(
        "Searched for the function {function}{searched}{or}, but no matches were found in the schema cache."
    );
    Error::new(404, "PGRST202", message).details(details)
}

fn ambiguous(functions: &[&Function]) -> Error {
    let told = |function: &&Function| {
        let parameters =
            function.parameters.iter().map(|parameter| format!("{} => {}", parameter.name, parameter.kind));
        let parameters = parameters.collect::<Vec<_>>().join(", ");
        format!("{}.{}({parameters})", function.schema, function.name)
    };
    let choices = functions.iter().map(told).collect::<Vec<_>>().join(", ");
    let message = format!("Could not choose the best candidate function between: {choices}");
    let hint = "Try renaming the parameters or the function itself in the database so function overloading can \
                be resolved";
    Error::new(300, "PGRST203", message).hint(hint)
}
