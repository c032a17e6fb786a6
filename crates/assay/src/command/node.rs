//! `assay node`: a validator with its HTTP interface, until it is asked to stop.

use crate::{
    cli::{Globals, KEEP_BLOCKS_MIN, LISTEN_DEFAULT, Node, NodeAction, NodeRun as Args},
    command::model::register_key::register_bundled,
    devnet::{DEV_PASSPHRASE, Folder},
    failure::{Done, Ended, Hint},
    home::{Home, NODE_DEFAULT},
    interrupt,
    network::{self, NodeFile},
    output::{Output, bold, dim},
    passphrase,
};
use anyhow::anyhow;
use assay_client::{Client, Sender};
use assay_node::{NetworkConfig, NodeConfig, RateLimit, Retention, dev};
use assay_types::Lane;
use serde_json::json;
use std::time::Duration;

mod export;

/// Longest wait for the proof keys of a development network: a few blocks, were the machine very busy.
const KEYS_PATIENCE: Duration = Duration::from_secs(20);

/// Runs a node, or exports a stopped one's state.
///
/// # Errors
/// What the node or the export could not do.
pub(crate) async fn run(args: &Node, globals: &Globals, output: &Output) -> Done {
    match &args.action {
        Some(NodeAction::Export(args)) => export::run(args, output),
        None => serve(&args.run, globals, output).await,
    }
}

/// Starts the node, says where it is, and serves until Ctrl-C.
///
/// # Errors
/// When there is no network to serve, the port or the folder is in use, or the chain does not start.
async fn serve(args: &Args, globals: &Globals, output: &Output) -> Done {
    let folder = match (&args.dir, args.dev) {
        (Some(dir), _) => Folder::new(dir),
        (None, true) => Folder::new(Home::new(globals.home.as_deref())?.dev()),
        (None, false) => Folder::new(Home::new(globals.home.as_deref())?.node()),
    };
    if args.dev && !folder.exists() {
        folder.make()?;
    }
    if !folder.exists() {
        return Err(anyhow!(
            "there is no network in {}",
            folder.path().display()
        ))
        .hint(|| "`assay node --dev` makes a development network, `assay network new` one of several validators");
    }
    let mut config = if folder.node_file().exists() {
        one_of_several(&folder, args)?
    } else {
        single(&folder, args)?
    };
    config.origins.clone_from(&args.allow_origin);
    config.rate = RateLimit::per_second(args.requests_per_second);
    let genesis = &config.chain.genesis;
    let (chain, network) = (genesis.chain_id(), genesis.network.to_string());
    let node = assay_node::Node::start(config).await?;
    let url = node.url();
    if args.dev {
        register_keys(&url, &folder, output).await;
    }
    output.json(&json!({
        "url": url,
        "chain": chain.to_string(),
        "network": network,
        "data": folder.path(),
        "anchor": folder.anchor(),
        "wallets": args.dev.then(|| folder.wallets()),
    }));
    output.line(format_args!("{} serves {network}", bold("Assay node")));
    output.blank();
    let mut facts = vec![
        ("address", url.clone()),
        ("chain", chain.to_string()),
        ("data", folder.path().display().to_string()),
        ("anchor", folder.anchor().display().to_string()),
    ];
    if args.dev {
        let sellers = format!("seller-1 … seller-{}", dev::SELLERS);
        facts.push((
            "wallets",
            format!(
                "{}, {}, {sellers}; passphrase {DEV_PASSPHRASE}",
                dev::BUYER,
                dev::AUTHOR
            ),
        ));
    }
    output.facts(facts);
    output.blank();
    if args.dev {
        let node = if url == NODE_DEFAULT {
            String::new()
        } else {
            format!(" --node {url}")
        };
        output.line(format_args!(
            "next: ASSAY_PASSPHRASE={DEV_PASSPHRASE} assay provide --wallet seller-1{node}"
        ));
    }
    output.line(dim("Ctrl-C stops it"));

    tokio::select! {
        () = interrupt::requested() => {}
        () = interrupt::end_of_input(), if args.until_eof => {}
    }
    output.note(dim("stopping"));
    node.shutdown().await;
    Ok(Ended::Well)
}

/// Registers the bundled models' proof keys, once, as their author. A network without them is one all the same.
async fn register_keys(url: &str, folder: &Folder, output: &Output) {
    let registered = async {
        let author = folder.dev_wallet(dev::AUTHOR)?;
        let client = Client::connect(url).await?;
        register_bundled(&Sender::new(client, author, Lane::default())).await
    };
    let registered = tokio::time::timeout(KEYS_PATIENCE, registered).await;
    let registered = registered.unwrap_or_else(|_| Err(anyhow!("the chain makes no blocks")));
    if let Err(error) = registered {
        output.note(format_args!(
            "the bundled models' proof keys are not registered: {error:#}"
        ));
    }
}

/// The only validator of a chain, whose key is in a wallet.
fn single(folder: &Folder, args: &Args) -> anyhow::Result<NodeConfig> {
    let genesis = folder.genesis()?;
    let passphrase = if args.dev {
        DEV_PASSPHRASE.to_owned()
    } else {
        passphrase::existing(&folder.validator())?
    };
    let validator = folder.validator_key(&passphrase)?;
    let listen = match args.listen {
        Some(listen) => listen,
        None => LISTEN_DEFAULT.parse()?,
    };
    let mut config = NodeConfig::single(folder.state(), genesis, validator, listen);
    config.chain.retention = retention(args.archive, args.keep_blocks);
    Ok(config)
}

/// One of several validators, as its `node.toml` says.
fn one_of_several(folder: &Folder, args: &Args) -> anyhow::Result<NodeConfig> {
    let file = NodeFile::read(&folder.node_file())?;
    let genesis = folder.genesis()?;
    let key = network::read_key(&folder.key_file())?;
    let peers = file.peers(&genesis, key.account())?;
    let listen = args.listen.unwrap_or(file.http);
    let mut config = NodeConfig::single(folder.state(), genesis, key, listen);
    config.chain.retention = match (args.archive, args.keep_blocks) {
        (false, None) => {
            if let Some(blocks) = file.keep_blocks.filter(|blocks| *blocks < KEEP_BLOCKS_MIN) {
                return Err(anyhow!(
                    "keep_blocks = {blocks} in node.toml is below {KEEP_BLOCKS_MIN}"
                ));
            }
            retention(file.archive, file.keep_blocks)
        }
        (archive, blocks) => retention(archive, blocks),
    };
    if config.chain.genesis.validators.len() > 1 {
        config.chain.network = Some(NetworkConfig {
            listen: file.listen,
            peers,
        });
    }
    Ok(config)
}

fn retention(archive: bool, keep_blocks: Option<u64>) -> Retention {
    match (archive, keep_blocks) {
        (true, _) => Retention::Everything,
        (false, Some(blocks)) => Retention::Window { blocks },
        (false, None) => Retention::default(),
    }
}
