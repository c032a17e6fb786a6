//! What the document says of the spellings in [`crate::json`].

use crate::json::{Address, Digits, Each, Grains, Id, Maybe, Number, Spoken};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

macro_rules! spelt {
    ($($name:ident $text:literal $schema:tt)*) => { $(
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                $text.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )* };
}
spelt! {
    Id "Id" {
        "type": "string",
        "pattern": "^[0-9a-f]{64}$",
        "description": "An id or a hash: 64 hexadecimal digits.",
        "examples": ["5f0c8a1b2d3e4f60718293a4b5c6d7e8f90123456789abcdef0123456789abcd"]
    }
    Address "Address" {
        "type": "string",
        "pattern": "^asy1[02-9ac-hj-np-z]{58}$",
        "description": "An account: a bech32m address."
    }
    Spoken "Name" {
        "type": "string",
        "pattern": "^(?!asy1)[0-9a-z][0-9a-z-]{1,30}[0-9a-z]$",
        "description": "A name that stands for an account: 3 to 32 letters, digits and dashes.",
        "examples": ["alice-2"]
    }
    Grains "Grains" {
        "type": "string",
        "pattern": "^[0-9]{1,20}$",
        "description": "An amount or a price in grains, 10⁻⁹ ASY: decimal digits.",
        "examples": ["1000000000"]
    }
    Digits "Digits" {
        "type": "string",
        "pattern": "^[0-9]{1,20}$",
        "description": "A count that may not fit a number of JavaScript: decimal digits.",
        "examples": ["1000000000"]
    }
    Number "Number" {
        "type": "integer",
        "minimum": 0,
        "description": "A height, a weight, or a time or span in milliseconds."
    }
}

impl<M: JsonSchema> JsonSchema for Maybe<M> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Maybe{}", M::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<M>::json_schema(generator)
    }
}

impl<M: JsonSchema> JsonSchema for Each<M> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Each{}", M::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<M>::json_schema(generator)
    }
}
