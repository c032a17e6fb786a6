//! A question to a topic over the real binary: refused, answered at once, and settled with the topic's epochs.

use crate::program::Town;
use assay_api::{EventView, StreamMessage};
use assay_client::{Client, EventQuery, Sender, WalletFile};
use assay_types::{Amount, Blob, Call, GRAINS_PER_ASY, Lane, TopicId};
use std::thread::{self, JoinHandle};

/// Offers answers with a wallet of the development network, and answers `questions` of them.
fn mine(town: &Town, wallet: &str, topic: TopicId, answer: &'static str, questions: u32) -> Miner {
    let path = town.world.path(&format!("dev/wallets/{wallet}.wallet"));
    let key = WalletFile::open(&path, "assay-dev").unwrap();
    let url = town.url.clone();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sender = runtime.block_on(async {
        let client = Client::connect(&url).await.unwrap();
        let sender = Sender::new(client, key, Lane::default());
        let amount = Amount::new(GRAINS_PER_ASY);
        sender.send_and_wait(Call::Bond { amount }).await.unwrap();
        let ask = Amount::new(GRAINS_PER_ASY / 200);
        sender.offer_answers(topic, ask, 1).await.unwrap();
        sender
    });
    thread::spawn(move || {
        runtime.block_on(async {
            let client = sender.client();
            let height = client.status().await.unwrap().height;
            let mut events = client.events(EventQuery::after(height));
            let mut left = questions;
            while left > 0 {
                let StreamMessage::Market(stamped) = events.next().await.unwrap() else {
                    continue;
                };
                if let EventView::Assigned { order, .. } = stamped.event {
                    sender.send_and_wait(Call::Accept { order }).await.unwrap();
                    let answer = Blob::new(answer.as_bytes()).unwrap();
                    sender.deliver_answer(order, answer).await.unwrap();
                    left -= 1;
                }
            }
        });
    })
}

type Miner = JoinHandle<()>;

#[test]
fn a_topic_answers_at_once_and_judges_later() {
    let town = Town::new();
    let created = town
        .run("topic create --wallet buyer --epoch 10 --slots 4 --validators 1 --json")
        .exits(0)
        .json();
    let topic = created["topic"].as_str().unwrap().to_owned();
    let ask = format!("topic ask {topic} --wallet buyer --max-price 0.01");
    town.run(&format!("{ask} --input nowhere.json"))
        .exits(2)
        .says(&["nowhere.json", "hint:", "--input takes JSON"]);
    town.run(&ask)
        .exits(2)
        .says(&["fewer independent sellers", "hint:"]);
    town.run("topic ask zz --wallet buyer --max-price 0.01")
        .exits(2)
        .says(&["begins with `zz`"]);

    town.run(&format!("topic register {topic} --wallet seller-2"))
        .exits(0);
    let (address, id) = (town.address("seller-2"), topic.parse().unwrap());
    let miner = mine(&town, "seller-2", id, "{\"rain\": 0.25}", 1);
    town.run(&format!("{ask} --input {{\"city\":\"Lisbon\"}}"))
        .exits(0)
        .says(&["{\"rain\": 0.25}", &address, "judges the answer"]);
    miner.join().unwrap();

    // Nobody validates, so nobody earns by work, and the price returns.
    let question = town.world.path("question.json");
    std::fs::write(&question, "{\"city\": \"Porto\"}\n").unwrap();
    let miner = mine(&town, "seller-2", id, "\u{1b}[31mred", 1);
    let line = format!("{ask} --input {} --wait --json", question.display());
    let ended = town.run(&line).exits(1);
    miner.join().unwrap();
    let said: Vec<serde_json::Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [answer, verdict] = &said[..] else {
        panic!("{said:?}")
    };
    assert_eq!(answer["answer"], "\u{1b}[31mred");
    assert_eq!(answer["miner"], address.as_str());
    assert_eq!(verdict["order"], answer["order"]);
    assert_eq!(verdict["verdict"]["reason"], "no_merit");
    assert_eq!(verdict["price_grains"], "0");
    let order = answer["order"].as_str().unwrap();
    town.run(&format!("order show {order}"))
        .exits(0)
        .says(&["refunded"]);
    let kept = verdict["receipt"].as_str().unwrap();
    town.run(&format!("receipt show {kept}")).exits(0).says(&[
        "topic",
        &topic,
        "score",
        "earned nothing",
    ]);
}
