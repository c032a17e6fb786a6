//! `assay demo`: a whole market on this machine, told as it happens.
//!
//! One validator, three honest sellers and one cheat. A stranger's client, which knows nothing but the
//! node's address, buys the classification of a handwritten digit under `Quorum(3 of 4)` and follows the
//! event stream. Then it buys two more under `Proof`, one of an honest seller and one of the cheat, who forges
//! a proof. At the end it adds up the money and verifies the receipts offline.

mod act;
mod books;
mod story;

use crate::{
    cli::Demo,
    command::receipt::signers,
    failure::{Done, Ended},
    home, interrupt,
    market::{Market, Seller},
    output::{Output, bad, bold, dim, good},
    picture,
};
use act::{Agreed, Proven, Stage};
use anyhow::{Context, anyhow};
use assay_client::{Client, Sender};
use assay_model::{
    bundled::{DigitImage, digit_images},
    input::decode_png,
};
use assay_types::{Amount, Lane, ReceiptProof, encode};
use assay_verify::{Anchor, parse_receipt, verify_receipt};
use assay_worker::Misbehaviour;
use books::Books;
use serde_json::json;
use std::{
    fmt::Display,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use story::Cast;

/// The model that is bought.
const MODEL: &str = "digits-lenet";
/// The model whose answers are proven.
const PROVEN_MODEL: &str = "digits-mlp";
/// The digit that is shown.
const DIGIT: u8 = 7;
/// The name of the seller that cheats.
const CHEAT: &str = "mallory";
/// Sellers that must agree, and sellers drawn.
const QUORUM: (u8, u8) = (3, 4);
/// Most the buyer pays each seller.
const PRICE_MAX: Amount = Amount::new(20_000_000);
/// What each seller bonds: enough for many jobs.
const BOND: Amount = Amount::new(100_000_000_000);
/// Longest wait for the order's end; an order ends by its own deadlines before.
const PATIENCE: Duration = Duration::from_secs(40);
/// Files of the receipts: of the quorum, of the proof, of the forgery.
const RECEIPTS: [&str; 3] = ["order.receipt", "proven.receipt", "forged.receipt"];
/// Columns left of the picture.
const INDENT: &str = "  ";

/// The sellers, each with a price of its own, in grains.
const SELLERS: [(&str, u64, Option<Misbehaviour>); 4] = [
    ("anna", 10_000_000, None),
    ("bruno", 11_000_000, None),
    ("clara", 12_000_000, None),
    (CHEAT, 9_000_000, Some(Misbehaviour::Wrong)),
];

/// Runs the demo.
///
/// # Errors
/// When a part of the market does not start or cannot be reached.
pub(crate) async fn run(args: &Demo, output: &Output) -> Done {
    tokio::select! {
        done = tell(args, output) => done,
        () = interrupt::requested() => {
            output.note("interrupted; nothing is left running");
            Ok(Ended::Badly)
        }
    }
}

async fn tell(args: &Demo, output: &Output) -> Done {
    let begun = Instant::now();
    let folder = tempfile::Builder::new()
        .prefix("assay-demo-")
        .tempdir()
        .context("cannot make a temporary folder")?;
    let sellers = SELLERS.map(|(name, ask, misbehaviour)| Seller {
        name,
        ask: Amount::new(ask),
        bond: BOND,
        capacity: 4,
        misbehaviour,
    });
    let spinner = output.spinner("starting a validator and four sellers");
    let market = Market::start(&folder.path().join("market"), &sellers).await?;
    let registered = market.register_keys().await;
    spinner.finish_and_clear();
    registered?;
    let started = begun.elapsed();

    let outcome = play(&market, folder.path(), started, output).await;
    let spinner = output.spinner("stopping the market");
    market.stop().await;
    spinner.finish_and_clear();
    let outcome = outcome?;

    let kept = keep(folder, args.keep)?;
    outcome.close(&kept, args.keep, begun.elapsed(), output);
    Ok(Ended::when(outcome.holds()))
}

/// The whole folder stays, or the receipt and its anchor alone.
fn keep(folder: tempfile::TempDir, whole: bool) -> anyhow::Result<PathBuf> {
    let path = folder.keep();
    if !whole {
        let market = path.join("market");
        std::fs::remove_dir_all(&market)
            .with_context(|| format!("cannot remove {}", market.display()))?;
    }
    Ok(path)
}

/// What the orders came to.
struct Outcome {
    agreed: Agreed,
    proven: Proven,
    anchor: Anchor,
    verified: bool,
    before: Books,
    after: Books,
}

async fn play(
    market: &Market,
    folder: &Path,
    started: Duration,
    output: &Output,
) -> anyhow::Result<Outcome> {
    // From here on only the node's address is used, as a stranger would.
    let client = Client::connect(market.client().url()).await?;
    let buyer = Sender::new(client, market.buyer()?, Lane::default());
    let accounts = market.accounts();
    let mut cast = Cast::default();
    for (name, account) in &accounts {
        cast.add(*account, name.clone());
    }
    let sellers: Vec<_> = market.sellers().collect();
    for ((name, ..), account) in SELLERS.iter().zip(&sellers) {
        cast.add(*account, *name);
    }
    let digit = digit_images()
        .iter()
        .find(|image| image.digit == DIGIT)
        .ok_or_else(|| anyhow!("the digit {DIGIT} is not bundled"))?;
    let stage = Stage {
        buyer,
        cast,
        image: decode_png(digit.png)?,
        output,
    };
    title(&stage, digit, market, started);

    let before = Books::read(stage.client(), &accounts).await?;
    let agreed = Agreed::play(&stage).await?;
    agreed.close(output);
    let (honest, cheat) = match sellers.as_slice() {
        [honest, .., cheat] => (*honest, *cheat),
        _ => return Err(anyhow!("the market has too few sellers")),
    };
    let proven = Proven::play(&stage, honest, cheat).await?;
    proven.close(output);
    let after = Books::read(stage.client(), &accounts).await?;
    output.blank();
    output.table(&before.compare(&after, &stage.cast));

    let receipts = [&agreed.proof, &proven.honest, &proven.forged];
    let (anchor, verified) = keep_receipts(receipts, market.anchor(), folder)?;
    Ok(Outcome {
        agreed,
        proven,
        anchor,
        verified,
        before,
        after,
    })
}

/// Writes receipts and anchor, then reads all again and verifies, as whoever is given them would.
fn keep_receipts(
    proofs: [&ReceiptProof; 3],
    anchor: &Path,
    folder: &Path,
) -> anyhow::Result<(Anchor, bool)> {
    let anchor_file = anchor_in(folder);
    std::fs::copy(anchor, &anchor_file)
        .with_context(|| format!("cannot write {}", anchor_file.display()))?;
    let anchor = crate::command::receipt::read_anchor(&anchor_file)?;
    let mut verified = true;
    for (proof, name) in proofs.into_iter().zip(RECEIPTS) {
        let file = folder.join(name);
        home::write(&file, &encode(proof))?;
        let proof = parse_receipt(&std::fs::read(&file)?)?;
        verified &= verify_receipt(&anchor, &proof).is_ok();
    }
    Ok((anchor, verified))
}

fn receipt_in(folder: &Path) -> PathBuf {
    let [first, ..] = RECEIPTS;
    folder.join(first)
}

fn anchor_in(folder: &Path) -> PathBuf {
    folder.join("anchor.json")
}

/// The picture, and beside it what is about to happen.
fn title(stage: &Stage<'_>, digit: &DigitImage, market: &Market, started: Duration) {
    let (client, image, output) = (stage.client(), &stage.image, stage.output);
    let (agree, of) = QUORUM;
    let chain = client.chain().short();
    output.json(&json!({
        "step": "started",
        "url": client.url(),
        "chain": client.chain().to_string(),
        "digit": digit.digit,
        "sellers": SELLERS.iter().zip(market.sellers()).map(|((name, ask, cheat), account)| json!({
            "name": name,
            "account": account.to_string(),
            "ask_grains": ask.to_string(),
            "cheats": cheat.is_some(),
        })).collect::<Vec<_>>(),
    }));
    let fact = |name: &str, value: String| format!("{}  {value}", dim(format!("{name:7}")));
    let facts = [
        bold("What digit is this?").to_string(),
        String::new(),
        fact("model", MODEL.to_owned()),
        fact(
            "check",
            format!("{agree} of {of} sellers must give one answer"),
        ),
        fact("price", format!("at most {PRICE_MAX} a seller")),
        fact("bond", "each locks 0.2 ASY, lost by cheating".to_owned()),
        String::new(),
        fact(
            "sellers",
            "anna, bruno and clara, who are honest".to_owned(),
        ),
        fact("", format!("{CHEAT}, who answers wrongly")),
        fact("chain", format!("{chain}, one validator")),
        fact("node", client.url().to_owned()),
        fact("started", format!("in {:.1} s", started.as_secs_f64())),
    ];
    let width = image.width() as usize;
    let grey: Vec<u8> = (0..width * image.height() as usize)
        .map(|pixel| image.grey(pixel))
        .collect();
    output.blank();
    output.line(format_args!(
        "{INDENT}{}",
        bold("Assay: nothing is paid until its check has passed")
    ));
    output.blank();
    let lines = picture::lines(&grey, width);
    for index in 0..lines.len().max(facts.len()) {
        let line = lines.get(index).map_or("", String::as_str);
        let fact = facts.get(index).map_or("", String::as_str);
        let row = format!("{INDENT}{line:width$}  {fact}");
        if index < facts.len() || !row.trim().is_empty() {
            output.line(row.trim_end());
        }
    }
    output.blank();
}

impl Outcome {
    fn conserved(&self) -> bool {
        self.before.adds_up() && self.after.adds_up() && self.before.leads_to(&self.after)
    }

    /// Whether all is as it should be.
    fn holds(&self) -> bool {
        let acts = self.agreed.holds() && self.proven.holds();
        acts && self.conserved() && self.verified
    }

    /// The sums, the verdicts, and what to do with the receipt.
    fn close(&self, folder: &Path, whole: bool, elapsed: Duration, output: &Output) {
        let agreed = &self.agreed;
        output.json(&json!({
            "step": "ended",
            "holds": self.holds(),
            "settled": agreed.settled(),
            "answer": agreed.answer,
            "burnt_grains": agreed.burnt().map(|amount| amount.get().to_string()),
            "proven": self.proven.settled(),
            "forgery_refused": self.proven.forfeited().is_some(),
            "supply_conserved": self.conserved(),
            "receipt_verified": self.verified,
            "order": agreed.proof.receipt.order.to_string(),
            "receipt": receipt_in(folder),
            "anchor": anchor_in(folder),
            "seconds": elapsed.as_secs_f64(),
        }));
        output.blank();
        check(
            output,
            self.conserved(),
            "supply",
            self.before.sum(&self.after),
        );
        check(
            output,
            self.verified,
            "receipts",
            format!("hold offline: {}", signers(&self.anchor, &agreed.proof)),
        );
        output.blank();
        let program = std::env::args()
            .next()
            .unwrap_or_else(|| "assay".to_owned());
        output.line(format_args!(
            "{INDENT}{}",
            dim("Check the first receipt yourself:")
        ));
        output.line(format_args!("{INDENT}{program} receipt verify \\"));
        output.line(format_args!(
            "{INDENT}  --anchor {} \\",
            anchor_in(folder).display()
        ));
        output.line(format_args!("{INDENT}  {}", receipt_in(folder).display()));
        if whole {
            output.blank();
            output.line(format_args!(
                "{INDENT}{} {}",
                dim("Everything is kept in"),
                folder.display()
            ));
        }
        output.blank();
    }
}

/// A line that says whether something is as it should be.
fn check(output: &Output, holds: bool, name: &str, text: impl Display) {
    let name = format!("{name:8}");
    let mark = if holds {
        good(format!("✓ {name}"))
    } else {
        bad(format!("✗ {name}"))
    };
    output.line(format_args!("{INDENT}{mark}  {text}"));
}
