//! A small grey picture in a terminal: two pixels to a character cell, as half blocks.
//!
//! Shades come from the block characters `░▒▓█`, not from colour, so a picture survives a pipe. A cell has
//! an upper and a lower pixel; where they differ strongly a half block shows the edge, else a shade does.

/// A pixel from here on counts as ink.
const INK: u8 = 96;
/// Cells whose mean is below this are blank.
const FAINT: u16 = 40;

/// The lines of a picture of `width` pixels across, 0 paper and 255 ink. The last line of an odd height
/// has paper below it.
pub(crate) fn lines(pixels: &[u8], width: usize) -> Vec<String> {
    if width == 0 {
        return Vec::new();
    }
    let rows: Vec<&[u8]> = pixels.chunks(width).collect();
    let cells = |pair: &[&[u8]]| {
        let upper = pair.first().copied().unwrap_or_default();
        let lower = pair.get(1).copied().unwrap_or_default();
        let at = |row: &[u8], column: usize| row.get(column).copied().unwrap_or_default();
        (0..width)
            .map(|column| cell(at(upper, column), at(lower, column)))
            .collect()
    };
    rows.chunks(2).map(cells).collect()
}

fn cell(upper: u8, lower: u8) -> char {
    let mean = u16::midpoint(u16::from(upper), u16::from(lower));
    match (upper >= INK, lower >= INK) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) if mean >= FAINT => '░',
        (false, false) => ' ',
    }
}

#[cfg(test)]
mod tests;
