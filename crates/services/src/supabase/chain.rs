//! A chain as the guest sends it: the steps of `from('t').select('*')`, each with its arguments.

use std::borrow::Cow;

use fermata_model::{CallError, Json};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::js::{self, Js};

/// The most steps one chain may have; the guest has the same limit.
const STEPS_MAX: usize = 200;
/// The method by which older tasks send a list of steps.
const OLDER: &str = "chain";

/// The steps of a chain, read from its beginning to its end.
pub(super) struct Chain<'a> {
    steps: Vec<Step<'a>>,
    next: usize,
}

/// One step.
#[derive(Clone)]
pub(super) struct Step<'a> {
    pub(super) name: Cow<'a, str>,
    /// The arguments of a step that was called, `None` of one that was only read.
    args: Option<Vec<Js<'a>>>,
}

/// A step of the older form.
#[derive(Deserialize)]
struct OlderStep<'a> {
    #[serde(rename = "type")]
    kind: OlderKind,
    #[serde(borrow)]
    property: Cow<'a, str>,
    #[serde(borrow, default)]
    args: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum OlderKind {
    Get,
    Call,
}

impl<'a> Chain<'a> {
    /// Reads a path such as `from.select` and, beside it, one list of arguments for each step, `null` for a step that
    /// was only read. The method `chain` takes the older form, a list of `{type, property, args}`.
    pub(super) fn read(method: &'a str, args: &'a Json) -> Result<Self, CallError> {
        js::check_depth(args.get())?;
        // Quotes within a text are escaped, so this is an object: what the guest writes for a reference.
        if args.get().contains(r#"{"$secret":"#) {
            return Err(secret());
        }
        let steps = if method == OLDER { older_steps(args.get()) } else { steps(method, args.get()) }?;
        if steps.len() > STEPS_MAX {
            return Err(bad(format!("a chain has at most {STEPS_MAX} steps")));
        }
        Ok(Self { steps, next: 0 })
    }

    /// The next step, which stays where it is.
    pub(super) fn peek(&self) -> Option<&Step<'a>> {
        self.steps.get(self.next)
    }

    /// Takes the next step.
    pub(super) fn step(&mut self) -> Option<Step<'a>> {
        let step = self.peek()?.clone();
        self.next += 1;
        Some(step)
    }

    /// Takes the next step, which has to be there and have one of these names.
    pub(super) fn expect(&mut self, names: &[&str]) -> Result<Step<'a>, CallError> {
        if self.peek().is_none_or(|step| !names.contains(&step.name.as_ref())) {
            return Err(self.unexpected(names));
        }
        self.step().ok_or_else(|| self.unexpected(names))
    }

    /// Refuses steps behind what has to be the last one.
    pub(super) fn end(&self) -> Result<(), CallError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.unexpected(&[])),
        }
    }

    /// The error of a next step that is none of `names`, or of a chain that ends before one of them.
    pub(super) fn unexpected(&self, names: &[&str]) -> CallError {
        let (number, known) = (self.next + 1, names.join(", "));
        let message = match (self.peek().map(|step| &step.name), self.before()) {
            (Some(name), Some(before)) if names.is_empty() => {
                format!("tools.supabase: step {number}, {name}, cannot follow {before}")
            }
            (Some(name), Some(before)) => {
                format!("tools.supabase: step {number}, {name}, cannot follow {before}; {known} can")
            }
            (Some(name), None) => format!("tools.supabase has no {name}; a chain begins with one of {known}"),
            (None, Some(before)) => {
                format!("tools.supabase: the chain ends at {before}; one of {known} has to follow")
            }
            (None, None) => format!("tools.supabase: the chain is empty; it begins with one of {known}"),
        };
        CallError::fatal("unknown_method", message)
    }

    fn before(&self) -> Option<&str> {
        let step = self.steps.get(self.next.checked_sub(1)?)?;
        Some(&step.name)
    }
}

