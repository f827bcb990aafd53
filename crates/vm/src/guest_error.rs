//! What a task threw, in words. It comes from the task, so that every part of it may be odd.

use fermata_model::Json;
use serde::Deserialize;

/// Told of an error that throws when it is read.
pub(crate) const UNREADABLE: &str = "the task failed with an error that cannot be read";

/// An error as the guest describes it.
#[derive(Debug, Default)]
pub(crate) struct GuestError {
    pub(crate) name: String,
    pub(crate) message: String,
    pub(crate) stack: Option<String>,
    pub(crate) code: Option<String>,
}

impl GuestError {
    /// The error in the prelude's words. An error may have any fields, so that this may not fail.
    pub(crate) fn read(json: &str) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Fields {
            name: Option<GuestText>,
            message: Option<GuestText>,
            stack: Option<GuestText>,
            code: Option<Json>,
        }
        let unreadable = || Fields { message: Some(GuestText(UNREADABLE.to_owned())), ..Fields::default() };
        let fields = serde_json::from_str(json).unwrap_or_else(|_| unreadable());
        let text = |text: Option<GuestText>| text.map(|GuestText(text)| text);
        Self {
            name: text(fields.name).unwrap_or_default(),
            message: text(fields.message).unwrap_or_default(),
            stack: text(fields.stack),
            // Errors of the language's world have numbers here; only words say something to programs.
            code: fields.code.and_then(|code| serde_json::from_str(code.get()).ok()).and_then(text),
        }
    }
}

/// A JavaScript string, which need not be Unicode: halves of surrogate pairs are replaced.
pub(crate) struct GuestText(pub(crate) String);

impl<'de> Deserialize<'de> for GuestText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl serde::de::Visitor<'_> for Bytes {
            type Value = GuestText;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<GuestText, E> {
                Ok(GuestText(String::from_utf8_lossy(bytes).into_owned()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}
