//! Tables for people: no rules, two spaces between columns, numbers to the right.

use comfy_table::{Cell, CellAlignment, ContentArrangement, presets};

/// Rows under headings.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

#[derive(Debug, Clone)]
struct Column {
    heading: String,
    alignment: CellAlignment,
}

impl Table {
    /// An empty table. A heading that begins with `>` makes a column of numbers.
    pub(crate) fn new<'a>(headings: impl IntoIterator<Item = &'a str>) -> Self {
        let column = |heading: &'a str| match heading.strip_prefix('>') {
            Some(heading) => Column {
                heading: heading.to_owned(),
                alignment: CellAlignment::Right,
            },
            None => Column {
                heading: heading.to_owned(),
                alignment: CellAlignment::Left,
            },
        };
        Self {
            columns: headings.into_iter().map(column).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row of as many cells as there are columns.
    pub(crate) fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        let cells: Vec<String> = cells.into_iter().map(Into::into).collect();
        debug_assert_eq!(cells.len(), self.columns.len(), "{cells:?}");
        self.rows.push(cells);
    }

    /// Whether it has no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The lines of the table, at most `width` columns wide where its words allow.
    pub(crate) fn render(&self, width: usize) -> Vec<String> {
        let mut table = comfy_table::Table::new();
        table
            .load_preset(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(width).unwrap_or(u16::MAX))
            .set_header(
                self.columns
                    .iter()
                    .map(|column| Cell::new(&column.heading).set_alignment(column.alignment)),
            );
        for row in &self.rows {
            let cells = row.iter().zip(&self.columns);
            table.add_row(
                cells.map(|(cell, column)| Cell::new(cell).set_alignment(column.alignment)),
            );
        }
        let last = self.columns.len().saturating_sub(1);
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, if index == last { 0 } else { 2 }));
        }
        table
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect()
    }
}