impl<'a> Step<'a> {
    /// Argument number `index`, counted from 0.
    pub(super) fn arg(&self, index: usize) -> Js<'a> {
        self.args.as_ref().and_then(|args| args.get(index)).copied().unwrap_or(Js::UNDEFINED)
    }

    /// The text of argument number `index`.
    pub(super) fn text(&self, index: usize) -> Result<String, CallError> {
        self.arg(index).text()
    }

    /// The options at `index`: an object, or nothing.
    pub(super) fn options(&self, index: usize) -> Result<Options<'a>, CallError> {
        let value = self.arg(index);
        match value.entries()? {
            Some(entries) => Ok(Options(entries)),
            None if !value.is_truthy() => Ok(Options(Vec::new())),
            None => Err(self.bad("its options are not an object")),
        }
    }

    /// Refuses a step that has to be called and was only read.
    pub(super) fn called(self) -> Result<Self, CallError> {
        match self.args {
            Some(_) => Ok(self),
            None => Err(self.bad("it has to be called")),
        }
    }

    /// Refuses a step that has to be read and was called.
    pub(super) fn only_read(self) -> Result<Self, CallError> {
        match self.args {
            None => Ok(self),
            Some(_) => Err(self.bad("it is not a method")),
        }
    }

    /// The error of an argument that is wrong.
    pub(super) fn bad(&self, why: &str) -> CallError {
        bad(format!("{}: {why}", self.name))
    }
}

/// The properties of an options object.
#[derive(Debug, Default)]
pub(super) struct Options<'a>(pub(super) Vec<(String, Js<'a>)>);

impl<'a> Options<'a> {
    /// The property `name`.
    pub(super) fn get(&self, name: &str) -> Js<'a> {
        self.0.iter().find(|(key, _)| key == name).map_or(Js::UNDEFINED, |(_, value)| *value)
    }

    /// Whether the property `name` is true in the language's sense; `default` where it is undefined.
    pub(super) fn flag(&self, name: &str, default: bool) -> bool {
        let value = self.get(name);
        if value.is_undefined() { default } else { value.is_truthy() }
    }

    /// The text of the property `name`, if that is true in the language's sense.
    pub(super) fn truthy_text(&self, name: &str) -> Result<Option<String>, CallError> {
        let value = self.get(name);
        value.is_truthy().then(|| value.text()).transpose()
    }

    /// The text of the property `name`, unless that is undefined.
    pub(super) fn defined_text(&self, name: &str) -> Result<Option<String>, CallError> {
        let value = self.get(name);
        (!value.is_undefined()).then(|| value.text()).transpose()
    }
}

fn steps<'a>(method: &'a str, args: &'a str) -> Result<Vec<Step<'a>>, CallError> {
    let args: Vec<Option<Vec<&RawValue>>> = serde_json::from_str(args)
        .map_err(|error| bad(format!("expected a list of arguments for each step of {method}: {error}")))?;
    let names: Vec<&str> = method.split('.').take(STEPS_MAX + 1).collect();
    if names.len() != args.len() {
        return Err(bad(format!("expected a list of arguments for each of {} steps", names.len())));
    }
    let step = |(name, args): (&'a str, Option<Vec<&'a RawValue>>)| Step {
        name: name.into(),
        args: args.map(|args| args.into_iter().map(Js::from).collect()),
    };
    Ok(names.into_iter().zip(args).map(step).collect())
}

fn older_steps(args: &str) -> Result<Vec<Step<'_>>, CallError> {
    let unreadable =
        |error| bad(format!("chain: expected steps of the form {{type, property, args}}: {error}"));
    // `[steps]` from those who pass one argument, the steps themselves from those who pass them as the arguments.
    let list = match serde_json::from_str::<(&RawValue,)>(args) {
        Ok((only,)) if only.get().starts_with('[') => only.get(),
        _ => args,
    };
    let steps: Vec<OlderStep<'_>> = serde_json::from_str(list).map_err(unreadable)?;
    let step = |OlderStep { kind, property, args }| Step {
        name: property,
        args: match kind {
            OlderKind::Get => None,
            OlderKind::Call => Some(args.into_iter().map(Js::from).collect()),
        },
    };
    Ok(steps.into_iter().map(step).collect())
}

/// The error of arguments that are wrong.
pub(super) fn bad(why: String) -> CallError {
    CallError::fatal("bad_arguments", format!("tools.supabase: {why}"))
}

/// The error of a secret that is an argument.
pub(super) fn secret() -> CallError {
    let message = "tools.supabase puts its own key in; no other secret may be an argument";
    CallError::fatal("secret_not_bound", message)
}
