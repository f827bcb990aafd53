//! What a read wants of the object store and what it has been given.
//!
//! A read does not wait for objects while it holds a connection: a reference that is not resolved yet is
//! noted, and something empty stands in for it. Then the objects are fetched, and the read is done again.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

pub(crate) use super::cache::Content;
pub(crate) use super::fetch::MissingObject;
pub(crate) use super::reference::ObjectKind;
use super::reference::Reference;
use crate::cells::Cells;
use crate::db_error::DbError;
use crate::objects::ObjectName;
use crate::sql::{Dialect, Read};
use crate::value::Value;

/// The objects of one read.
#[derive(Debug, Default)]
pub(crate) struct Sought(RefCell<Inner>);

#[derive(Debug, Default)]
struct Inner {
    wanted: HashMap<Reference, ObjectKind>,
    found: HashMap<Reference, Content>,
    missing: HashSet<ObjectName>,
}

/// What there is for a reference at the moment.
pub(crate) enum Resolved {
    Found(Content),
    /// It was looked for, and is not there.
    Missing,
    /// It will be looked for.
    Noted,
}

impl Sought {
    /// What a reference refers to, as far as that is known.
    pub(crate) fn resolve(&self, reference: Reference, kind: ObjectKind) -> Resolved {
        let mut inner = self.0.borrow_mut();
        if let Some(content) = inner.found.get(&reference) {
            return Resolved::Found(content.clone());
        }
        if inner.missing.contains(&reference.name) {
            return Resolved::Missing;
        }
        inner.wanted.insert(reference, kind);
        Resolved::Noted
    }

    /// What has been noted since the last time.
    pub(super) fn take_wanted(&self) -> Vec<(Reference, ObjectKind)> {
        self.0.borrow_mut().wanted.drain().collect()
    }

    /// What a reference refers to.
    pub(super) fn found(&self, reference: Reference, content: Content) {
        self.0.borrow_mut().found.insert(reference, content);
    }

    /// There is no such object.
    pub(super) fn missing(&self, name: ObjectName) {
        self.0.borrow_mut().missing.insert(name);
    }
}

/// A database whose rows are read with what their references refer to.
pub(crate) struct Resolving<'a> {
    pub(crate) db: &'a mut dyn Read,
    pub(crate) sought: &'a Sought,
}

impl Read for Resolving<'_> {
    fn dialect(&self) -> Dialect {
        self.db.dialect()
    }

    fn each(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        row: &mut dyn FnMut(&mut Cells<'_>) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let sought = self.sought;
        self.db.each(sql, values, &mut |cells| row(&mut cells.resolving(sought)))
    }

    fn at_once(&mut self, work: &mut dyn FnMut(&mut dyn Read) -> Result<(), DbError>) -> Result<(), DbError> {
        let sought = self.sought;
        self.db.at_once(&mut |db| work(&mut Resolving { db, sought }))
    }

    fn begin_snapshot(&mut self) -> Result<(), DbError> {
        self.db.begin_snapshot()
    }

    fn end_snapshot(&mut self) -> Result<(), DbError> {
        self.db.end_snapshot()
    }
}
