//! What makes an outline valid: operands that exist, shapes that fit, limits that hold.

use super::{FUNCTION_ENTRIES, Kept, Made, Outline, Place, views};
use crate::layout::Layout;
use assay_model::{
    DType, Shape,
    program::{CONCAT_MAX, NODES_MAX, PARAMETER_BYTES_MAX, SHIFT_MAX, ValueType, Window},
};
use assay_types::ModelId;

/// Most taps of a window that looks for the largest: each is a column as large as its result.
pub const TAPS_MAX: usize = 64;
/// Most numbers, columns and padding included, that one inference commits to: a prover keeps a few hundred bytes
/// for each.
pub const CELLS_MAX: usize = 1 << 25;

/// Most variables of a value's cube: a prover holds several numbers for each of its places.
pub const CUBE_VARIABLES_MAX: usize = 24;
/// Most outputs of all values with weights: a verifier weighs each bias.
pub const BIASES_MAX: usize = 1 << 20;
/// Most weights, padding included, of a kernel in groups: a verifier weighs each.
pub const GROUPED_WEIGHTS_MAX: usize = 1 << 20;
/// Most places, padding included, of views and of what they are placed on, counted for each value that reads them: a
/// verifier weighs each, 20 bytes a place.
pub const LINK_PLACES_MAX: usize = 1 << 23;
/// Longest side of an image under a window: a verifier weighs each row and column.
pub const IMAGE_SIDE_MAX: u32 = 1 << 16;
/// Most taps times positions of a window along one axis: a verifier visits each.
pub const WINDOW_STEPS_MAX: u64 = 1 << 18;
/// Most elements of all views together: each takes 8 bytes while their places are found.
pub const VIEW_ELEMENTS_MAX: usize = 1 << 23;

/// Why something is not an outline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutlineError {
    /// A value that does not follow from the ones before.
    #[error("value {value} of the outline does not fit: {reason}")]
    Value {
        /// Its place.
        value: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Too many values, or none computed.
    #[error("the outline has {values} values; 2 to {} are possible", NODES_MAX + 1)]
    Values {
        /// How many.
        values: usize,
    },
    /// Its output is none of its values, or of another shape.
    #[error("the outline's output is none of its values")]
    Output,
    /// Views of more elements than a verifier looks at.
    #[error("the outline's views have {elements} elements; {VIEW_ELEMENTS_MAX} are the most")]
    Views {
        /// How many.
        elements: usize,
    },
    /// More biases than a verifier weighs.
    #[error("the outline has more outputs than {BIASES_MAX}, each with a bias")]
    Biases,
    /// Views whose values a verifier would not place.
    #[error(
        "what the outline's values read of views has {places} places; {LINK_PLACES_MAX} are the most"
    )]
    Links {
        /// How many.
        places: usize,
    },
    /// More to commit to than a prover can hold.
    #[error("the outline commits to {cells} numbers an inference; {CELLS_MAX} are the most")]
    Cells {
        /// How many.
        cells: usize,
    },
}

/// An outline before it is checked: the numbers that make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The model.
    pub model: ModelId,
    /// Type of the input.
    pub input: ValueType,
    /// Type of the output.
    pub output: ValueType,
    /// The values, the input first.
    pub values: Vec<Made>,
    /// Which of them is the output.
    pub output_value: u32,
}

