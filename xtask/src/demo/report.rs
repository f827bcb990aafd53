//! The lockfile report, for people to read.

use serde_json::Value;

const SHOWN: usize = 10;

/// Prints it.
pub(super) fn print(report: &Value) {
    println!("\n{report}", report = text(report));
}

fn text(report: &Value) -> String {
    let mut lines = vec![format!(
        "{} packages of {} names, worked out by {} child runs",
        report["packages"], report["uniqueNames"], report["childRuns"]
    )];
    list(&mut lines, "sources", &report["sources"], |each| {
        format!("{:>5}  {}", each["packages"], word(&each["source"]))
    });
    list(&mut lines, "names in several versions", &report["duplicates"], |each| {
        format!("{:<28}{}", word(&each["name"]), words(&each["versions"]))
    });
    list(&mut lines, "most dependencies", &report["largestDependencySets"], |each| {
        format!("{:>5}  {} {}", each["dependencies"], word(&each["name"]), word(&each["version"]))
    });
    list(&mut lines, "furthest reach", &report["furthestReach"], |each| {
        format!("{:>5}  {}", each["reaches"], word(&each["id"]))
    });
    lines.join("\n")
}

fn list(lines: &mut Vec<String>, title: &str, items: &Value, line: impl Fn(&Value) -> String) {
    let items = items.as_array().map_or(&[][..], Vec::as_slice);
    lines.push(format!("\n{title} ({})", items.len()));
    lines.extend(items.iter().take(SHOWN).map(|item| format!("  {}", line(item))));
    if items.len() > SHOWN {
        lines.push(format!("  … and {} more", items.len() - SHOWN));
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

fn words(values: &Value) -> String {
    let values = values.as_array().map_or(&[][..], Vec::as_slice);
    values.iter().map(word).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::text;

    #[test]
    fn a_report_is_readable() {
        let report = json!({
            "packages": 3, "uniqueNames": 2, "childRuns": 2,
            "sources": [{ "source": "this workspace", "packages": 3 }],
            "duplicates": [{ "name": "left", "versions": ["1.0.0", "2.0.0"], "dependents": [] }],
            "largestDependencySets": [], "furthestReach": [],
        });
        let text = text(&report);
        assert!(
            text.starts_with("3 packages of 2 names, worked out by 2 child runs\n\nsources (1)\n"),
            "{text}"
        );
        assert!(text.contains("  left                        1.0.0, 2.0.0"), "{text}");
    }
}
