//! The canonical codec: `commonware-codec` with two macros that write each type's fields once.
//!
//! Source: `commonware-codec` 2026.10 (`Write`, `EncodeSize`, `Read`). Deviation: none; the macros only
//! spare the three hand-written impls per type.

use commonware_codec::{Copying, DecodeExt, Encode};

/// Why bytes were refused.
#[derive(Debug, thiserror::Error)]
#[error("cannot decode {what} from {len} bytes: {source}")]
pub struct DecodeError {
    /// The Rust name of the type that was attempted.
    pub what: &'static str,
    /// Length of the input in bytes.
    pub len: usize,
    /// The codec's reason.
    pub source: commonware_codec::Error,
}

/// The canonical bytes of `value`.
pub fn encode<T: Encode>(value: &T) -> Vec<u8> {
    value.encode().into()
}

/// Reads exactly one `T` from `bytes`.
///
/// # Errors
/// [`DecodeError`] when the bytes are not the canonical encoding of a `T`, trailing bytes included.
/// Memory use is bounded by the limits of `T`, never by a declared length.
pub fn decode<T: DecodeExt<()>>(bytes: &[u8]) -> Result<T, DecodeError> {
    T::decode(Copying(bytes)).map_err(|source| DecodeError {
        what: std::any::type_name::<T>()
            .rsplit("::")
            .next()
            .unwrap_or("value"),
        len: bytes.len(),
        source,
    })
}

/// Implements the codec for a struct: its fields in the given order, behind a version byte where one is
/// named. The calling crate needs `bytes` and `commonware-codec`.
#[macro_export]
macro_rules! wire_struct {
    ($name:ident $(version $version:ident)? { $($field:ident),* $(,)? }) => {
        impl commonware_codec::Write for $name {
            fn write(&self, buf: &mut impl bytes::BufMut) {
                $( commonware_codec::Write::write(&$version, buf); )?
                $( commonware_codec::Write::write(&self.$field, buf); )*
            }
        }
        impl commonware_codec::EncodeSize for $name {
            fn encode_size(&self) -> usize {
                0usize
                    $( .saturating_add(commonware_codec::EncodeSize::encode_size(&$version)) )?
                    $( .saturating_add(commonware_codec::EncodeSize::encode_size(&self.$field)) )*
            }
        }
        impl commonware_codec::Read for $name {
            type Cfg = ();
            fn read_cfg(
                buf: &mut impl commonware_codec::Buf,
                _: &(),
            ) -> Result<Self, commonware_codec::Error> {
                $( if <u8 as commonware_codec::ReadExt>::read(buf)? != $version {
                    return Err(commonware_codec::Error::Invalid(stringify!($name), "unknown version"));
                } )?
                Ok(Self { $( $field: commonware_codec::ReadExt::read(buf)?, )* })
            }
        }
    };
}

/// Implements the codec for an enum: a tag byte, then the variant's fields in the given order.
#[macro_export]
macro_rules! wire_enum {
    ($name:ident { $($tag:literal => $variant:ident $({ $($field:ident),* $(,)? })?),* $(,)? }) => {
        impl commonware_codec::Write for $name {
            fn write(&self, buf: &mut impl bytes::BufMut) {
                match self {
                    $( Self::$variant $({ $($field),* })? => {
                        commonware_codec::Write::write(&($tag as u8), buf);
                        $( $( commonware_codec::Write::write($field, buf); )* )?
                    } )*
                }
            }
        }
        impl commonware_codec::EncodeSize for $name {
            fn encode_size(&self) -> usize {
                match self {
                    $( Self::$variant $({ $($field),* })? => {
                        1usize $( $( .saturating_add(commonware_codec::EncodeSize::encode_size($field)) )* )?
                    } )*
                }
            }
        }
        impl commonware_codec::Read for $name {
            type Cfg = ();
            fn read_cfg(
                buf: &mut impl commonware_codec::Buf,
                _: &(),
            ) -> Result<Self, commonware_codec::Error> {
                match <u8 as commonware_codec::ReadExt>::read(buf)? {
                    $( $tag => Ok(Self::$variant $({ $($field: commonware_codec::ReadExt::read(buf)?),* })?), )*
                    tag => Err(commonware_codec::Error::InvalidEnum(tag)),
                }
            }
        }
    };
}

/// Implements the codec for a newtype over one codec value; `[N]` where every value has `N` bytes.
macro_rules! wire_tuple {
    ($name:ident) => {
        impl commonware_codec::EncodeSize for $name {
            fn encode_size(&self) -> usize {
                commonware_codec::EncodeSize::encode_size(&self.0)
            }
        }
        $crate::codec::wire_tuple!(@ $name);
    };
    ($name:ident [$size:literal]) => {
        impl commonware_codec::FixedSize for $name {
            const SIZE: usize = $size;
        }
        $crate::codec::wire_tuple!(@ $name);
    };
    (@ $name:ident) => {
        impl commonware_codec::Write for $name {
            fn write(&self, buf: &mut impl bytes::BufMut) {
                commonware_codec::Write::write(&self.0, buf);
            }
        }
        impl commonware_codec::Read for $name {
            type Cfg = ();
            fn read_cfg(
                buf: &mut impl commonware_codec::Buf,
                _: &(),
            ) -> Result<Self, commonware_codec::Error> {
                commonware_codec::ReadExt::read(buf).map(Self)
            }
        }
    };
}

pub(crate) use {wire_enum, wire_struct, wire_tuple};
