use super::*;
use crate::{
    consensus::block::ConsensusBlock,
    testkit::{genesis, validator},
};
use assay_types::{Finality, List};
use commonware_cryptography::blake3::Digest;

/// The state at genesis as an export, and the bytes of its votes.
fn sample() -> (Genesis, Vec<u8>, std::ops::Range<usize>) {
    let genesis = genesis(1, 2);
    let leader = validator(0).public_key();
    let header = ConsensusBlock::genesis(&genesis, leader, Digest([7; 32]), (0, 1))
        .0
        .header;
    let (ledger, rows) = Ledger::genesis(&genesis).expect("a good genesis");
    assert_eq!(ledger.rows(), rows);
    let certificate = Certificate {
        descendants: List::default(),
        finality: Finality {
            votes: List::default(),
        },
    };
    let mut file = Vec::new();
    let format = ExportFormat::Canonical;
    let mut writer = Writer::begin(&mut file, format, &header, &certificate).expect("in memory");
    for (key, value) in &rows {
        let value = value.as_ref().expect("a row");
        writer.row(key.as_bytes(), value).expect("in memory");
    }
    let exported = writer.finish().expect("in memory");
    assert_eq!(exported.rows, rows.len() as u64);
    let votes = MAGIC.len() + 1 + 4 + encode(&header).len() + 4;
    let end =
        votes + encode(&certificate.descendants).len() + 4 + encode(&certificate.finality).len();
    (genesis, file, votes..end)
}

#[test]
fn an_export_reads_back_and_no_flipped_byte_is_missed() {
    let (genesis, file, votes) = sample();
    let read = check_export(&genesis, file.as_slice()).expect("a sound export");
    assert_eq!(read.exported.height, Height::ZERO);
    assert_eq!(read.header.height, Height::ZERO);
    for place in (0..file.len()).filter(|place| !votes.contains(place)) {
        let mut damaged = file.clone();
        damaged[place] ^= 1;
        assert!(
            check_export(&genesis, damaged.as_slice()).is_err(),
            "byte {place}"
        );
    }
    for len in 0..file.len() {
        assert!(
            check_export(&genesis, &file[..len]).is_err(),
            "cut at {len}"
        );
    }
    let mut longer = file;
    longer.push(0);
    assert!(matches!(
        check_export(&genesis, longer.as_slice()),
        Err(CheckError::Trailing)
    ));
}

#[test]
fn a_declared_length_allocates_nothing() {
    let (genesis, file, _) = sample();
    let mut huge = file[..MAGIC.len() + 1].to_vec();
    huge.extend_from_slice(&u32::MAX.to_be_bytes());
    let refused = check_export(&genesis, huge.as_slice());
    assert!(
        matches!(refused, Err(CheckError::TooLong { .. })),
        "{refused:?}"
    );
}
