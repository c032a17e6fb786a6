//! Sentences broken between words, so that a terminal does not break them within.

/// The lines of `text`, the first after a prefix of `indent` columns, none wider than `width` where its
/// words allow. Line breaks of the text stay.
pub(crate) fn wrap(text: &str, width: usize, indent: usize) -> Vec<String> {
    let room = width.saturating_sub(indent).max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        let mut columns = 0;
        for (index, word) in paragraph.split(' ').enumerate() {
            let wide = visible(word);
            if columns > 0 && columns + 1 + wide > room {
                lines.push(std::mem::take(&mut line));
                columns = 0;
            } else if index > 0 {
                line.push(' ');
                columns += 1;
            }
            line.push_str(word);
            columns += wide;
        }
        lines.push(line);
    }
    lines
}

/// Columns of a word, escape codes aside.
fn visible(word: &str) -> usize {
    anstream::adapter::strip_str(word)
        .map(|part| part.chars().count())
        .sum()
}
