//! Objects that were read or written last, in memory: a run that is picked up soon after it was put
//! down does not wait for the object store.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use fermata_model::Json;

use crate::objects::ObjectName;

/// What an object holds, opened.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Json(Json),
    Bytes(Bytes),
}

impl Content {
    fn bytes(&self) -> usize {
        match self {
            Self::Json(json) => json.get().len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

/// Contents up to a number of bytes; those that were not used for longest leave first.
#[derive(Debug)]
pub(super) struct Cache {
    bytes_max: usize,
    bytes: usize,
    /// Counts the uses.
    uses: u64,
    contents: HashMap<ObjectName, (u64, Content)>,
    /// Names by their last use.
    order: BTreeMap<u64, ObjectName>,
}

impl Cache {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, bytes: 0, uses: 0, contents: HashMap::new(), order: BTreeMap::new() }
    }

    pub(super) fn get(&mut self, name: &ObjectName) -> Option<Content> {
        let (used, content) = self.contents.get_mut(name)?;
        self.uses += 1;
        let name = self.order.remove(used)?;
        *used = self.uses;
        self.order.insert(self.uses, name);
        Some(content.clone())
    }

    pub(super) fn put(&mut self, name: &ObjectName, content: Content) {
        if content.bytes() > self.bytes_max {
            return;
        }
        self.forget(name);
        self.uses += 1;
        self.bytes += content.bytes();
        self.contents.insert(name.clone(), (self.uses, content));
        self.order.insert(self.uses, name.clone());
        while self.bytes > self.bytes_max {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.forget(&oldest);
        }
    }

    pub(super) fn forget(&mut self, name: &ObjectName) {
        if let Some((used, content)) = self.contents.remove(name) {
            self.order.remove(&used);
            self.bytes -= content.bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use fermata_model::WorkspaceId;

    use super::*;

    fn name(n: u8) -> ObjectName {
        ObjectName::with_id(WorkspaceId::default_workspace(), [n; 16])
    }

    #[test]
    fn what_was_not_used_for_longest_leaves_first() {
        let mut cache = Cache::new(100);
        let content = |bytes| Content::Bytes(vec![0; bytes].into());
        for n in [1, 2, 3] {
            cache.put(&name(n), content(30));
        }
        assert!(cache.get(&name(1)).is_some());
        cache.put(&name(4), content(40));
        let kept: Vec<bool> = (1..=4).map(|n| cache.get(&name(n)).is_some()).collect();
        assert_eq!(kept, [true, false, true, true]);
        cache.put(&name(5), content(101));
        assert!(cache.get(&name(5)).is_none(), "it would push out everything");
        cache.put(&name(4), content(10));
        assert_eq!((cache.bytes, cache.order.len()), (70, 3));
        cache.forget(&name(4));
        assert_eq!((cache.bytes, cache.order.len()), (60, 2));
    }
}
