//! Attributes of a node, and which of their values are supported.

use super::schema::{AttributeProto, NodeProto, TensorProto};

/// The attributes of one node.
pub(super) struct Attributes<'a>(&'a [AttributeProto]);

/// How Conv and MaxPool slide, before the input's extents are known.
pub(super) struct Sliding {
    /// `None`: as the weights say.
    pub(super) kernel: Option<[u16; 2]>,
    pub(super) stride: [u16; 2],
    pub(super) dilation: [u16; 2],
    pub(super) padding: Padding,
}

/// How much padding.
pub(super) enum Padding {
    /// Above, left, below, right.
    Explicit([u16; 4]),
    /// As much as keeps `ceil(extent / stride)` positions; an odd row goes below or above.
    Same { extra_at_end: bool },
}

/// What is not supported, in words.
pub(super) type Usage = String;

impl<'a> Attributes<'a> {
    pub(super) fn of(node: &'a NodeProto) -> Self {
        Self(&node.attribute)
    }

    fn find(&self, name: &str) -> Option<&'a AttributeProto> {
        self.0.iter().find(|attribute| attribute.name == name)
    }

    pub(super) fn int(&self, name: &str, default: i64) -> i64 {
        self.find(name).map_or(default, |attribute| attribute.i)
    }

    pub(super) fn float(&self, name: &str, default: f32) -> f32 {
        self.find(name).map_or(default, |attribute| attribute.f)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    pub(super) fn ints(&self, name: &str) -> Option<&'a [i64]> {
        self.find(name).map(|attribute| &attribute.ints[..])
    }

    pub(super) fn floats(&self, name: &str) -> Option<&'a [f32]> {
        self.find(name).map(|attribute| &attribute.floats[..])
    }

    pub(super) fn tensor(&self, name: &str) -> Option<&'a TensorProto> {
        self.find(name).and_then(|attribute| attribute.t.as_ref())
    }

    /// Refuses any value of an integer attribute but `expected`.
    pub(super) fn only(&self, name: &str, expected: i64) -> Result<(), Usage> {
        match self.int(name, expected) {
            value if value == expected => Ok(()),
            value => Err(format!(
                "{name} = {value} is not supported, only {expected}"
            )),
        }
    }

    /// A list of `N` small numbers, if present.
    fn list<const N: usize>(&self, name: &str) -> Result<Option<[u16; N]>, Usage> {
        let Some(attribute) = self.find(name) else {
            return Ok(None);
        };
        let list = &attribute.ints;
        let small: Option<Vec<u16>> = list.iter().map(|&value| value.try_into().ok()).collect();
        match small.map(<[u16; N]>::try_from) {
            Some(Ok(list)) => Ok(Some(list)),
            _ => {
                let shown = &list[..list.len().min(N + 2)];
                Err(format!(
                    "{name} = {shown:?} is not supported, only {N} numbers from 0 to 65535"
                ))
            }
        }
    }

    pub(super) fn sliding(&self) -> Result<Sliding, Usage> {
        let auto_pad = self.find("auto_pad").map(|attribute| &attribute.s[..]);
        let padding = match auto_pad {
            None | Some(b"" | b"NOTSET") => {
                Padding::Explicit(self.list("pads")?.unwrap_or_default())
            }
            Some(b"VALID") => Padding::Explicit([0; 4]),
            Some(b"SAME_UPPER") => Padding::Same { extra_at_end: true },
            Some(b"SAME_LOWER") => Padding::Same {
                extra_at_end: false,
            },
            Some(_) => return Err("auto_pad has an unknown value".to_owned()),
        };
        Ok(Sliding {
            kernel: self.list("kernel_shape")?,
            stride: self.list("strides")?.unwrap_or([1, 1]),
            dilation: self.list("dilations")?.unwrap_or([1, 1]),
            padding,
        })
    }
}
