//! Cursors: where a page of a list ended. Opaque to clients; each kind of list has its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fermata_model::RunId;

use crate::problem::{Code, Problem};

/// The list a cursor belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    Tasks = 1,
    TaskVersions,
    Runs,
    Calls,
    Logs,
    KeystoreEntries,
    KeystoreNamespaces,
    KeystoreVersions,
}

/// A place in a list: the key of the last item of a page.
pub(crate) trait Place: Sized {
    fn to_bytes(&self) -> Vec<u8>;
    fn from_bytes(bytes: Vec<u8>) -> Option<Self>;
}

impl Place for RunId {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_bytes)
    }
}

impl Place for u32 {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

impl Place for String {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        Self::from_utf8(bytes).ok()
    }
}

/// The cursor of a place in a list.
pub(crate) fn encode<P: Place>(list: List, place: &P) -> String {
    let mut bytes = vec![list as u8];
    bytes.extend(place.to_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place a client's cursor means, if it sent one.
pub(crate) fn decode<P: Place>(list: List, cursor: Option<&str>) -> Result<Option<P>, Problem> {
    let Some(text) = cursor else { return Ok(None) };
    let place = URL_SAFE_NO_PAD.decode(text).ok().and_then(|mut bytes| {
        let is_of_list = bytes.first() == Some(&(list as u8));
        is_of_list.then(|| P::from_bytes(bytes.split_off(1))).flatten()
    });
    let detail = "The cursor is not one that this list gave; begin without one";
    place.map(Some).ok_or_else(|| Problem::new(Code::CursorInvalid, detail))
}

/// The number a list of numbered items goes on after: from a cursor, or said plainly.
pub(crate) fn after(list: List, cursor: Option<&str>, after: Option<u32>) -> Result<u32, Problem> {
    match (decode(list, cursor)?, after) {
        (Some(_), Some(_)) => Err(Problem::query("after", "Give cursor or after, not both")),
        (place, after) => Ok(place.or(after).unwrap_or(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_in_its_list_only() {
        let cursor = encode(List::Tasks, &"team/mail".to_owned());
        assert_eq!(decode(List::Tasks, Some(&cursor)).unwrap(), Some("team/mail".to_owned()));
        for (list, text) in [(List::Runs, cursor.as_str()), (List::Tasks, ""), (List::Tasks, "???")] {
            assert!(decode::<String>(list, Some(text)).is_err(), "{list:?} {text:?}");
        }
        assert!(decode::<u32>(List::Tasks, Some(&cursor)).is_err(), "not four bytes");
        assert_eq!(decode::<u32>(List::Calls, None).unwrap(), None);
    }
}
