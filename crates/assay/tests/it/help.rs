//! What is seen at 80 columns: help, wrong usage, errors. Nothing is wider, and nothing is ugly.

use crate::program::{Ended, World};

/// Columns of the narrowest terminal that is looked after.
const WIDTH: usize = 80;

/// Runs the program as on a terminal of [`WIDTH`] columns.
fn see(world: &World, line: &str) -> Ended {
    let output = world
        .command(line)
        .env("COLUMNS", WIDTH.to_string())
        .output()
        .unwrap();
    Ended::of(output)
}

/// What is seen, without what differs between machines.
fn seen(world: &World, line: &str) -> String {
    let Ended {
        code,
        stdout,
        stderr,
    } = see(world, line);
    let home = world.path("");
    let home = home.display().to_string();
    let text = format!("{stdout}{stderr}exit code {}", code.unwrap_or(-1));
    text.replace(home.trim_end_matches('/'), "HOME")
}

/// Every command's words, from the help of its parents.
fn commands(world: &World, words: &str, found: &mut Vec<String>) {
    let help = see(world, &format!("{words} --help")).exits(0).stdout;
    found.push(words.to_owned());
    let mut is_listing = false;
    for line in help.lines() {
        is_listing = match line {
            "Commands:" => true,
            "" => false,
            _ => is_listing,
        };
        let name = line
            .strip_prefix("  ")
            .and_then(|line| line.split(' ').next());
        if let Some(name) = name.filter(|name| is_listing && !name.is_empty() && *name != "help") {
            commands(world, format!("{words} {name}").trim(), found);
        }
    }
}

#[test]
fn no_help_is_wider_than_the_terminal() {
    let world = World::new();
    let top = see(&world, "--help").exits(0).stdout;
    let mut found = Vec::new();
    for line in top.lines().take_while(|line| *line != "Options:") {
        let name = line
            .strip_prefix("  ")
            .and_then(|line| line.split(' ').next());
        if let Some(name) = name.filter(|name| *name != "help") {
            commands(&world, name, &mut found);
        }
    }
    assert!(
        found.len() > 25 && found.iter().any(|words| words == "wallet import"),
        "{found:?}"
    );
    for words in &found {
        for line in see(&world, &format!("{words} --help")).stdout.lines() {
            assert!(
                line.chars().count() <= WIDTH,
                "assay {words} --help: {line:?}"
            );
            assert!(!line.contains("[env:"), "assay {words} --help: {line:?}");
        }
    }
    assert!(
        top.lines().all(|line| line.chars().count() <= WIDTH),
        "{top}"
    );
}

