//! Order: which node comes after which.

use std::collections::BTreeMap;

use super::{OnnxError, node_label, printed, schema::GraphProto};

/// Positions of the graph's nodes such that each comes after the producers of what it reads; equals
/// keep the order of the file.
pub(super) fn topological(graph: &GraphProto) -> Result<Vec<usize>, OnnxError> {
    /// Who produces a value; `None` for inputs and weights.
    type Producers<'a> = BTreeMap<&'a str, Option<usize>>;
    let mut producers: Producers<'_> = BTreeMap::new();
    for input in &graph.input {
        producers.insert(&input.name, None);
    }
    for tensor in &graph.initializer {
        // Older files list weights among the inputs too.
        producers.insert(&tensor.name, None);
    }
    for (index, node) in graph.node.iter().enumerate() {
        for output in node.output.iter().filter(|output| !output.is_empty()) {
            if producers.insert(output, Some(index)).is_some() {
                return Err(OnnxError::Duplicate {
                    value: printed(output),
                });
            }
        }
    }

    let mut waits = vec![0usize; graph.node.len()];
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); graph.node.len()];
    for (index, node) in graph.node.iter().enumerate() {
        for value in node.input.iter().filter(|value| !value.is_empty()) {
            match producers.get(value.as_str()) {
                None => {
                    return Err(OnnxError::Undefined {
                        reader: node_label(node, index),
                        value: printed(value),
                    });
                }
                Some(None) => {}
                Some(Some(producer)) => {
                    waits[index] += 1;
                    readers[*producer].push(index);
                }
            }
        }
    }

    let mut ready: std::collections::BTreeSet<usize> = (0..waits.len())
        .filter(|&index| waits[index] == 0)
        .collect();
    let mut order = Vec::with_capacity(waits.len());
    while let Some(index) = ready.pop_first() {
        order.push(index);
        for &reader in &readers[index] {
            waits[reader] -= 1;
            if waits[reader] == 0 {
                ready.insert(reader);
            }
        }
    }
    if order.len() < waits.len() {
        /// Nodes of a cycle that a message names.
        const PRINTED: usize = 8;
        let nodes = (0..waits.len())
            .filter(|&index| waits[index] > 0)
            .take(PRINTED)
            .map(|index| node_label(&graph.node[index], index))
            .collect();
        return Err(OnnxError::Cycle { nodes });
    }
    Ok(order)
}
