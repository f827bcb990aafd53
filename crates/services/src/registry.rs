//! All services by name.

use std::collections::BTreeMap;

use crate::call::Service;
use crate::http::Http;

/// The services of this version whose calls leave the system.
pub struct Registry {
    services: BTreeMap<&'static str, Box<dyn Service>>,
}

impl Registry {
    /// All of them.
    pub fn new() -> Self {
        let services: [(&'static str, Box<dyn Service>); 1] = [("http", Box::new(Http))];
        Self { services: services.into() }
    }

    /// A service by its name.
    pub fn get(&self, name: &str) -> Option<&dyn Service> {
        self.services.get(name).map(Box::as_ref)
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.services.keys().copied()
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}
