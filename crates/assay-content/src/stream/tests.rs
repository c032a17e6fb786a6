use bao_tree::{
    BaoTree, ByteRanges,
    io::{
        outboard::{EmptyOutboard, PreOrderMemOutboard},
        round_up_to_chunks,
        sync::{decode_ranges, encode_ranges_validated},
    },
};
use proptest::prelude::*;

use super::*;
use crate::tree::{
    GROUP_BYTES,
    tests::{BLOCK, content, sizes},
};

const LIMIT: u64 = 1 << 30;

/// Decodes in pieces of `step` bytes: what was verified before the end or the first error, and how it ended.
fn decode(
    id: ContentId,
    encoded: &[u8],
    from: u64,
    step: usize,
) -> (Vec<Group>, Result<u64, DecodeError>) {
    let mut decoder = Decoder::new(id, LIMIT, from);
    let mut groups = Vec::new();
    for mut piece in encoded.chunks(step) {
        loop {
            match decoder.read(&mut piece) {
                Ok(Some(group)) => groups.push(group),
                Ok(None) => break,
                Err(error) => return (groups, Err(error)),
            }
        }
        assert!(piece.is_empty(), "all input is taken");
    }
    // The only group of an empty content comes without a byte of its own.
    if let Ok(Some(group)) = decoder.read(&mut &[][..]) {
        groups.push(group);
    }
    (groups, decoder.finish())
}

fn assert_prefix(content: &[u8], groups: &[Group]) {
    let mut end = groups.first().map_or(0, |group| group.offset);
    for group in groups {
        assert_eq!(group.offset, end);
        assert_eq!(group.bytes, content[end as usize..][..group.bytes.len()]);
        end += group.bytes.len() as u64;
    }
}

#[test]
fn what_is_encoded_decodes_from_every_group() {
    for size in sizes() {
        let content = content(size);
        let id = ContentId::of(&content);
        for from in (0..=size).step_by(GROUP_BYTES).chain([size, size + 1]) {
            let from = from as u64;
            let encoded = encode(&content, from);
            assert_eq!(
                encoded.len() as u64,
                encoded_len(size as u64, from),
                "{size} bytes from {from}"
            );
            let (groups, end) = decode(id, &encoded, from, 10_000);
            assert_eq!(end, Ok(size as u64), "{size} bytes from {from}");
            assert_prefix(&content, &groups);
            assert!(groups[0].offset <= from);
            let last = groups.last().unwrap();
            assert_eq!(last.offset + last.bytes.len() as u64, size as u64);
        }
    }
}

#[test]
fn encodings_are_bao_trees() {
    for size in sizes() {
        let content = content(size);
        let id = ContentId::of(&content);
        let outboard = PreOrderMemOutboard::create(&content, BLOCK);
        for from in (0..size.max(1)).step_by(GROUP_BYTES) {
            let ranges = round_up_to_chunks(&ByteRanges::from(from as u64..));
            let mut theirs = header(size as u64).to_vec();
            encode_ranges_validated(&content[..], &outboard, &ranges, &mut theirs).unwrap();
            assert_eq!(
                encode(&content, from as u64),
                theirs,
                "{size} bytes from {from}"
            );
            assert_eq!(decode(id, &theirs, from as u64, 999).1, Ok(size as u64));
        }
        let mut decoded = Vec::new();
        let tree = BaoTree::new(size as u64, BLOCK);
        let mut outboard = EmptyOutboard {
            tree,
            root: bao_tree::blake3::Hash::from_bytes(*id.as_bytes()),
        };
        let ours = encode(&content, 0);
        let ranges = round_up_to_chunks(&ByteRanges::from(0..));
        decode_ranges(&ours[HEADER_BYTES..], &ranges, &mut decoded, &mut outboard).unwrap();
        assert_eq!(decoded, content, "{size} bytes");
    }
}

#[test]
fn a_size_above_the_limit_is_refused_before_anything_is_held() {
    let id = ContentId::of(b"x");
    for (claimed, refused) in [
        (0, false),
        (LIMIT, false),
        (LIMIT + 1, true),
        (u64::MAX, true),
    ] {
        let outcome = Decoder::new(id, LIMIT, 0).read(&mut &header(claimed)[..]);
        assert_eq!(
            matches!(outcome, Err(DecodeError::TooLarge { .. })),
            refused,
            "{claimed}"
        );
    }
}

#[test]
fn only_a_complete_decoder_finishes() {
    let content = content(2 * GROUP_BYTES);
    let encoded = encode(&content, 0);
    let mut decoder = Decoder::new(ContentId::of(&content), LIMIT, 0);
    assert_eq!((decoder.size(), decoder.is_complete()), (None, false));
    let mut input = &encoded[..];
    decoder.read(&mut input).unwrap();
    assert_eq!(
        (decoder.size(), decoder.is_complete()),
        (Some(content.len() as u64), false)
    );
    decoder.read(&mut input).unwrap();
    assert!(decoder.is_complete());
    assert_eq!(decoder.finish(), Ok(content.len() as u64));
}

proptest! {
    #[test]
    fn a_flipped_bit_is_found_and_nothing_wrong_comes_out(
        size in 0..6 * GROUP_BYTES,
        place in any::<prop::sample::Index>(),
        bit in 0..8_u32,
        step in 1..70_000_usize,
    ) {
        let content = content(size);
        let mut encoded = encode(&content, 0);
        let at = place.index(encoded.len());
        encoded[at] ^= 1 << bit;
        let (groups, end) = decode(ContentId::of(&content), &encoded, 0, step);
        prop_assert!(end.is_err());
        assert_prefix(&content, &groups);
    }

    #[test]
    fn truncation_is_found_and_what_was_verified_stays(
        size in 0..6 * GROUP_BYTES,
        place in any::<prop::sample::Index>(),
        step in 1..70_000_usize,
    ) {
        let content = content(size);
        let id = ContentId::of(&content);
        let encoded = encode(&content, 0);
        let cut = place.index(encoded.len());
        let (groups, end) = decode(id, &encoded[..cut], 0, step);
        assert_prefix(&content, &groups);
        // An empty content is complete with its size alone.
        let verified = groups.last().map_or(0, |group| group.offset + group.bytes.len() as u64);
        prop_assert_eq!(end, Err(DecodeError::Truncated { id, verified }));
    }

    #[test]
    fn extension_is_found(size in 0..6 * GROUP_BYTES, more in prop::collection::vec(any::<u8>(), 1..100)) {
        let content = content(size);
        let mut encoded = encode(&content, 0);
        encoded.extend_from_slice(&more);
        let (groups, end) = decode(ContentId::of(&content), &encoded, 0, usize::MAX);
        prop_assert!(matches!(end, Err(DecodeError::Trailing { .. })), "{end:?}");
        assert_prefix(&content, &groups);
    }

    #[test]
    fn a_false_size_is_found(size in 0..6 * GROUP_BYTES, claimed in 0..8 * GROUP_BYTES as u64) {
        prop_assume!(size as u64 != claimed);
        let content = content(size);
        let mut encoded = encode(&content, 0);
        encoded[..HEADER_BYTES].copy_from_slice(&header(claimed));
        let (groups, end) = decode(ContentId::of(&content), &encoded, 0, 5_000);
        prop_assert!(end.is_err());
        assert_prefix(&content, &groups);
    }

    #[test]
    fn rubbish_is_refused(rubbish in prop::collection::vec(any::<u8>(), 0..1_000), from in any::<u64>()) {
        let (groups, end) = decode(ContentId::of(b"something"), &rubbish, from, 77);
        prop_assert!(groups.is_empty() && end.is_err());
    }
}
