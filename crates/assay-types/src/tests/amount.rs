use crate::{Amount, AmountError, BasisPoints, FeeRate, GRAINS_PER_ASY, SUPPLY_MAX, Weight};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

#[test]
fn amounts_read_as_people_write_them() {
    for (text, grains) in [
        ("0", 0),
        ("0.0", 0),
        ("1", GRAINS_PER_ASY),
        ("1.5", 1_500_000_000),
        ("007.50", 7_500_000_000),
        ("0.000000001", 1),
        ("0.1", 100_000_000),
        ("1000000000", SUPPLY_MAX.get()),
        ("1000000000.000000000", SUPPLY_MAX.get()),
    ] {
        assert_eq!(Amount::parse_asy(text), Ok(Amount::new(grains)), "{text}");
    }
}

#[test]
fn texts_that_are_no_amount_are_refused() {
    let long = "1".repeat(21);
    for text in [
        "",
        " ",
        "1 ",
        " 1",
        "1 ASY",
        "1.",
        ".5",
        ".",
        "-1",
        "+1",
        "1e9",
        "1,5",
        "1_000",
        "0x1",
        "1.2.3",
        "NaN",
        "inf",
        "1.0000000001",
        "0.0000000000",
        "١",
        "½",
        &long,
    ] {
        let refused = matches!(Amount::parse_asy(text), Err(AmountError::Malformed { .. }));
        assert!(refused, "{text}");
    }
    for text in [
        "1000000000.000000001",
        "1000000001",
        "18446744074",
        "99999999999999999999",
    ] {
        let refused = matches!(Amount::parse_asy(text), Err(AmountError::TooLarge { .. }));
        assert!(refused, "{text}");
    }
}

#[test]
fn amounts_print_without_trailing_zeros() {
    for (grains, text) in [
        (0, "0 ASY"),
        (1, "0.000000001 ASY"),
        (1_500_000_000, "1.5 ASY"),
        (20 * GRAINS_PER_ASY, "20 ASY"),
        (u64::MAX, "18446744073.709551615 ASY"),
    ] {
        assert_eq!(Amount::new(grains).to_string(), text);
    }
    assert_eq!(
        format!("{:>9}|{:<9}|", Amount::ZERO, Amount::ZERO),
        "    0 ASY|0 ASY    |"
    );
}

proptest! {
    #[test]
    fn printed_amounts_read_back(grains in 0..=SUPPLY_MAX.get()) {
        let amount = Amount::new(grains);
        let text = amount.to_string();
        let number = text.strip_suffix(" ASY").expect("the unit");
        prop_assert_eq!(Amount::parse_asy(number), Ok(amount));
    }

    #[test]
    fn any_text_is_an_amount_or_refused(text in "[0-9.,eE+\\- ]{0,30}") {
        if let Ok(amount) = Amount::parse_asy(&text) {
            prop_assert!(amount <= SUPPLY_MAX);
        }
    }

    #[test]
    fn arithmetic_never_wraps(left in any::<u64>(), right in any::<u64>()) {
        let (a, b) = (Amount::new(left), Amount::new(right));
        prop_assert_eq!(a.checked_add(b).map(Amount::get), left.checked_add(right));
        prop_assert_eq!(a.checked_sub(b).map(Amount::get), left.checked_sub(right));
        prop_assert_eq!(a.checked_mul(right).map(Amount::get), left.checked_mul(right));
        prop_assert_eq!(a.saturating_add(b).get(), left.saturating_add(right));
        prop_assert_eq!(a.saturating_sub(b).get(), left.saturating_sub(right));
        let price = FeeRate::new(left).price(Weight::new(right)).get();
        prop_assert_eq!(price, left.saturating_mul(right));
    }

    #[test]
    fn shares_are_floored(grains in any::<u64>(), points in 0..=BasisPoints::WHOLE.get()) {
        let share = Amount::new(grains).share_floor(BasisPoints::new(points));
        let exact = u128::from(grains) * u128::from(points) / 10_000;
        prop_assert_eq!(u128::from(share.get()), exact);
        prop_assert!(share.get() <= grains);
    }
}