impl Outline {
    /// Checks `form`.
    ///
    /// # Errors
    /// [`OutlineError`] names the first value that does not fit, or the limit that is broken.
    pub fn new(form: Form) -> Result<Self, OutlineError> {
        let Form {
            model,
            input,
            output,
            values,
            output_value,
        } = form;
        if !(2..=NODES_MAX + 1).contains(&values.len()) {
            let values = values.len();
            return Err(OutlineError::Values { values });
        }
        let mut layouts: Vec<Layout> = Vec::with_capacity(values.len());
        for (value, made) in values.iter().enumerate() {
            let reason = |reason| OutlineError::Value { value, reason };
            let first = matches!(made, Made::Input);
            if first != (value == 0) {
                return Err(reason("the input is the first value, and no other"));
            }
            if made
                .operands()
                .iter()
                .any(|operand| *operand as usize >= value)
            {
                return Err(reason("an operand does not come before it"));
            }
            let dims = match made {
                Made::Input => input.shape.dims().to_vec(),
                made => dims(made, &layouts).map_err(reason)?,
            };
            Shape::new(&dims).map_err(|_| reason("its extents are no shape"))?;
            let layout = Layout::new(&dims);
            if layout.variables() > CUBE_VARIABLES_MAX {
                return Err(reason("its cube has too many places"));
            }
            layouts.push(layout);
        }
        let output_value = output_value as usize;
        let shape = layouts.get(output_value).map(Layout::dims);
        if shape != Some(output.shape.dims()) {
            return Err(OutlineError::Output);
        }
        let elements = views::elements(&values, &layouts);
        if elements > VIEW_ELEMENTS_MAX {
            return Err(OutlineError::Views { elements });
        }
        let places = views::places(&values, &layouts);
        let known = match &places[output_value] {
            Place::Cube(source) if values[*source].kept() == Some(&Kept::Accumulators) => {
                Some(*source)
            }
            _ => None,
        };
        let functions = values.iter().filter_map(|made| match made {
            Made::Function { entries, .. } => Some(entries.clone()),
            _ => None,
        });
        let mut functions: Vec<Vec<i16>> = functions.collect();
        functions.sort_unstable();
        functions.dedup();
        let outline = Self {
            functions,
            model,
            input,
            output,
            values,
            layouts,
            places,
            output_value,
            known,
        };
        outline.check_work()?;
        Ok(outline)
    }

    /// The numbers that make it.
    pub fn form(&self) -> Form {
        Form {
            model: self.model,
            input: self.input.clone(),
            output: self.output.clone(),
            values: self.values.clone(),
            output_value: self.output_value as u32,
        }
    }

    /// That neither prover nor verifier has more to do than the limits say.
    fn check_work(&self) -> Result<(), OutlineError> {
        let cells = self.cells();
        if cells > CELLS_MAX {
            return Err(OutlineError::Cells { cells });
        }
        if self.biases() > BIASES_MAX {
            return Err(OutlineError::Biases);
        }
        let operands = self.computed().flat_map(|(_, made)| made.operands());
        let read = operands.chain([self.output_value as u32]);
        let places = read.map(|value| match self.place(value as usize) {
            Place::Cube(_) => 0,
            Place::Parts(parts) => {
                let sources = parts.iter().map(|part| part.source);
                let cubes = sources.chain([value as usize]);
                cubes
                    .map(|value| 1usize << self.layouts[value].variables())
                    .sum()
            }
        });
        let places = places.fold(0, usize::saturating_add);
        if places > LINK_PLACES_MAX {
            return Err(OutlineError::Links { places });
        }
        Ok(())
    }

    /// Numbers that one inference commits to, padding included.
    pub fn cells(&self) -> usize {
        let committed = self.committed();
        let cells =
            committed.map(|(value, columns)| columns.count() << self.layouts[value].variables());
        cells.fold(0, usize::saturating_add)
    }
}

