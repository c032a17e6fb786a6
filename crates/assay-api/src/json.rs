//! How the vocabulary's types are spelt in JSON, for `#[serde(with = "…")]`.
//!
//! | spelling | JSON | of |
//! |---|---|---|
//! | [`Id`] | string of 64 hexadecimal digits | ids and hashes |
//! | [`Address`] | string `asy1…` | accounts |
//! | [`Spoken`] | string such as `alice-2` | names of accounts |
//! | [`Grains`] | string of decimal digits | amounts and fee rates |
//! | [`Digits`] | string of decimal digits | counts that a `u64` may fill |
//! | [`Number`] | number | heights, weights and times in milliseconds |
//! | [`Maybe`]`<…>` | as its spelling, or `null` | options |
//! | [`Each`]`<…>` | array | lists |
//!
//! One attribute decides the spelling and, since the interface's document is generated from the same
//! attributes, what the document says of it. A spelling that does not belong to a field's type does not
//! compile.

use assay_types::{
    AccountId, Amount, BlockId, ChainId, ContentId, FeeRate, Hash32, Height, LedgerTime, ModelId,
    Name, OfferId, OrderId, ProofKeyId, TopicId, TxId, Weight,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::marker::PhantomData;

/// A way to spell a `T` in JSON.
pub trait Spelling<T> {
    /// Writes the JSON.
    ///
    /// # Errors
    /// Those of the serializer.
    fn write<S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error>;
    /// Reads it back.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<T, D::Error>;
}

macro_rules! spellings {
    ($( $(#[$doc:meta])* $name:ident )*) => { $(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl $name {
            /// Writes the JSON.
            ///
            /// # Errors
            /// Those of the serializer.
            pub fn serialize<T, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error>
            where
                Self: Spelling<T>,
            {
                Self::write(value, to)
            }

            /// Reads it back.
            ///
            /// # Errors
            /// A sentence that says what is wrong.
            pub fn deserialize<'de, T, D: Deserializer<'de>>(from: D) -> Result<T, D::Error>
            where
                Self: Spelling<T>,
            {
                Self::read(from)
            }
        }
    )* };
}
spellings! {
    /// 64 hexadecimal digits.
    Id
    /// A bech32m address, `asy1…`.
    Address
    /// 3 to 32 characters of `a`–`z`, `0`–`9` and `-`.
    Spoken
    /// Decimal digits, as a string: a `u64` does not fit the numbers of JavaScript.
    Grains
    /// Decimal digits, as a string, of a count that may be as large as amounts are.
    Digits
    /// A number.
    Number
}

macro_rules! displayed {
    ($spelling:ident: $($name:ty),*) => { $(
        impl Spelling<$name> for $spelling {
            fn write<S: Serializer>(value: &$name, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(value)
            }
            fn read<'de, D: Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                String::deserialize(from)?.parse().map_err(D::Error::custom)
            }
        }
    )* };
}
displayed!(Id: BlockId, ChainId, ContentId, Hash32, ModelId, OfferId, OrderId, ProofKeyId, TopicId, TxId);
displayed!(Address: AccountId);
displayed!(Spoken: Name);
displayed!(Digits: u64);

macro_rules! grains {
    ($($name:ty),*) => { $(
        impl Spelling<$name> for Grains {
            fn write<S: Serializer>(value: &$name, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(&value.get())
            }
            fn read<'de, D: Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                let text = String::deserialize(from)?;
                text.parse().map(<$name>::new).map_err(|_| {
                    D::Error::custom(format_args!(
                        "`{text}` is not a number of grains; write digits only, as a string"
                    ))
                })
            }
        }
    )* };
}
grains!(Amount, FeeRate);

macro_rules! counted {
    ($($name:ty),*) => { $(
        impl Spelling<$name> for Number {
            fn write<S: Serializer>(value: &$name, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_u64(value.get())
            }
            fn read<'de, D: Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                u64::deserialize(from).map(<$name>::new)
            }
        }
    )* };
}
counted!(Height, LedgerTime, Weight);

struct Written<'a, M, T>(&'a T, PhantomData<M>);

impl<M: Spelling<T>, T> Serialize for Written<'_, M, T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        M::write(self.0, to)
    }
}

struct Read<M, T>(T, PhantomData<M>);

impl<'de, M: Spelling<T>, T> Deserialize<'de> for Read<M, T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        M::read(from).map(|value| Self(value, PhantomData))
    }
}

/// As the spelling `M`, or `null`.
#[derive(Debug)]
pub struct Maybe<M>(PhantomData<M>);

impl<M> Maybe<M> {
    /// Writes the JSON.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<T, S: Serializer>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error>
    where
        M: Spelling<T>,
    {
        let written = value
            .as_ref()
            .map(|value| Written::<M, T>(value, PhantomData));
        written.serialize(to)
    }

    /// Reads it back.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn deserialize<'de, T, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error>
    where
        M: Spelling<T>,
    {
        let read = Option::<Read<M, T>>::deserialize(from)?;
        Ok(read.map(|read| read.0))
    }
}

/// An array, each as the spelling `M`.
#[derive(Debug)]
pub struct Each<M>(PhantomData<M>);

impl<M> Each<M> {
    /// Writes the JSON.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<T, S: Serializer>(values: &[T], to: S) -> Result<S::Ok, S::Error>
    where
        M: Spelling<T>,
    {
        to.collect_seq(
            values
                .iter()
                .map(|value| Written::<M, T>(value, PhantomData)),
        )
    }

    /// Reads it back.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn deserialize<'de, T, D: Deserializer<'de>>(from: D) -> Result<Vec<T>, D::Error>
    where
        M: Spelling<T>,
    {
        let read = Vec::<Read<M, T>>::deserialize(from)?;
        Ok(read.into_iter().map(|read| read.0).collect())
    }
}
