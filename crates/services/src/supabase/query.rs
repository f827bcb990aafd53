//! The query of a URL as `URLSearchParams` keeps it.

use url::form_urlencoded;

/// Names and values in their order; a name may be there more than once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Adds a pair at the end.
    pub(super) fn append(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Gives the first pair of this name the value and drops the others; adds one where there is none.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        let mut value = Some(value.into());
        self.0.retain_mut(|(key, old)| {
            if key != name {
                return true;
            }
            match value.take() {
                Some(value) => *old = value,
                None => return false,
            }
            true
        });
        if let Some(value) = value {
            self.append(name, value);
        }
    }

    /// The value of the first pair of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All pairs.
    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The query as it stands behind the question mark; empty when there are no pairs.
    pub(super) fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Query;

    #[test]
    fn set_keeps_the_first_place() {
        let mut query = Query::default();
        for (name, value) in [("a", "1"), ("b", "2"), ("a", "3")] {
            query.append(name, value);
        }
        query.set("a", "x y");
        query.set("c", "&ü*");
        assert_eq!(query.encoded(), "a=x+y&b=2&c=%26%C3%BC*");
    }
}
