//! Suite `topic`: what settling an epoch of a topic costs, on one thread. Medians of computed time.

mod synthesis;
mod yuma;

use super::Measurement;

pub(super) fn run(smoke: bool, mut show: impl FnMut(Measurement)) -> anyhow::Result<()> {
    yuma::run(smoke, &mut show)?;
    synthesis::run(smoke, &mut show)
}
