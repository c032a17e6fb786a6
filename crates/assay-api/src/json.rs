//! How the vocabulary's types are spelt in JSON, for `#[serde(with = "…")]`.
//!
//! [`text`] spells ids, accounts, amounts and fee rates as strings; [`number`] spells heights, times and
//! weights as numbers. Each has an `option` and a `list` form where a view needs one.

use assay_types::{
    AccountId, Amount, BlockId, ChainId, ContentId, FeeRate, Hash32, Height, LedgerTime, ModelId,
    OfferId, OrderId, TxId, Weight,
};

/// A type that JSON holds as a string.
pub trait AsText: Sized {
    /// The string.
    fn to_text(&self) -> String;
    /// Reads it back.
    ///
    /// # Errors
    /// A sentence that says what is wrong with `text`.
    fn from_text(text: &str) -> Result<Self, String>;
}

/// A type that JSON holds as a number.
pub trait AsNumber: Sized {
    /// The number.
    fn to_number(&self) -> u64;
    /// The value of the number.
    fn from_number(number: u64) -> Self;
}

macro_rules! displayed {
    ($($name:ty),*) => { $(
        impl AsText for $name {
            fn to_text(&self) -> String { self.to_string() }
            fn from_text(text: &str) -> Result<Self, String> {
                text.parse().map_err(|source| format!("{source}"))
            }
        }
    )* };
}
displayed!(
    AccountId, BlockId, ChainId, ContentId, Hash32, ModelId, OfferId, OrderId, TxId
);

macro_rules! grains {
    ($($name:ty),*) => { $(
        impl AsText for $name {
            fn to_text(&self) -> String { self.get().to_string() }
            fn from_text(text: &str) -> Result<Self, String> {
                text.parse().map(Self::new).map_err(|_| {
                    format!("`{text}` is not a number of grains; write digits only, as a string")
                })
            }
        }
    )* };
}
grains!(Amount, FeeRate);

macro_rules! counted {
    ($($name:ty),*) => { $(
        impl AsNumber for $name {
            fn to_number(&self) -> u64 { self.get() }
            fn from_number(number: u64) -> Self { Self::new(number) }
        }
    )* };
}
counted!(Height, LedgerTime, Weight);

/// Strings.
pub mod text {
    use super::AsText;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes the string.
    pub fn serialize<T: AsText, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&value.to_text())
    }

    /// Reads the string.
    pub fn deserialize<'de, T: AsText, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        T::from_text(&String::deserialize(from)?).map_err(D::Error::custom)
    }

    /// A string or `null`.
    pub mod option {
        use super::{AsText, Deserialize, Deserializer, Error, Serializer};

        /// Writes the string or `null`.
        pub fn serialize<T: AsText, S: Serializer>(
            value: &Option<T>,
            to: S,
        ) -> Result<S::Ok, S::Error> {
            match value {
                Some(value) => to.serialize_some(&value.to_text()),
                None => to.serialize_none(),
            }
        }

        /// Reads the string or `null`.
        pub fn deserialize<'de, T: AsText, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<T>, D::Error> {
            Option::<String>::deserialize(from)?
                .map(|text| T::from_text(&text).map_err(D::Error::custom))
                .transpose()
        }
    }

    /// An array of strings.
    pub mod list {
        use super::{AsText, Deserialize, Deserializer, Error, Serializer};

        /// Writes the strings.
        pub fn serialize<T: AsText, S: Serializer>(values: &[T], to: S) -> Result<S::Ok, S::Error> {
            to.collect_seq(values.iter().map(AsText::to_text))
        }

        /// Reads the strings.
        pub fn deserialize<'de, T: AsText, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Vec<T>, D::Error> {
            Vec::<String>::deserialize(from)?
                .iter()
                .map(|text| T::from_text(text).map_err(D::Error::custom))
                .collect()
        }
    }
}

/// Numbers.
pub mod number {
    use super::AsNumber;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes the number.
    pub fn serialize<T: AsNumber, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(value.to_number())
    }

    /// Reads the number.
    pub fn deserialize<'de, T: AsNumber, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        u64::deserialize(from).map(T::from_number)
    }

    /// A number or `null`.
    pub mod option {
        use super::{AsNumber, Deserialize, Deserializer, Serializer};

        /// Writes the number or `null`.
        pub fn serialize<T: AsNumber, S: Serializer>(
            value: &Option<T>,
            to: S,
        ) -> Result<S::Ok, S::Error> {
            match value {
                Some(value) => to.serialize_some(&value.to_number()),
                None => to.serialize_none(),
            }
        }

        /// Reads the number or `null`.
        pub fn deserialize<'de, T: AsNumber, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<T>, D::Error> {
            Ok(Option::<u64>::deserialize(from)?.map(T::from_number))
        }
    }
}
