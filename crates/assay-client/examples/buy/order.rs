//! One inference, from a picture to a verified receipt: all that a buyer's program needs.

use assay_client::{CheckRequest, Client, OrderRequest, Sender, Timing, place};
use assay_model::{Input, Manifest, input::decode_png};
use assay_types::{Lane, OrderId, Receipt, SecretKey};
use assay_verify::{Anchor, verify_receipt};
use std::{error::Error, time::Duration};

/// More than any manifest has.
const MANIFEST_BYTES_MAX: u64 = 1 << 20;
/// The order ends by its own deadlines long before.
const PATIENCE: Duration = Duration::from_secs(120);

/// What was bought.
pub(crate) struct Bought {
    pub(crate) order: OrderId,
    pub(crate) receipt: Receipt,
    pub(crate) answer: Vec<u8>,
}

/// Asks three sellers of `model` what the picture `png` shows, and believes two equal answers.
pub(crate) async fn buy(
    client: &Client,
    key: SecretKey,
    anchor: &Anchor,
    model: &str,
    png: &[u8],
) -> Result<Bought, Box<dyn Error + Send + Sync>> {
    // The model's manifest says how a picture becomes its input. The input is stored at the node; the
    // order names it by its hash.
    let models = client.models().await?;
    let model = models
        .into_iter()
        .find(|view| view.name.as_deref() == Some(model))
        .ok_or("no such model is registered")?;
    let manifest = client
        .get_content(model.manifest, MANIFEST_BYTES_MAX)
        .await?;
    let picture = Input::Image(decode_png(png)?);
    let tensors = Manifest::from_bytes(&manifest)?.quantize_input(&picture)?;
    let tensor = tensors.first().ok_or("no picture")?;
    let input = client.put_content(&key, tensor.to_bytes()).await?;

    // The third cheapest offer's price draws three sellers; each is paid its own.
    let offers = client.offers(Some(model.model)).await?;
    let third = offers.get(2).ok_or("fewer than three sellers offer it")?;
    let request = OrderRequest {
        model: model.model,
        input,
        check: CheckRequest::Quorum { agree: 2, of: 3 },
        price_max: third.ask,
        timing: Timing::default(),
    };
    let sender = Sender::new(client.clone(), key, Lane::default());
    let placed = place(&sender, &request).await?;
    client.wait_closed(placed.order, PATIENCE).await?;

    // From here on the node need not be trusted: the proof is checked against the anchor, the answer
    // against the receipt.
    let proof = client.receipt(placed.order).await?.ok_or("no receipt")?;
    let receipt = verify_receipt(anchor, &proof)?.clone();
    let output = receipt.output.ok_or("the order was refunded")?;
    let answer = client.output(placed.order, output).await?;
    Ok(Bought {
        order: placed.order,
        receipt,
        answer: answer.ok_or("no answer")?,
    })
}
