//! The report for people: one table, then what does not fit into it.

use std::fmt::Write;

use super::goal::Goal;
use super::latency::Latency;
use super::report::{Cost, Report, Row};

const CASE_CHARS: usize = 52;

/// The report as text.
pub fn of(report: &Report) -> String {
    let mut text = machine(report);
    let mut workload = "";
    for row in &report.rows {
        if row.workload != workload {
            workload = row.workload;
            text += &heading(workload);
        }
        text += &line(row);
    }
    text + &goals(&report.rows)
}

fn machine(report: &Report) -> String {
    let machine = &report.machine;
    let sync = machine.fdatasync.map_or_else(String::new, |sync| {
        format!("fdatasync p50 {:.2} ms, p99 {:.2} ms; ", sync.p50_ms, sync.p99_ms)
    });
    let size = if report.quick { "; quick: small sizes, short times" } else { "" };
    format!(
        "{}; {}\n{} CPUs, {}, Linux {}, load {:.2} before; {sync}clients on the same CPUs{size}\n",
        machine.server, machine.durability, machine.cpus, machine.cpu_model, machine.kernel, machine.load,
    )
}

fn heading(workload: &str) -> String {
    let columns = [
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "max ms",
        "a second",
        "server µs",
        "client µs",
        "disk bytes",
        "others",
    ];
    let mut text = format!("\n{workload:<CASE_CHARS$}");
    for column in columns {
        let _ = write!(text, " {column:>10}");
    }
    text + "\n"
}

fn line(row: &Row) -> String {
    let cells = latency_cells(row.latency).into_iter().chain(cost_cells(row.cost));
    let mut text = format!("{:<CASE_CHARS$}", row.case);
    for cell in cells {
        let _ = write!(text, " {cell:>10}");
    }
    text += "\n";
    for figure in &row.figures {
        let _ = writeln!(text, "    {:<48} {:>10} {}", figure.name, number(figure.value), figure.unit);
    }
    text
}

fn latency_cells(latency: Option<Latency>) -> [String; 4] {
    let Some(Latency { p50_ms, p95_ms, p99_ms, max_ms, .. }) = latency else { return Default::default() };
    [p50_ms, p95_ms, p99_ms, max_ms].map(|ms| format!("{ms:.2}"))
}

fn cost_cells(cost: Option<Cost>) -> [String; 5] {
    let Some(cost) = cost else { return Default::default() };
    [
        format!("{:.0}", cost.per_second),
        format!("{:.0}", cost.server_cpu_us),
        format!("{:.0}", cost.client_cpu_us),
        format!("{:.0}", cost.disk_bytes),
        format!("{:.2} CPU", cost.other_cpus),
    ]
}

fn goals(rows: &[Row]) -> String {
    let goals: Vec<&Goal> = rows.iter().flat_map(|row| &row.goals).collect();
    if goals.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{:<CASE_CHARS$} {:>16} {:>16}   peers\n", "goals", "goal", "reached");
    for goal in goals {
        let relation = if goal.is_upper_bound { "≤" } else { "≥" };
        let bound = format!("{relation} {} {}", number(goal.bound), goal.unit);
        let reached = format!("{} {}", number(goal.reached), if goal.is_met { "yes" } else { "NO " });
        let _ = writeln!(text, "{:<CASE_CHARS$} {bound:>16} {reached:>16}   {}", goal.figure, goal.peers);
    }
    text
}

/// Three digits or more.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        ..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_or_more() {
        let shown = [0.5, 12.34, 12_345.6, -3.0].map(number);
        assert_eq!(shown, ["0.50", "12.3", "12346", "-3.00"]);
    }

    #[test]
    fn a_goal_is_shown_with_what_was_reached() {
        let mut row = Row::new("runs", "no-op, 64 at a time").figure("rows", 2.0, "a run");
        row.goals.push(crate::bench::goal::no_ops_together(9_000.0));
        assert!(line(&row).contains("rows"));
        let text = goals(&[row]);
        assert!(text.contains("≥ 8000 runs/s") && text.contains("9000 yes"), "{text}");
    }
}
