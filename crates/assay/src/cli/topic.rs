//! Words of `assay topic`.

mod backtest;
mod mechanism;

pub(crate) use backtest::{ModelSource, NamedModel, TopicBacktest};
pub(crate) use mechanism::MechanismChoice;

use super::{
    WalletChoice,
    values::{amount, percent, seconds},
};
use assay_types::{AccountId, Amount, BasisPoints, ContentId, MinerAddress, Party};
use clap::{ArgGroup, Args, Subcommand, ValueHint};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

#[derive(Debug, Subcommand)]
pub(crate) enum Topic {
    /// Create a topic; the wallet's account owns it
    #[command(after_help = "\
Examples:
  assay topic create --wallet shop --epoch 3600
  assay topic create --wallet shop --slots 64 --validators 16 --bonds liquid
  assay topic create --wallet shop --mechanism synthesis --epoch 86400

Creating one burns 100 ASY. Miners take slots and work, validators stake and
judge them; when an epoch ends, Yuma consensus or inference synthesis decides
what each has earned. The terms are never changed.")]
    Create(TopicCreate),
    /// List topics
    #[command(after_help = "\
Example:
  assay topic list --json | jq -r .topic")]
    List(TopicList),
    /// Show a topic and all its slots
    #[command(after_help = "\
Example:
  assay topic show 5f0c… --json | jq '.slots[] | {slot, earned}'")]
    Show(TopicShow),
    /// Take a slot: the wallet's key works in it
    #[command(after_help = "\
Examples:
  assay topic register --wallet miner 5f0c…
  assay topic register --wallet hot 5f0c… --owner asy1…

A slot's price burns; it rises by 26 % with each registration and halves every
hour. When all slots are held, the one that earned least and is neither immune
nor a validator's is replaced.")]
    Register(TopicRegister),
    /// Put money behind a key
    #[command(after_help = "\
Example:
  assay topic stake --wallet shop 5f0c… asy1… 100

Whole shares of what stands there are bought, as many as the amount covers.
Dividends make a share worth more; the slot's owner keeps its take of them.")]
    Stake(TopicStake),
    /// Take money from behind a key; it arrives after the unbonding delay
    #[command(after_help = "\
Example:
  assay topic unstake --wallet shop 5f0c… asy1… 40

Whole shares are sold, for what they are worth. 1 ASY stays at least, or nothing.")]
    Unstake(TopicStake),
    /// Pay for a topic's work: it is paid out when the epoch ends
    #[command(after_help = "\
Example:
  assay topic fund --wallet shop 5f0c… 5

A twentieth burns; the rest is paid to those who earned it, before anything is
minted. What a topic is paid raises its part of the emission.")]
    Fund(TopicFund),
    /// Ask a topic: one of its miners answers, and is paid by its merit
    #[command(after_help = "\
Examples:
  assay topic ask 5f0c… --max-price 0.01 --input '{\"city\": \"Lisbon\"}'
  assay topic ask 5f0c… --max-price 0.01 --input question.json --wait

The answer is printed at once. Question and answer are public: validators see
them among all others, and when the epoch in which they can have judged the
answer is settled, the miner gets its price times what its slot earned by work
against the mean of those that work, at most the whole. The rest returns.")]
    Ask(TopicAsk),
    /// Judge: commit to weights in each epoch and reveal them in the next, until asked to stop
    #[command(
        override_usage = "assay topic validate [OPTIONS] <TOPIC> (--url <URL> | -- <PROGRAM>...)"
    )]
    #[command(after_help = "\
Examples:
  assay topic validate --wallet judge 5f0c… -- python3 judge.py
  assay topic validate --wallet judge 5f0c… --questions -- python3 judge.py