/// The extents of a value, from those of its operands.
fn dims(made: &Made, layouts: &[Layout]) -> Result<Vec<u32>, &'static str> {
    if let Some(Kept::Rounded(rounding)) = made.kept()
        && !rounding.is_valid()
    {
        return Err("its accumulators have no unique decomposition");
    }
    let of = |value: u32| layouts[value as usize].dims();
    Ok(match made {
        Made::Input => return Err("the input is the first value, and no other"),
        Made::Linear { input, outputs, .. } => {
            let mut dims = of(*input).to_vec();
            bounded(&[dims.last().copied().unwrap_or(1), *outputs])?;
            *dims.last_mut().ok_or("its operand has no dimension")? = *outputs;
            dims
        }
        Made::Convolution {
            input,
            outputs,
            window,
            groups,
            ..
        } => {
            let [channels, height, width] = image(of(*input))?;
            let divides = |count: u32| *groups > 0 && count.is_multiple_of(*groups);
            if !divides(channels) || !divides(*outputs) {
                return Err("its groups do not divide its channels");
            }
            let weights = [*outputs, channels / groups, taps(window)?];
            bounded(&weights)?;
            if *groups > 1 && 1 << Layout::new(&weights).variables() > GROUPED_WEIGHTS_MAX {
                return Err("its groups have too many weights");
            }
            sides(height, width)?;
            let extents = window.output(height, width);
            let (height, width) = extents.map_err(|_| "its window does not fit")?;
            moves(window, [height, width])?;
            vec![*outputs, height, width]
        }
        Made::Average { input, window, .. } => pooled(of(*input), window)?,
        Made::Largest { input, window } => {
            if window.taps() > TAPS_MAX {
                return Err("its window has too many taps");
            }
            pooled(of(*input), window)?
        }
        Made::Sum { terms, .. } => {
            let first = terms.first().ok_or("it is a sum of nothing")?;
            let fits =
                |term: &super::Term| of(term.value) == of(first.value) && term.shift <= SHIFT_MAX;
            if terms.len() > 2 || !terms.iter().all(fits) {
                return Err("its terms do not fit");
            }
            of(first.value).to_vec()
        }
        Made::Product { left, right, .. } => {
            let (of, by) = (of(*left), of(*right));
            let fits = |(of, by): (&u32, &u32)| by == of || *by == 1;
            if of.len() != by.len() || !of.iter().zip(by).all(fits) {
                return Err("its factors do not fit");
            }
            of.to_vec()
        }
        Made::Function { input, entries } => {
            if entries.len() != FUNCTION_ENTRIES {
                return Err("its table is not one of an int8");
            }
            of(*input).to_vec()
        }
        Made::Reshape { input, dims } => {
            let shape = Shape::new(dims).map_err(|_| "its extents are no shape")?;
            if shape.elements() != layouts[*input as usize].elements() {
                return Err("it has other elements than its operand");
            }
            dims.clone()
        }
        Made::Transpose { input, axes } => {
            let dims = of(*input);
            let mut sorted = axes.clone();
            sorted.sort_unstable();
            if !sorted.iter().copied().map(usize::from).eq(0..dims.len()) {
                return Err("its axes are not those of its operand");
            }
            axes.iter().map(|axis| dims[usize::from(*axis)]).collect()
        }
        Made::Concat { inputs, axis } => {
            let axis = usize::from(*axis);
            let first = inputs.first().ok_or("it is made of nothing")?;
            if inputs.len() > CONCAT_MAX || axis >= of(*first).len() {
                return Err("it has too many operands, or too few dimensions");
            }
            let mut dims = of(*first).to_vec();
            for other in &inputs[1..] {
                let found = of(*other);
                let mut places = found.iter().zip(&dims).enumerate();
                if found.len() != dims.len()
                    || !places.all(|(place, (found, dim))| place == axis || found == dim)
                {
                    return Err("its operands do not fit");
                }
                dims[axis] = dims[axis].saturating_add(found[axis]);
            }
            dims
        }
    })
}

fn image(dims: &[u32]) -> Result<[u32; 3], &'static str> {
    dims.try_into().map_err(|_| "its operand is no image")
}

fn pooled(dims: &[u32], window: &Window) -> Result<Vec<u32>, &'static str> {
    let [channels, height, width] = image(dims)?;
    sides(height, width)?;
    let extents = window.pooled(height, width);
    let (height, width) = extents.map_err(|_| "its window does not fit")?;
    moves(window, [height, width])?;
    Ok(vec![channels, height, width])
}

/// That weights of these extents are no more than a program can have.
fn bounded(extents: &[u32]) -> Result<(), &'static str> {
    let extents = extents.iter().map(|extent| *extent as usize);
    match extents.fold(1, usize::saturating_mul) {
        1..=PARAMETER_BYTES_MAX => Ok(()),
        _ => Err("it has too many weights, or none"),
    }
}

fn sides(height: u32, width: u32) -> Result<(), &'static str> {
    if height.max(width) > IMAGE_SIDE_MAX {
        return Err("its image has a side that is too long");
    }
    Ok(())
}

fn taps(window: &Window) -> Result<u32, &'static str> {
    u32::try_from(window.taps()).map_err(|_| "its window has too many taps")
}

/// That a window is walked in a short time along each axis.
fn moves(window: &Window, positions: [u32; 2]) -> Result<(), &'static str> {
    let steps = |axis: usize| u64::from(window.kernel[axis]) * u64::from(positions[axis]);
    if steps(0).max(steps(1)) > WINDOW_STEPS_MAX {
        return Err("its window takes too many steps");
    }
    Ok(())
}

/// The number of an element type in an outline's bytes.
pub(crate) fn dtype_number(dtype: DType) -> u8 {
    match dtype {
        DType::I8 => 0,
        DType::I16 => 1,
        DType::I32 => 2,
    }
}

/// The element type of a number.
pub(crate) fn dtype_of(number: u8) -> Option<DType> {
    [DType::I8, DType::I16, DType::I32]
        .into_iter()
        .find(|dtype| dtype_number(*dtype) == number)
}
