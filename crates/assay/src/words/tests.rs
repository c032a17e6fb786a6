use super::*;

#[test]
fn times_are_dates() {
    for (ms, expect) in [
        (0, "1970-01-01 00:00:00 UTC"),
        (951_782_399_999, "2000-02-28 23:59:59 UTC"),
        (951_782_400_000, "2000-02-29 00:00:00 UTC"),
        (1_709_251_199_000, "2024-02-29 23:59:59 UTC"),
        (1_735_689_600_000, "2025-01-01 00:00:00 UTC"),
        (4_102_444_800_000, "2100-01-01 00:00:00 UTC"),
        (4_107_542_400_000, "2100-03-01 00:00:00 UTC"),
    ] {
        assert_eq!(time(LedgerTime::new(ms)), expect);
    }
}

#[test]
fn columns_align_and_changes_have_a_sign() {
    let (one, two) = (Amount::new(1_000_000_000), Amount::new(2_500_000_001));
    assert_eq!(column(two), "2.500000001");
    assert_eq!(change(one, two), "+1.500000001");
    assert_eq!(change(two, one), "-1.500000001");
    assert_eq!(change(one, one), "");
}
