//! `assay demo`: a whole market on this machine, told as it happens.
//!
//! One validator, three honest sellers and one cheat. A stranger's client, which knows nothing but the
//! node's address, buys the classification of a handwritten digit under `Quorum(3 of 4)`, follows the
//! event stream, adds up the money and verifies the receipt offline.

mod books;
mod story;

use crate::{
    cli::Demo,
    command::receipt::signers,
    connect,
    failure::{Done, Ended},
    home, interrupt,
    market::{Market, Seller},
    output::{Output, bad, bold, dim, good},
    picture,
};
use anyhow::{Context, anyhow};
use assay_api::{EventView, StreamMessage};
use assay_client::{
    CheckRequest, Client, EventQuery, EventStart, OrderRequest, Placed, Sender, Timing, place,
};
use assay_model::{
    Image, Manifest,
    bundled::{DigitImage, digit_images},
    input::decode_png,
};
use assay_types::{Amount, Lane, PayoutResult, ReceiptProof, Verdict, encode};
use assay_verify::{Anchor, parse_receipt, verify_receipt};
use assay_worker::Misbehaviour;
use books::Books;
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use story::{Cast, Story};

/// The model that is bought.
const MODEL: &str = "digits-lenet";
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
    let market = Market::start(&folder.path().join("market"), &sellers).await;
    spinner.finish_and_clear();
    let market = market?;
    let started = begun.elapsed();

    let outcome = buy(&market, folder.path(), started, output).await;
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

/// What the order came to.
struct Outcome {
    proof: ReceiptProof,
    answer: Option<String>,
    anchor: Anchor,
    verified: bool,
    before: Books,
    after: Books,
    cast: Cast,
}

async fn buy(
    market: &Market,
    folder: &Path,
    started: Duration,
    output: &Output,
) -> anyhow::Result<Outcome> {
    // From here on only the node's address is used, as a stranger would.
    let client = Client::connect(market.client().url()).await?;
    let buyer = Sender::new(client.clone(), market.buyer()?, Lane::default());
    let (model, manifest) = connect::model(&client, MODEL).await?;
    let digit = digit_images()
        .iter()
        .find(|image| image.digit == DIGIT)
        .ok_or_else(|| anyhow!("the digit {DIGIT} is not bundled"))?;
    let image = decode_png(digit.png)?;
    title(&image, digit, &client, market, started, output);

    let mut tensors = manifest.quantize_input(&assay_model::Input::Image(image))?;
    let tensor = tensors
        .pop()
        .ok_or_else(|| anyhow!("the picture is no input of {MODEL}"))?;
    let input = client.put_content(buyer.key(), tensor.to_bytes()).await?;
    let accounts = market.accounts();
    let before = Books::read(&client, &accounts).await?;
    let request = OrderRequest {
        model: model.model,
        input,
        check: CheckRequest::Quorum {
            agree: QUORUM.0,
            of: QUORUM.1,
        },
        price_max: PRICE_MAX,
        timing: Timing::default(),
    };
    let placed = connect::advise(place(&buyer, &request).await)?;

    let mut cast = Cast::default();
    for (name, account) in &accounts {
        cast.add(*account, name.clone());
    }
    for ((name, ..), account) in SELLERS.iter().zip(market.sellers()) {
        cast.add(account, *name);
    }
    let following = follow(&client, &manifest, &cast, placed, output);
    tokio::time::timeout(PATIENCE, following)
        .await
        .map_err(|_| anyhow!("order {} did not end within {PATIENCE:?}", placed.order))??;

    let after = Books::read(&client, &accounts).await?;
    let proof = client
        .receipt(placed.order)
        .await?
        .ok_or_else(|| anyhow!("the node has no receipt of order {}", placed.order))?;
    let answer = match proof.receipt.output {
        Some(id) => {
            let tensor = connect::answer(&client, placed.order, id).await?;
            Some(manifest.classify(&tensor)?.label)
        }
        None => None,
    };
    let (anchor, verified) = keep_receipt(&proof, market.anchor(), folder)?;
    Ok(Outcome {
        proof,
        answer,
        anchor,
        verified,
        before,
        after,
        cast,
    })
}

/// Writes receipt and anchor, then reads both again and verifies, as whoever is given them would.
fn keep_receipt(
    proof: &ReceiptProof,
    anchor: &Path,
    folder: &Path,
) -> anyhow::Result<(Anchor, bool)> {
    let (receipt_file, anchor_file) = (receipt_in(folder), anchor_in(folder));
    home::write(&receipt_file, &encode(proof))?;
    std::fs::copy(anchor, &anchor_file)
        .with_context(|| format!("cannot write {}", anchor_file.display()))?;
    let anchor = crate::command::receipt::read_anchor(&anchor_file)?;
    let proof = parse_receipt(&std::fs::read(&receipt_file)?)?;
    let verified = verify_receipt(&anchor, &proof).is_ok();
    Ok((anchor, verified))
}