The program is started once. In each epoch it reads a line of JSON, the topic
and its slots, with `slot`, which is its own, and answers with a line:

  {\"weights\": {\"2\": 0.7, \"5\": 0.3}}

Ten lines of any language are enough:

  import json, sys
  for line in sys.stdin:
      asked = json.loads(line)
      others = [s[\"slot\"] for s in asked[\"slots\"] if s[\"slot\"] != asked[\"slot\"]]
      print(json.dumps({\"weights\": {s: 1.0 for s in others}}), flush=True)

With --questions it is asked first what to ask, and answers with a list,

  {\"questions\": [{\"image\": [0, 5, …]}, …]}

which every miner that says where it listens is asked, in signed calls. The
weights are then asked for with `answers`, a list for each slot, null where none
came.

Numbers are scaled so that the largest is 65 535. What is committed to is kept
in HOME/topics before it is sent, so that it can be revealed after a restart.
An answer that is none costs the epoch's weights and nothing else.")]
    Validate(TopicValidate),
    /// Work as a miner with a model of your own, until asked to stop
    #[command(
        override_usage = "assay topic mine [OPTIONS] <TOPIC> (--url <URL> | -- <PROGRAM>...)"
    )]
    #[command(after_help = "\
Examples:
  assay topic mine --wallet miner 5f0c… -- python3 model.py
  assay topic mine --wallet miner 5f0c… --url http://127.0.0.1:8000/infer
  assay topic mine --wallet miner 5f0c… --series elnino.csv --start 120 -- python3 naive.py
  assay topic mine --wallet miner 5f0c… --listen 0.0.0.0:8091 --address http://miner.example:8091 --price 0.01 -- python3 digits.py

The program is started once. In each epoch of a topic of synthesis it reads a
line of JSON,

  {\"ask\": \"inference\", \"round\": 17, \"slot\": 3, \"labels\": 1, …}

and answers with a line: a number, or one for each label.

  {\"inference\": 23.5}

What it says is hidden until nobody can commit any more, and then revealed. An
answer that is none costs the epoch and nothing else. With --series the question
holds `history`, the values of a recorded series before the epoch's own.

In a topic of Yuma consensus the miner listens, says so on the ledger, and answers
whoever may judge it; with --price also buyers, who need no permission. Then the
program reads a line for each question,

  {\"ask\": \"answer\", \"input\": {\"image\": [0, 5, …]}, …}

and answers with what the topic wants:

  {\"output\": 7}")]
    Mine(TopicMine),
    /// Foretell how far others' inferences will be off, in each epoch of a topic of synthesis
    #[command(
        override_usage = "assay topic forecast [OPTIONS] <TOPIC> (--url <URL> | -- <PROGRAM>...)"
    )]
    #[command(after_help = "\
Example:
  assay topic forecast --wallet seer 5f0c… -- python3 forecaster.py

In each epoch the program reads a line of JSON with the slots that inferred in
the last epochs and what they lost (decimal logarithms),

  {\"ask\": \"forecast\", \"round\": 17, \"inferers\": [0, 2],
   \"last\": {\"losses\": {\"0\": -1.2, \"2\": -0.8}}, …}

and answers with what it thinks that they will lose in this one:

  {\"losses\": {\"0\": -1.1, \"2\": -0.9}}")]
    Forecast(TopicForecast),
    /// Measure the last epoch's inferences against the truth, in a topic of synthesis
    #[command(override_usage = "\
assay topic repute [OPTIONS] <TOPIC> (--url <URL> | -- <PROGRAM>...)
       assay topic repute [OPTIONS] <TOPIC> --series <FILE>")]
    #[command(after_help = "\
Examples:
  assay topic repute --wallet judge 5f0c… -- python3 truth.py
  assay topic repute --wallet judge 5f0c… --series elnino.csv --start 120

In each epoch the program reads a line of JSON that asks for the truth of the
last one,

  {\"ask\": \"truth\", \"round\": 16, \"labels\": 1, …}

and answers with it, or with null as long as it does not know:

  {\"truth\": 24.1}

Losses of all inferences, by the topic's loss function, are computed from that.
With --series the truth is the recorded value. The slot needs a permit: stake behind it.")]
    Repute(TopicRepute),
    /// Simulate whether honest play pays, under these rules and under Bittensor's
    #[command(after_help = "\
Examples:
  assay topic simulate --seeds 2 --epochs 300
  assay topic simulate --plot lab.svg

One party deviates (copies, weighs all alike, favours its own miners, splits
into many) while all others are honest; a number above one says that deviating
pays. Nothing but the seed decides what happens. The whole study takes a minute
of one core; docs/topics-lab.md explains it.")]
    Simulate(TopicSimulate),
    /// What would inference synthesis have made of your models over a recorded series?
    #[command(after_help = backtest::HELP)]
    Backtest(TopicBacktest),
}

#[derive(Debug, Args)]
pub(crate) struct TopicSimulate {
    /// Epochs of each simulation
    #[arg(long, value_name = "EPOCHS", default_value_t = 1_000)]
    pub(crate) epochs: u64,
    /// Simulations of each kind, each with a seed of its own
    #[arg(long, value_name = "SEEDS", default_value_t = 8)]
    pub(crate) seeds: u64,
    /// The first seed
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Sizes of the deviating party in percent; several with commas
    #[arg(
        long,
        value_name = "PERCENT",
        value_delimiter = ',',
        default_value = "5,10,20,30,40,45,50,55,60"
    )]
    pub(crate) shares: Vec<u8>,
    /// Draw a picture of it (SVG)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) plot: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct TopicCreate {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// Content id of what miners are asked and how they are judged, in words
    #[arg(long, value_name = "ID")]
    pub(crate) description: Option<ContentId>,
    /// Most slots, 2 to 1024; of synthesis to 128 [default: 256, of synthesis 64]
    #[arg(long, value_name = "SLOTS")]
    pub(crate) slots: Option<u16>,
    /// Most validators among them, 1 to 256; of synthesis to 32 [default: 64, of synthesis 16]
    #[arg(long, value_name = "VALIDATORS")]
    pub(crate) validators: Option<u16>,
    /// Length of an epoch in seconds, 10 to 604800
    #[arg(long, value_name = "SECONDS", default_value = "3600", value_parser = seconds)]
    pub(crate) epoch: Duration,
    /// Epochs in which a new slot is not replaced
    #[arg(long, value_name = "EPOCHS", default_value_t = 4)]
    pub(crate) immunity: u16,
    /// Epochs for which weights count
    #[arg(long, value_name = "EPOCHS", default_value_t = 12)]
    pub(crate) activity: u16,
    /// The owner's part of the income in percent, at most 18
    #[arg(long, value_name = "PERCENT", default_value = "10", value_parser = percent)]
    pub(crate) owner_share: BasisPoints,
    /// Stake below it gives no say (ASY)
    #[arg(long, value_name = "ASY", default_value = "1", value_parser = amount)]
    pub(crate) stake_min: Amount,
    #[command(flatten)]
    pub(crate) mechanism: MechanismChoice,
}

#[derive(Debug, Args)]
pub(crate) struct TopicList {
    /// Most topics shown
    #[arg(long, value_name = "TOPICS", default_value_t = 50)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct TopicShow {
    /// The topic: its id, or as many of its first digits as no other has
    #[arg(value_name = "TOPIC")]
    pub(crate) topic: String,
}

#[derive(Debug, Args)]
pub(crate) struct TopicRegister {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// The topic: its id, or as many of its first digits as no other has
    #[arg(value_name = "TOPIC")]
    pub(crate) topic: String,
    /// The account that earns [default: the wallet's own]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) owner: Option<AccountId>,
    /// What the owner keeps of its stakers' dividends in percent, at most 18
    #[arg(long, value_name = "PERCENT", default_value = "10", value_parser = percent)]
    pub(crate) take: BasisPoints,
    /// Most that the slot may cost (ASY) [default: what it costs now]
    #[arg(long, value_name = "ASY", value_parser = amount)]
    pub(crate) price_max: Option<Amount>,
}

#[derive(Debug, Args)]
pub(crate) struct TopicStake {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// The topic: its id, or as many of its first digits as no other has
    #[arg(value_name = "TOPIC")]
    pub(crate) topic: String,
    /// The key: an address or a name
    #[arg(value_name = "KEY")]
    pub(crate) key: Party,
    /// How much (ASY)
    #[arg(value_name = "ASY", value_parser = amount)]
    pub(crate) amount: Amount,
}

#[derive(Debug, Args)]
pub(crate) struct TopicFund {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// The topic: its id, or as many of its first digits as no other has
    #[arg(value_name = "TOPIC")]
    pub(crate) topic: String,
    /// How much (ASY)
    #[arg(value_name = "ASY", value_parser = amount)]
    pub(crate) amount: Amount,
}

#[derive(Debug, Args)]
pub(crate) struct TopicAsk {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// The topic: its id, or as many of its first digits as no other has
    #[arg(value_name = "TOPIC")]
    pub(crate) topic: String,
    /// Most you pay (ASY)
    #[arg(long, value_name = "ASY", value_parser = amount)]
    pub(crate) max_price: Amount,
    /// The question: JSON, or a file that holds it
    #[arg(long, value_name = "FILE|JSON", value_hint = ValueHint::FilePath, default_value = "{}")]
    pub(crate) input: String,
    /// The miner that answers: an address or a name [default: a drawn one]
    #[arg(long, value_name = "MINER")]
    pub(crate) miner: Option<Party>,
    /// Seconds until the answer is there at the latest
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub(crate) within: Duration,
    /// Wait for the verdict as well, some epochs later
    #[arg(long)]
    pub(crate) wait: bool,
}

#[derive(Debug, Args)]
#[command(group = answers_of(&["program", "url"]))]
pub(crate) struct TopicValidate {
    /// Ask miners first: the program is asked for questions, and then for weights with the answers
    #[arg(long)]
    pub(crate) questions: bool,
    #[command(flatten)]
    pub(crate) work: TopicWork,
    #[command(flatten)]
    pub(crate) program: ProgramChoice,
}

#[derive(Debug, Args)]
#[command(group = answers_of(&["program", "url"]))]
pub(crate) struct TopicMine {
    /// Yuma: where validators' questions are answered
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Yuma: what the ledger says of where that is [default: http:// and the address listened on]
    #[arg(long, value_name = "URL")]
    pub(crate) address: Option<MinerAddress>,
    /// Yuma: answer buyers' requests as well, for this price (ASY)
    #[arg(long, value_name = "ASY", value_parser = amount)]
    pub(crate) price: Option<Amount>,
    /// Yuma: requests at a time
    #[arg(long, value_name = "REQUESTS", default_value_t = 2, requires = "price")]
    pub(crate) capacity: u32,
    /// Yuma: bond at least this much (ASY); requests lock ten times the buyer's maximum of it [default: what the price
    /// and the requests at a time need, twice]
    #[arg(long, value_name = "ASY", value_parser = amount, requires = "price")]
    pub(crate) bond: Option<Amount>,
    #[command(flatten)]
    pub(crate) work: TopicWork,
    #[command(flatten)]
    pub(crate) series: SeriesChoice,
    #[command(flatten)]
    pub(crate) program: ProgramChoice,
}

#[derive(Debug, Args)]
#[command(group = answers_of(&["program", "url"]))]
pub(crate) struct TopicForecast {
    #[command(flatten)]
    pub(crate) work: TopicWork,
    #[command(flatten)]
    pub(crate) series: SeriesChoice,
    #[command(flatten)]
    pub(crate) program: ProgramChoice,
}

#[derive(Debug, Args)]
#[command(group = answers_of(&["program", "url", "series"]))]
pub(crate) struct TopicRepute {
    #[command(flatten)]
    pub(crate) work: TopicWork,
    #[command(flatten)]
    pub(crate) series: SeriesChoice,
    #[command(flatten)]
    pub(crate) program: ProgramChoice,
}

/// What every part in a topic needs to be told.
#[derive(Debug, Args)]
pub(crate) struct TopicWork {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// The topic: its id, or as many of its first digits as no other has
    #[arg(value_name = "TOPIC")]
    pub(crate) topic: String,
    /// Stop after so many epochs
    #[arg(long, value_name = "EPOCHS")]
    pub(crate) epochs: Option<u64>,
}

/// A recorded series, of which each epoch of a topic is one value.
#[derive(Debug, Args)]
pub(crate) struct SeriesChoice {
    /// Replay a recorded series (CSV): each epoch is its next value
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) series: Option<PathBuf>,
    /// The column of the values [default: the last]
    #[arg(long, value_name = "NAME", requires = "series")]
    pub(crate) column: Option<String>,
    /// The value that the topic's first epoch asks for, counted from zero
    #[arg(long, value_name = "VALUE", default_value_t = 0, requires = "series")]
    pub(crate) start: usize,
}

/// Answers come from one of these.
fn answers_of(sources: &[&'static str]) -> ArgGroup {
    ArgGroup::new("answers")
        .args(sources)
        .required(true)
        .multiple(false)
}

/// A model of the user's; [`answers_of`] says what may take its place.
#[derive(Debug, Args)]
pub(crate) struct ProgramChoice {
    /// Post questions to this address instead of starting a program
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Longest that an answer may take
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub(crate) within: Duration,
    /// The program that answers, and its arguments
    #[arg(last = true, value_name = "PROGRAM")]
    pub(crate) program: Vec<String>,
}
