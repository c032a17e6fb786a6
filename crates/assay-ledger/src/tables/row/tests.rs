//! A row's bytes: what they hold, and that they are coded as any bytes.

use super::{INLINE_BYTES, RowBytes};
use assay_types::encode;
use commonware_codec::{Copying, Decode as _, RangeCfg};

const MAX: usize = 3 * INLINE_BYTES;

fn decode(bytes: &[u8]) -> Result<RowBytes, commonware_codec::Error> {
    RowBytes::decode_cfg(Copying(bytes), &(RangeCfg::from(0..=MAX), ()))
}

#[test]
fn a_row_is_its_table_its_key_and_its_value() {
    let row = RowBytes::new(7, b"key", &0x0102u16);
    assert_eq!(&*row, b"\x07key\x01\x02");
}

#[test]
fn it_is_coded_as_a_byte_string_of_any_length() {
    for len in [0, 1, INLINE_BYTES, INLINE_BYTES + 1, 2 * INLINE_BYTES, MAX] {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(len).collect();
        let row = RowBytes::from(bytes.as_slice());
        let encoded = encode(&row);
        assert_eq!(encoded, encode(&bytes), "of {len} bytes");
        assert_eq!(decode(&encoded).unwrap(), row, "of {len} bytes");
        for cut in 0..encoded.len() {
            assert!(decode(&encoded[..cut]).is_err(), "{cut} of {len} bytes");
        }
    }
    let long = encode(&vec![0u8; MAX + 1]);
    assert!(decode(&long).is_err(), "longer than its limit");
}
