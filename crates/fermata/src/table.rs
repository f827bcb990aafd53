//! Aligned columns of text. Colour is applied after the widths are known.

use crate::console::{Colour, Stream};

/// One cell.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    colour: Option<Colour>,
}

impl Cell {
    /// The same cell in a colour.
    pub(crate) fn coloured(self, colour: Option<Colour>) -> Self {
        Self { colour, ..self }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), colour: None }
    }
}

/// Rows under a heading.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with these column headings.
    pub(crate) fn new<const N: usize>(headings: [&str; N]) -> Self {
        let heading = headings.map(|text| Cell::from(text).coloured(Some(Colour::Grey)));
        Self { rows: vec![heading.into()] }
    }

    /// Adds a row. It should have as many cells as there are headings.
    pub(crate) fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        self.rows.push(cells.into());
    }

    /// The table as lines, two spaces between columns and none at the ends.
    pub(crate) fn render(&self, stream: Stream) -> String {
        let widths = self.widths();
        let mut text = String::new();
        for row in &self.rows {
            text.push_str(&render_row(row, &widths, stream));
            text.push('\n');
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows.iter().filter_map(move |row| row.get(column)).map(|cell| cell.text.chars().count())
        };
        (0..columns).map(|column| width(column).max().unwrap_or(0)).collect()
    }
}

fn render_row(row: &[Cell], widths: &[usize], stream: Stream) -> String {
    let mut line = String::new();
    for (index, (cell, width)) in row.iter().zip(widths).enumerate() {
        if index > 0 {
            line.push_str("  ");
        }
        line.push_str(
            &cell.colour.map_or_else(|| cell.text.clone(), |colour| stream.paint(colour, &cell.text)),
        );
        let is_last = row[index + 1..].iter().all(|cell| cell.text.is_empty());
        if is_last {
            break;
        }
        line.extend(std::iter::repeat_n(' ', width - cell.text.chars().count()));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_colour_takes_no_width() {
        let mut table = Table::new(["NAME", "N"]);
        table.row(["über".into(), "1".into()]);
        table.row([Cell::from("a").coloured(Some(Colour::Red)), Cell::from("22")]);
        let plain = Stream { is_terminal: false, has_colour: false };
        assert_eq!(table.render(plain), "NAME  N\nüber  1\na     22\n");
        let coloured = Stream { is_terminal: true, has_colour: true };
        assert!(table.render(coloured).contains("\x1b[31ma\x1b[0m     22\n"));
    }
}
