//! The arguments of a call, taken one after the other.

use fermata_model::{CallError, Json};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::encode;
use crate::fields::Fields;

/// Arguments that have not been looked at yet.
pub(crate) struct Args {
    what: String,
    items: std::vec::IntoIter<Box<RawValue>>,
    taken: usize,
}

impl Args {
    /// The arguments of a method, which errors name, such as `tools.github.issues.create`.
    pub(crate) fn of(service: &str, method: &str, args: &Json) -> Result<Self, CallError> {
        let what = format!("tools.{service}.{method}");
        let items: Vec<Box<RawValue>> = serde_json::from_str(args.get())
            .map_err(|error| CallError::fatal("bad_arguments", format!("{what}: {error}")))?;
        Ok(Self { what, items: items.into_iter(), taken: 0 })
    }

    /// The error of an argument that is missing or wrong.
    pub(crate) fn bad(&self, message: impl std::fmt::Display) -> CallError {
        CallError::fatal("bad_arguments", format!("{}: {message}", self.what))
    }

    /// A text that is not blank.
    pub(crate) fn text(&mut self, name: &str) -> Result<String, CallError> {
        let text: Option<String> = self.next().and_then(|arg| serde_json::from_str(arg.get()).ok());
        let text = text.filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| self.bad(format!("argument {}, {name}, is a text that is not empty", self.taken)))
    }

    /// A text that becomes one segment of a path, escaped as [`encode::strict_segment`] does.
    pub(crate) fn segment(&mut self, name: &str) -> Result<String, CallError> {
        let text = self.text(name)?;
        encode::strict_segment(&text)
            .ok_or_else(|| self.bad(format!("argument {}, {name}, cannot be an id", self.taken)))
    }

    /// An object that has to be there.
    pub(crate) fn object(&mut self, name: &str) -> Result<Fields, CallError> {
        let object = self.optional_object(name)?;
        object.ok_or_else(|| self.bad(format!("argument {}, {name}, is an object", self.taken)))
    }

    /// An object that may be missing.
    pub(crate) fn optional_object<T: DeserializeOwned>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, CallError> {
        let Some(arg) = self.next() else { return Ok(None) };
        if !arg.get().starts_with('{') {
            return Err(self.bad(format!("argument {}, {name}, is an object", self.taken)));
        }
        self.parse(name, &arg).map(Some)
    }

    /// A value of any type that may be missing.
    pub(crate) fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, CallError> {
        let Some(arg) = self.next() else { return Ok(None) };
        self.parse(name, &arg).map(Some)
    }

    /// Refuses what is left.
    pub(crate) fn end(mut self) -> Result<(), CallError> {
        match self.items.next() {
            Some(_) => Err(self.bad(format!("takes {} arguments", self.taken))),
            None => Ok(()),
        }
    }

    /// The next argument, unless it is missing or `null`.
    fn next(&mut self) -> Option<Box<RawValue>> {
        self.taken += 1;
        self.items.next().filter(|arg| arg.get() != "null")
    }

    fn parse<T: DeserializeOwned>(&self, name: &str, arg: &RawValue) -> Result<T, CallError> {
        let parsed = serde_json::from_str(arg.get());
        parsed.map_err(|error| self.bad(format!("argument {}, {name}: {error}", self.taken)))
    }
}