#[test]
fn help_reads_well() {
    let world = World::new();
    insta::assert_snapshot!(seen(&world, "infer --help"), @r#"
    Buy an inference and wait for its receipt

    Usage: assay infer [OPTIONS] --model <NAME|ID>

    Options:
          --wallet <NAME|FILE>  A wallet's name or file [default: default]
          --model <NAME|ID>     The model, by name or id
          --input <FILE>        The input: .png, .npy, .npz or .json
          --check <CHECK>       Who decides: `quorum:2of3` (two of three sellers
                                must agree), `proof` (the ledger verifies one
                                seller's) or `approval` (you) [default: quorum:2of3]
          --key <ID>            The proof key to order under [default: the model's
                                only one]
          --max-price <ASY>     Most you pay each seller (ASY) [default: 0.01]
          --within <SECONDS>    Seconds until an order has ended at the latest
                                [default: 28; 60 in a batch]
          --batch <FILE.npz>    Buy one inference for each row of `x` in this
                                archive
          --count <N>           Rows of the batch to buy [default: all]
          --labels <ARRAY>      Array of the batch with the true labels [default:
                                `y`]
      -h, --help                Print help

    Global options:
          --json           Answers as JSON objects, one a line
      -v, --verbose...     Log more: -v steps, -vv details, -vvv everything
      -q, --quiet          Answers and errors only
          --node <URL>     The node to talk to [default: http://127.0.0.1:2790]
          --home <DIR>     Folder of wallets, receipts and data
          --config <FILE>  Configuration file instead of the usual one
          --color <WHEN>   Colour: auto, always or never [default: auto]
          --log <FILTER>   Log filter, for instance `assay_worker=debug`

    Examples:
      assay infer --model digits-lenet --input models/digits/digit-7.png
      assay infer --model digits-mlp --input x.json --check approval
      assay infer --model digits-mlp --input digit-7.png --check proof
      assay infer --model digits-lenet --batch models/digits/test.npz --count 1000

    Inputs are PNG images, .npy or .npz arrays, or JSON tensors. They are public:
    anyone can read them.

    With `proof` one seller delivers the answer and a succinct proof of inference,
    and the ledger verifies it: input and output are public, the weights stay with
    the seller. The model needs a registered proof key.

    With `approval` you are asked on the terminal; without one, or with --json, the
    delivery is approved, as silence would.
    exit code 0
    "#);
    insta::assert_snapshot!(seen(&world, "wallet --help"), @r#"
    Keep wallets: make, list, import, export, choose

    Usage: assay wallet [OPTIONS] <COMMAND>

    Commands:
      list    List the wallets there are
      show    Show a wallet's address and what its account has
      new     Make a key and keep it, encrypted, in a file
      import  Take in a wallet file or a secret key
      export  Write a backup of a wallet; its passphrase is needed
      use     Choose the wallet that commands use unless told otherwise
      remove  Delete one of your wallets
      help    Print this message or the help of the given subcommand(s)

    Options:
      -h, --help  Print help

    Global options:
          --json           Answers as JSON objects, one a line
      -v, --verbose...     Log more: -v steps, -vv details, -vvv everything
      -q, --quiet          Answers and errors only
          --node <URL>     The node to talk to [default: http://127.0.0.1:2790]
          --home <DIR>     Folder of wallets, receipts and data
          --config <FILE>  Configuration file instead of the usual one
          --color <WHEN>   Colour: auto, always or never [default: auto]
          --log <FILTER>   Log filter, for instance `assay_worker=debug`
    exit code 0
    "#);
}

#[test]
fn the_first_page_lists_commands_by_what_they_are_for() {
    let world = World::new();
    let page = see(&world, "").exits(2).stderr;
    let mut at = 0;
    for part in [
        "Usage: assay",
        "Markets:",
        "  infer ",
        "Proofs:",
        "  prove ",
        "Accounts:",
        "  wallet ",
        "Chains:",
        "  node ",
        "This machine:",
        "  doctor ",
        "Options:",
        "Examples:",
        "Exit codes:",
    ] {
        let found = page[at..]
            .find(part)
            .unwrap_or_else(|| panic!("`{part}` is not next in {page}"));
        at += found;
    }
    assert!(!page.contains("More:"), "a command is in no group: {page}");
}

#[test]
fn errors_read_well() {
    let world = World::new();
    insta::assert_snapshot!(seen(&world, "inferr"), @r#"
    error: unrecognized subcommand 'inferr'

      tip: a similar subcommand exists: 'infer'

    Usage: assay [OPTIONS] <COMMAND>

    For more information, try '--help'.
    exit code 2
    "#);
    insta::assert_snapshot!(seen(&world, "infer --modle x"), @r#"
    error: unexpected argument '--modle' found

      tip: a similar argument exists: '--model'

    Usage: assay infer --model <NAME|ID>

    For more information, try '--help'.
    exit code 2
    "#);
    insta::assert_snapshot!(seen(&world, "provide --ask dear"), @r#"
    error: invalid value 'dear' for '--ask <ASY>': `dear` is not an amount; write
    ASY as `12`, `0.5` or `0.000000001`

    For more information, try '--help'.
    exit code 2
    "#);
    insta::assert_snapshot!(seen(&world, "wallet show"), @r#"
    error: there is no wallet `default` in HOME
    hint: `assay wallet new` makes one; `assay node --dev` writes funded ones for
          play
    exit code 2
    "#);
    insta::assert_snapshot!(seen(&world, "model inspect nothing"), @r#"
    error: `nothing` is neither a bundled model nor a folder
    hint: bundled are digits-lenet, digits-mlp, digits-smallcnn; `assay model
          import` makes a folder
    exit code 2
    "#);
    insta::assert_snapshot!(seen(&world, "transfer asy1x 1 --node ftp://x"), @r#"
    error: invalid value 'asy1x' for '<TO>': `asy1x` is not an address: invalid
    checksum; an address looks like asy1… and has 62 characters

    For more information, try '--help'.
    exit code 2
    "#);
    insta::assert_snapshot!(seen(&world, "order list --node http://127.0.0.1:1 --wallet none"), @r#"
    error: cannot reach the node at http://127.0.0.1:1/v1/status; start it, or check
           the address
      because Connection refused (os error 111)
    hint: start one with `assay node --dev`, or name another with --node or
          ASSAY_NODE
    exit code 2
    "#);
    insta::assert_snapshot!(seen(&world, "config set nodes x"), @r#"
    error: there is no setting `nodes`
    hint: did you mean `node`? `assay config show` lists every setting
    exit code 2
    "#);
    insta::assert_snapshot!(seen(&world, "inferr --json"), @r#"
    {"error":["unrecognized subcommand 'inferr'"],"hints":["a similar subcommand exists: 'infer'"]}
    exit code 2
    "#);
}

#[test]
fn colours_are_asked_for_and_carry_no_meaning_alone() {
    let world = World::new();
    let plain = see(&world, "infer --help").stdout;
    let painted = see(&world, "infer --help --color always").stdout;
    assert!(painted.contains("\u{1b}["), "{painted:?}");
    assert_eq!(anstream::adapter::strip_str(&painted).to_string(), plain);
    let error = see(&world, "wallet show --color always").stderr;
    let stripped = anstream::adapter::strip_str(&error).to_string();
    assert!(
        error.contains("\u{1b}[") && stripped.starts_with("error: "),
        "{error:?}"
    );
}

#[test]
fn manual_pages_and_completions_cover_every_command() {
    let world = World::new();
    let folder = world.path("man");
    world
        .run(&format!("man --out {}", folder.display()))
        .exits(0);
    for page in ["assay.1", "assay-infer.1", "assay-wallet-import.1"] {
        let text = std::fs::read_to_string(folder.join(page)).unwrap();
        assert!(text.contains(".TH assay"), "{page}: {text}");
    }
    let page = world.run("man infer").exits(0).stdout;
    assert!(
        page.contains("ASSAY_INFER_MAX_PRICE") && page.contains("Examples"),
        "{page}"
    );
    world
        .run("man nothing")
        .exits(2)
        .says(&["no command `assay nothing`"]);
    for shell in ["bash", "zsh", "fish"] {
        let script = world.run(&format!("completions {shell}")).exits(0).stdout;
        for word in ["doctor", "max-price", "import"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn proofs_are_explained() {
    let world = World::new();
    insta::assert_snapshot!(own(&seen(&world, "prove --help")), @r#"
    Run a model and prove what it answers, offline

    Usage: assay prove [OPTIONS] <MODEL> <INPUT>...

    Arguments:
      <MODEL>     A bundled model's name or a folder
      <INPUT>...  What it is shown: .png, .npy, .npz or .json; all in one proof, at
                  most 256

    Options:
      -o, --out <FILE>         Where to write the proof and what it states [default:
                               proof.bin]
          --weights <MODE>     What a verifier has: a key to the weights
                               (`committed`) or the weights (`public`) [default:
                               committed]
          --key-out <FILE>     Where to write the key [default: key.bin beside the
                               proof]
          --tensors <DIR>      Also write inputs and outputs as canonical tensors
                               here
          --report             Print how sound the proof is, term by term
          --memory-max <SIZE>  Refuse what would take more memory, e.g. `4GiB`
                               [default: what is free]
      -h, --help               Print help

    Examples:
      assay prove digits-lenet models/digits/digit-7.png
      assay prove digits-mlp a.png b.png c.png --weights public -o three.bin
      assay prove my-model/ x.npz --report --memory-max 4GiB

    Writes one file: what went in, what came out, and a succinct proof of
    inference, that the model computes the one from the other. `assay verify` checks
    it anywhere, without running the model.

    Whoever has the file reads inputs and outputs, and learns evaluations of the
    model's activations, and of its weights where they are committed, at random
    points. Committed weights stay with you: a verifier needs their key, which is
    the same for all proofs of a model. Nothing in a key shows which weights it
    commits to, so a verifier without them gets it from somebody it trusts.
    exit code 0
    "#);
    insta::assert_snapshot!(own(&seen(&world, "verify --help")), @r#"
    Check a proof of inference, offline

    Usage: assay verify [OPTIONS] <PROOF>

    Arguments:
      <PROOF>  The proof and what it states

    Options:
          --model <MODEL>  The model: a bundled one's name or a folder
          --key <FILE>     The model's key, where you have no weights
          --input <FILE>   What must have gone in, in order: as for `assay prove`,
                           or canonical tensors
          --output <FILE>  What must have come out, in order: canonical tensors
          --tensors <DIR>  Write inputs and outputs as canonical tensors here, if
                           the proof holds
      -h, --help           Print help

    Examples:
      assay verify proof.bin --key key.bin
      assay verify proof.bin --model digits-lenet --input models/digits/digit-7.png

    The file says what went in and what came out; the check says whether the model
    computes the one from the other. Make sure that it is your input: name it
    with --input, or compare the ids that are printed. Get the key from somebody
    you trust, not from whoever gave you the proof, or make it from the model with
    --model. Exit code 0 means that the proof holds, 1 that it is refused.
    exit code 0
    "#);
}

/// Help without the options of every command.
fn own(help: &str) -> String {
    let (before, after) = help.split_once("Global options:").unwrap();
    let (_, examples) = after.split_once("Examples:").unwrap();
    format!("{before}Examples:{examples}")
}
