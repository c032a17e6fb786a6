use super::*;

#[test]
fn pixels_become_half_blocks() {
    for (pixels, width, expect) in [
        (&[255, 0, 255, 0][..], 2, vec!["█ "]),
        (&[255, 0, 0, 255][..], 2, vec!["▀▄"]),
        (&[0, 60, 0, 60, 255, 0][..], 2, vec![" ░", "▀ "]),
        (&[255][..], 1, vec!["▀"]),
        (&[][..], 3, vec![]),
        (&[1, 2][..], 0, vec![]),
    ] {
        assert_eq!(lines(pixels, width), expect, "{pixels:?}");
    }
}

#[test]
fn every_line_is_as_wide_as_the_picture() {
    let pixels: Vec<u8> = (0..=255).cycle().take(28 * 28).collect();
    let lines = lines(&pixels, 28);
    assert_eq!(lines.len(), 14);
    assert!(lines.iter().all(|line| line.chars().count() == 28));
}