fn receipt_in(folder: &Path) -> PathBuf {
    folder.join("order.receipt")
}

fn anchor_in(folder: &Path) -> PathBuf {
    folder.join("anchor.json")
}

/// The picture, and beside it what is about to happen.
fn title(
    image: &Image,
    digit: &DigitImage,
    client: &Client,
    market: &Market,
    started: Duration,
    output: &Output,
) {
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

/// Tells the order's events as they arrive, until it is closed.
async fn follow(
    client: &Client,
    manifest: &Manifest,
    cast: &Cast,
    placed: Placed,
    output: &Output,
) -> anyhow::Result<()> {
    let mut events = client.events(EventQuery {
        from: EventStart::Height(placed.height),
        order: Some(placed.order),
        account: None,
    });
    let mut story = Story::new(cast.clone(), placed.order);
    loop {
        let message = events.next().await?;
        let is_end = matches!(&message, StreamMessage::Market(stamped)
            if matches!(stamped.event, EventView::Closed { .. }));
        let mut lines = match message {
            StreamMessage::Block(_) => Vec::from_iter(story.pause()),
            StreamMessage::Market(stamped) => {
                output.json(&stamped);
                if let EventView::Revealed { output: id, .. } = stamped.event {
                    let tensor = connect::delivery(client, &stamped).await?;
                    let label = manifest.classify(&tensor).map(|class| class.label);
                    story.explain(id, label.unwrap_or_else(|_| "nonsense".to_owned()));
                }
                story.tell(stamped.time, &stamped.event)
            }
        };
        if is_end {
            lines.extend(story.pause());
        }
        for line in lines {
            output.line(format_args!(
                "{INDENT}{}",
                line.show(story.elapsed_ms(&line))
            ));
        }
        if is_end {
            return Ok(());
        }
    }
}

impl Outcome {
    fn settled(&self) -> bool {
        self.proof.receipt.verdict == Verdict::Agreed
    }

    /// What the cheat lost.
    fn burnt(&self) -> Option<Amount> {
        let payouts = self.proof.receipt.payouts.iter();
        payouts
            .filter(|payout| self.cast.name(payout.seller) == CHEAT)
            .find_map(|payout| match payout.result {
                PayoutResult::Burnt { amount, .. } => Some(amount),
                _ => None,
            })
    }

    fn conserved(&self) -> bool {
        self.before.adds_up() && self.after.adds_up() && self.before.leads_to(&self.after)
    }

    /// Whether all is as it should be.
    fn holds(&self) -> bool {
        self.settled() && self.burnt().is_some() && self.conserved() && self.verified
    }

    /// The sums, the verdicts, and what to do with the receipt.
    fn close(&self, folder: &Path, whole: bool, elapsed: Duration, output: &Output) {
        let receipt = &self.proof.receipt;
        output.json(&json!({
            "step": "ended",
            "holds": self.holds(),
            "settled": self.settled(),
            "answer": self.answer,
            "burnt_grains": self.burnt().map(|amount| amount.get().to_string()),
            "supply_conserved": self.conserved(),
            "receipt_verified": self.verified,
            "order": receipt.order.to_string(),
            "receipt": receipt_in(folder),
            "anchor": anchor_in(folder),
            "seconds": elapsed.as_secs_f64(),
        }));
        output.blank();
        output.table(&self.before.compare(&self.after, &self.cast));
        output.blank();
        let check = |holds: bool, name: &str, text: String| {
            let name = format!("{name:8}");
            let mark = if holds {
                good(format!("✓ {name}"))
            } else {
                bad(format!("✗ {name}"))
            };
            output.line(format_args!("{INDENT}{mark}  {text}"));
        };
        let (agree, of) = QUORUM;
        let answer = self.answer.as_deref().unwrap_or("nothing");
        check(
            self.settled(),
            "settled",
            format!("{agree} of {of} sellers say it is a {answer}"),
        );
        let burnt = self.burnt().unwrap_or_default();
        check(
            self.burnt().is_some(),
            "burnt",
            format!("{CHEAT} lost {burnt} of its bond"),
        );
        check(self.conserved(), "supply", self.before.sum(&self.after));
        check(
            self.verified,
            "receipt",
            format!("holds offline: {}", signers(&self.anchor, &self.proof)),
        );
        output.blank();
        let program = std::env::args()
            .next()
            .unwrap_or_else(|| "assay".to_owned());
        output.line(format_args!(
            "{INDENT}{}",
            dim("Check the receipt yourself:")
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
