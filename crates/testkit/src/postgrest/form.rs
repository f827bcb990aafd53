//! The form of an answer: the header `Accept`.
//!
//! After PostgREST's page "Media Type Handlers". GeoJSON is refused as by a database that has no PostGIS.

use super::error::{Error, Result};

/// How rows are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    Json {
        strips_nulls: bool,
    },
    /// One row, no more and no fewer.
    Object {
        strips_nulls: bool,
    },
    Csv,
    /// How the database would do it, in PostgreSQL's words for the format and the options.
    Plan {
        format: &'static str,
        options: Vec<&'static str>,
        of: Box<Form>,
    },
}

const OPTIONS: [&str; 5] = ["analyze", "verbose", "settings", "buffers", "wal"];
const PLAN: &str = "application/vnd.pgrst.plan";

impl Form {
    /// The first form in the header that there is.
    pub(super) fn read(accept: Option<&str>) -> Result<Self> {
        let accept = accept.filter(|accept| !accept.trim().is_empty()).unwrap_or("*/*");
        let found = accept.split(',').find_map(|kind| Self::of(kind.trim()));
        found.ok_or_else(|| Error::form(accept))
    }

    fn of(kind: &str) -> Option<Self> {
        let (name, parameters) = kind.split_once(';').unwrap_or((kind, ""));
        let strips_nulls = parameters.split(';').any(|parameter| parameter.trim() == "nulls=stripped");
        match name.trim() {
            "*/*" | "application/*" | "application/json" => Some(Self::Json { strips_nulls: false }),
            "application/vnd.pgrst.array" | "application/vnd.pgrst.array+json" => {
                Some(Self::Json { strips_nulls })
            }
            "application/vnd.pgrst.object" | "application/vnd.pgrst.object+json" => {
                Some(Self::Object { strips_nulls })
            }
            "text/csv" => Some(Self::Csv),
            name if name.starts_with(PLAN) => Self::plan(name.strip_prefix(PLAN)?, parameters),
            _ => None,
        }
    }

    fn plan(format: &str, parameters: &str) -> Option<Self> {
        let format = match format {
            "" | "+text" => "text",
            "+json" => "json",
            _ => return None,
        };
        // What the plan is for may have parameters of its own, in quotes.
        let quoted = parameters.split('"').nth(1).unwrap_or("application/json");
        let of = Box::new(Self::of(quoted).filter(|form| !matches!(form, Self::Plan { .. }))?);
        let named = parameters.split("options=").nth(1).unwrap_or_default();
        let named = named.split(';').next().unwrap_or_default();
        let options =
            OPTIONS.into_iter().filter(|option| named.split('|').any(|name| name.trim() == *option));
        Some(Self::Plan { format, options: options.collect(), of })
    }

    /// The form of the rows, of which there may be a plan.
    pub(super) fn rows(&self) -> &Self {
        match self {
            Self::Plan { of, .. } => of,
            form => form,
        }
    }

    pub(super) fn content_type(&self) -> String {
        let (name, strips_nulls) = match self {
            Self::Json { strips_nulls: false } => ("application/json", false),
            Self::Json { strips_nulls } => ("application/vnd.pgrst.array+json", *strips_nulls),
            Self::Object { strips_nulls } => ("application/vnd.pgrst.object+json", *strips_nulls),
            Self::Csv => ("text/csv", false),
            Self::Plan { format, .. } => return format!("{PLAN}+{format}; charset=utf-8"),
        };
        format!("{name}{}; charset=utf-8", if strips_nulls { ";nulls=stripped" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn the_first_form_that_there_is_is_taken() {
        let json = Form::Json { strips_nulls: false };
        assert_eq!(Form::read(None).unwrap(), json);
        assert_eq!(Form::read(Some("text/html, */*")).unwrap(), json);
        assert!(Form::read(Some("application/geo+json")).is_err());
        let stripped = "application/vnd.pgrst.object+json;nulls=stripped";
        assert_eq!(Form::read(Some(stripped)).unwrap(), Form::Object { strips_nulls: true });
        let plan = format!("application/vnd.pgrst.plan+json; for=\"{stripped}\"; options=analyze|buffers;");
        let of = Box::new(Form::Object { strips_nulls: true });
        let options = vec!["analyze", "buffers"];
        assert_eq!(Form::read(Some(&plan)).unwrap(), Form::Plan { format: "json", options, of });
    }
}
