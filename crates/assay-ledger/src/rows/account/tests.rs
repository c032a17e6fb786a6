use super::*;
use assay_types::{decode, encode};

fn lane(number: u8) -> Lane {
    Lane::new(number).expect("a lane below the limit")
}

#[test]
fn lanes_are_independent_and_survive_their_encoding() {
    let mut lanes = Lanes::default();
    lanes.advance(lane(3), 6);
    lanes.advance(lane(0), 0);
    for (number, next) in [(0, 1), (1, 0), (2, 0), (3, 7), (4, 0), (63, 0)] {
        assert_eq!(lanes.next(lane(number)), next, "lane {number}");
    }
    assert_eq!(
        decode::<Lanes>(&encode(&lanes)).expect("its own bytes"),
        lanes
    );
}

#[test]
fn an_unused_last_lane_is_refused() {
    let bytes = encode(&(1u8, vec![2u64, 0]));
    assert!(decode::<Lanes>(&bytes).is_err());
}

#[test]
fn a_default_record_takes_one_byte_and_has_one_spelling() {
    let mut record = Rare::<SellerRecord>::default();
    assert_eq!(encode(&record), [0]);
    record.change();
    assert_eq!(encode(&record), [0], "touched but still the default");
    assert_eq!(record, Rare::default());
    record.change().delivered = 5;
    let decoded = decode::<Rare<SellerRecord>>(&encode(&record)).expect("its own bytes");
    assert_eq!(decoded.get().delivered, 5);
    assert!(decode::<Rare<SellerRecord>>(&encode(&Some(SellerRecord::default()))).is_err());
}

#[test]
fn an_account_survives_its_encoding_and_one_that_only_pays_is_small() {
    let mut account = Account {
        balance: Amount::new(100_000_000_000),
        ..Account::default()
    };
    account.lanes.advance(lane(0), 200);
    assert_eq!(encode(&account).len(), 6 + 5 + 3 + 2);
    account.bond = Amount::new(u64::MAX);
    account.locked = Amount::new(127);
    (account.offers, account.orders, account.unbondings) = (1, u32::MAX, 300);
    account.buyer.change().placed = 9;
    assert_eq!(
        decode::<Account>(&encode(&account)).expect("its own bytes"),
        account
    );
}
