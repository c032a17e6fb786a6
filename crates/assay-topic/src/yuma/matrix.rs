//! A sparse matrix of a topic's slots: rows one after the other, each ascending by column.

use super::SLOTS_MAX;

/// Cells by row. What has no cell is zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix<T> {
    /// Where each row begins among the cells, and where the last ends.
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<T>,
}

/// Why rows are no matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MatrixError {
    /// More rows than a topic has slots.
    #[error("{rows} rows are more than the {SLOTS_MAX} slots that a topic can have")]
    Rows {
        /// How many.
        rows: usize,
    },
    /// A cell's column is none of the slots.
    #[error("row {row} has a cell for slot {column}; there are {slots} slots")]
    Unknown {
        /// The row.
        row: usize,
        /// The column.
        column: u32,
        /// How many there are.
        slots: usize,
    },
    /// Columns of a row that do not ascend.
    #[error("row {row} names slot {column} twice, or after a larger one")]
    Order {
        /// The row.
        row: usize,
        /// The column.
        column: u32,
    },
}

impl<T> Default for Matrix<T> {
    fn default() -> Self {
        Self {
            starts: vec![0],
            columns: Vec::new(),
            values: Vec::new(),
        }
    }
}

impl<T: Copy> Matrix<T> {
    /// A square matrix of as many slots as there are rows.
    ///
    /// # Errors
    /// [`MatrixError`]; columns of a row ascend.
    pub fn from_rows<R>(rows: impl IntoIterator<Item = R>) -> Result<Self, MatrixError>
    where
        R: IntoIterator<Item = (u32, T)>,
    {
        let mut matrix = Self::default();
        for (row, cells) in rows.into_iter().enumerate() {
            let mut last = None;
            for (column, value) in cells {
                if last.is_some_and(|last| last >= column) {
                    return Err(MatrixError::Order { row, column });
                }
                last = Some(column);
                matrix.columns.push(column);
                matrix.values.push(value);
            }
            matrix.starts.push(matrix.columns.len());
        }
        let slots = matrix.rows();
        if slots > SLOTS_MAX {
            return Err(MatrixError::Rows { rows: slots });
        }
        for row in 0..slots {
            let beyond = matrix.row(row).0.last().copied();
            if let Some(column) = beyond.filter(|column| *column as usize >= slots) {
                return Err(MatrixError::Unknown { row, column, slots });
            }
        }
        Ok(matrix)
    }

    /// Room for so many cells.
    pub(super) fn with_capacity(rows: usize, cells: usize) -> Self {
        let mut starts = Vec::with_capacity(rows + 1);
        starts.push(0);
        Self {
            starts,
            columns: Vec::with_capacity(cells),
            values: Vec::with_capacity(cells),
        }
    }

    /// Adds a cell to the row that is being made; columns ascend.
    pub(super) fn push(&mut self, column: u32, value: T) {
        self.columns.push(column);
        self.values.push(value);
    }

    /// Ends the row that is being made.
    pub(super) fn end_row(&mut self) {
        self.starts.push(self.columns.len());
    }

    /// The cells of the row that is being made.
    pub(super) fn open_row(&mut self) -> &mut [T] {
        let start = self.starts.last().copied().unwrap_or_default();
        &mut self.values[start..]
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many cells.
    pub fn cells(&self) -> usize {
        self.columns.len()
    }

    /// Columns and values of a row; nothing beyond the last.
    pub fn row(&self, row: usize) -> (&[u32], &[T]) {
        match self.starts.get(row..row + 2) {
            Some(ends) => (
                &self.columns[ends[0]..ends[1]],
                &self.values[ends[0]..ends[1]],
            ),
            None => (&[], &[]),
        }
    }

    /// Columns and values of all cells, row after row.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, T)> + '_ {
        let columns = self.columns.iter().map(|column| *column as usize);
        columns.zip(self.values.iter().copied())
    }

    /// Removes the cells of a row.
    pub fn clear_row(&mut self, row: usize) {
        self.retain(|own, _| own != row);
    }

    /// Removes the cells of a column.
    pub fn clear_column(&mut self, column: usize) {
        self.retain(|_, own| own as usize != column);
    }

    /// Removes the cells, by row and column, that are not to be kept. Cost: all cells.
    pub(super) fn retain(&mut self, keep: impl Fn(usize, u32) -> bool) {
        let mut kept = Self::with_capacity(self.rows(), self.cells());
        for row in 0..self.rows() {
            let (columns, values) = self.row(row);
            for (column, value) in columns.iter().zip(values) {
                if keep(row, *column) {
                    kept.push(*column, *value);
                }
            }
            kept.end_row();
        }
        *self = kept;
    }
}
