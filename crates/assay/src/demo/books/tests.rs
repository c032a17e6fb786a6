use super::*;

fn books(held: [u64; 3], burnt: u64) -> Books {
    books_after(held, burnt, 100)
}

fn books_after(held: [u64; 3], burnt: u64, issued: u64) -> Books {
    let rows = held
        .iter()
        .zip(1..)
        .map(|(held, seed)| (AccountId::new([seed; 32]), Amount::new(*held)));
    let circulating: u64 = held.iter().sum();
    Books {
        rows: rows.collect(),
        supply: SupplyView {
            issued: Amount::new(issued),
            burnt: Amount::new(burnt),
            circulating: Amount::new(circulating),
        },
    }
}

#[test]
fn books_add_up_only_when_every_grain_is_found() {
    let before = books([50, 30, 10], 10);
    let after = books([45, 33, 10], 12);
    assert!(before.adds_up() && after.adds_up() && before.leads_to(&after));
    assert!(!after.leads_to(&before), "burnt money does not return");

    let rebated = books_after([46, 33, 10], 12, 101);
    assert!(rebated.adds_up() && before.leads_to(&rebated));
    assert_eq!(
        before.sum(&rebated),
        "0.000000089 = before - 0.000000002 burnt + 0.000000001 new"
    );
    assert!(
        !before.leads_to(&books_after([46, 33, 10], 12, 102)),
        "what was issued is somewhere"
    );

    let mut stolen = after;
    stolen.rows[0].1 = Amount::new(44);
    assert!(!stolen.adds_up());
    assert!(
        !books([45, 33, 10], 11).adds_up(),
        "a grain came from nowhere"
    );
}

#[test]
fn accounts_whose_money_did_not_move_share_a_row() {
    let mut cast = Cast::default();
    cast.add(AccountId::new([1; 32]), "buyer");
    cast.add(AccountId::new([2; 32]), "anna");
    let table = books([50, 30, 10], 10).compare(&books([45, 33, 10], 12), &cast);
    insta::assert_snapshot!(table.render(80).join("\n"), @r"
      ASY            before        after        change
      buyer     0.000000050  0.000000045  -0.000000005
      anna      0.000000030  0.000000033  +0.000000003
      others    0.000000010  0.000000010
      together  0.000000090  0.000000088  -0.000000002
    ");
}
