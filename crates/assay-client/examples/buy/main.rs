//! Buys one inference and prints the label with its price, trusting nobody but the anchor:
//!
//! ```text
//! ASSAY_PASSPHRASE=… cargo run -p assay-client --example buy -- \
//!     http://127.0.0.1:2790 buyer.wallet anchor.json digits-lenet digit.png
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

mod order;

use assay_client::{Client, WalletFile};
use assay_model::Tensor;
use assay_verify::Anchor;
use std::{error::Error, path::Path};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [node, wallet, anchor, model, picture] = arguments.as_slice() else {
        return Err("give node, wallet file, anchor file, model and picture".into());
    };
    let passphrase = std::env::var("ASSAY_PASSPHRASE")?;
    let key = WalletFile::open(Path::new(wallet), &passphrase)?;
    let anchor = Anchor::parse(&std::fs::read_to_string(anchor)?)?;
    let client = Client::connect(node).await?;
    let bought = order::buy(&client, key, &anchor, model, &std::fs::read(picture)?).await?;
    let label = Tensor::from_bytes(&bought.answer)?.argmax();
    let (order, price) = (bought.order, bought.receipt.price.get());
    println!("order {order}: label {label} for {price} grains, receipt verified");
    Ok(())
}
