//! A JSON object whose members keep their order and their text.
//!
//! The order of a schema's properties means something to a language model, and a number of nineteen digits is
//! none that a float can hold: what a task wrote is passed on as it wrote it.

use std::fmt;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

/// The members of an object, by name. A name that came twice has its last value, as in JavaScript.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    /// The value of a member, unless it is missing or `null`.
    pub(crate) fn get(&self, name: &str) -> Option<&RawValue> {
        let (_, value) = self.0.iter().find(|(key, _)| key == name)?;
        (value.get() != "null").then_some(value)
    }

    /// The value of a member as a type, unless it is missing, `null` or something else.
    pub(crate) fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// Sets a member, in its old place if it has one.
    pub(crate) fn set(&mut self, name: &str, value: Box<RawValue>) {
        match self.0.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Sets a member to a text.
    pub(crate) fn set_text(&mut self, name: &str, text: &str) {
        self.set(name, raw(text));
    }

    /// Removes a member.
    pub(crate) fn remove(&mut self, name: &str) -> Option<Box<RawValue>> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(at).1)
    }

    /// Whether there is a member of this name, be it `null`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// All members, in order.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), &**value))
    }

    /// Whether there is no member.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All members, in order.
    pub(crate) fn into_members(self) -> Vec<(String, Box<RawValue>)> {
        self.0
    }

    /// The object as JSON text.
    pub(crate) fn to_text(&self) -> String {
        let members: Vec<String> = self
            .0
            .iter()
            .map(|(name, value)| format!("{}:{}", serde_json::Value::from(name.as_str()), value.get()))
            .collect();
        format!("{{{}}}", members.join(","))
    }
}

/// The JSON of a value that always has one: text, numbers, lists of JSON.
pub(crate) fn raw<T: Serialize + ?Sized>(value: &T) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Fields;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Fields, M::Error> {
        let mut members: Vec<(String, Box<RawValue>)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
            match places.get(&name) {
                Some(&place) => members[place] = (name, value),
                None => {
                    places.insert(name.clone(), members.len());
                    members.push((name, value));
                }
            }
        }
        Ok(Fields(members))
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_text_are_kept() {
        let text = r#"{"z":1.50,"a":{"y":12345678901234567890123,"b":[]}}"#;
        let fields: Fields = serde_json::from_str(text).unwrap();
        assert_eq!(fields.to_text(), text);
        assert_eq!(serde_json::to_string(&fields).unwrap(), text);
    }

    #[test]
    fn the_last_of_two_counts_and_null_is_nothing() {
        let fields: Fields = serde_json::from_str(r#"{"a":1,"b":null,"a":2}"#).unwrap();
        assert_eq!(fields.read::<u8>("a"), Some(2));
        assert!(fields.get("b").is_none() && fields.has("b"));
        assert!(serde_json::from_str::<Fields>("[1]").is_err());
    }
}
