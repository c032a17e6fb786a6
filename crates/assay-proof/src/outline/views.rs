//! Views: where the elements of reshaped, transposed and concatenated values really lie.

use super::Made;
use crate::layout::Layout;
use std::collections::BTreeMap;

/// Where a value's elements lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// On the cube of this computed value or input, each in its own place.
    Cube(usize),
    /// Elsewhere.
    Parts(Vec<Part>),
}

/// Where a part of a view's elements lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The value that holds them.
    pub source: usize,
    /// Places on the view's cube and on the source's.
    pub places: Vec<(u32, u32)>,
}

/// The value that holds an element, and which of its elements, in row-major order.
type Located = (u32, u32);

/// Elements of all views.
pub(super) fn elements(values: &[Made], layouts: &[Layout]) -> usize {
    let views = values
        .iter()
        .zip(layouts)
        .filter(|(made, _)| made.is_view());
    views
        .map(|(_, layout)| layout.elements())
        .fold(0, usize::saturating_add)
}

/// Where each value's elements lie. Operands come first and shapes fit.
pub(super) fn places(values: &[Made], layouts: &[Layout]) -> Vec<Place> {
    let mut located: Vec<Option<Vec<Located>>> = Vec::with_capacity(values.len());
    let mut places = Vec::with_capacity(values.len());
    for (value, made) in values.iter().enumerate() {
        let from = made.is_view().then(|| locate(made, &located, layouts));
        places.push(match &from {
            Some(from) => place(from, &layouts[value], layouts),
            None => Place::Cube(value),
        });
        located.push(from);
    }
    places
}

fn locate(made: &Made, located: &[Option<Vec<Located>>], layouts: &[Layout]) -> Vec<Located> {
    let of = |value: u32| -> Vec<Located> {
        match &located[value as usize] {
            Some(from) => from.clone(),
            None => {
                let elements = 0..layouts[value as usize].elements() as u32;
                elements.map(|element| (value, element)).collect()
            }
        }
    };
    match made {
        Made::Transpose { input, axes } => {
            let from = of(*input);
            let dims = layouts[*input as usize].dims();
            let mut order = vec![0usize];
            for axis in axes.iter().map(|axis| usize::from(*axis)) {
                let behind = dims[axis + 1..].iter();
                let step: usize = behind.map(|extent| *extent as usize).product();
                let extent = dims[axis] as usize;
                let inner = order
                    .iter()
                    .flat_map(|place| (0..extent).map(move |index| place + index * step));
                order = inner.collect();
            }
            order.into_iter().map(|place| from[place]).collect()
        }
        Made::Concat { inputs, axis } => {
            let runs = inputs.iter().map(|input| {
                let dims = &layouts[*input as usize].dims()[usize::from(*axis)..];
                let run: usize = dims.iter().map(|extent| *extent as usize).product();
                (of(*input), run)
            });
            let runs: Vec<_> = runs.collect();
            let outer = runs.first().map_or(0, |(from, run)| from.len() / run);
            let mut all = Vec::new();
            for position in 0..outer {
                for (from, run) in &runs {
                    all.extend_from_slice(&from[position * run..][..*run]);
                }
            }
            all
        }
        made => made.operands().into_iter().flat_map(of).collect(),
    }
}

fn place(from: &[Located], layout: &Layout, layouts: &[Layout]) -> Place {
    let mut cubes: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    let mut parts: BTreeMap<usize, Vec<(u32, u32)>> = BTreeMap::new();
    for (here, (source, element)) in layout.places().into_iter().zip(from) {
        let source = *source as usize;
        let cube = cubes
            .entry(source)
            .or_insert_with(|| layouts[source].places());
        let pair = (here, cube[*element as usize]);
        parts.entry(source).or_default().push(pair);
    }
    if let (1, Some((source, pairs))) = (parts.len(), parts.first_key_value()) {
        let whole = pairs.len() == layouts[*source].elements()
            && layout.variables() == layouts[*source].variables();
        if whole && pairs.iter().all(|(here, there)| here == there) {
            return Place::Cube(*source);
        }
    }
    let parts = parts.into_iter();
    Place::Parts(
        parts
            .map(|(source, places)| Part { source, places })
            .collect(),
    )
}
