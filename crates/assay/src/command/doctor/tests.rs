use super::{Verdict, machine, network, places};
use std::{
    fs::File,
    io,
    time::{Duration, UNIX_EPOCH},
};

#[test]
fn space_and_clocks_are_judged_by_their_limits() {
    let gib = machine::GIB;
    for (free, expect) in [
        (0, Verdict::Fail),
        (gib / 4, Verdict::Warn),
        (10 * gib - 1, Verdict::Warn),
        (10 * gib, Verdict::Ok),
    ] {
        assert_eq!(places::space(free).verdict, expect, "{free}");
    }
    for (ledger, machine, expect, part) in [
        (10_000, 10_000, Verdict::Ok, "agrees"),
        (15_000, 10_000, Verdict::Ok, "agrees"),
        (16_000, 10_000, Verdict::Warn, "6 s ahead"),
        (10_000, 75_000, Verdict::Warn, "65 s behind"),
    ] {
        let finding = network::ledger_time(ledger, machine);
        assert_eq!(finding.verdict, expect);
        assert!(finding.found.contains(part), "{}", finding.found);
    }
    assert_eq!(machine::clock(UNIX_EPOCH).verdict, Verdict::Fail);
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    assert_eq!(machine::clock(now).verdict, Verdict::Ok);
    assert_eq!(crate::words::bytes(gib * 39 / 10), "3.8 GiB");
    assert_eq!(crate::words::bytes(gib / 2), "512 MiB");
}

#[test]
fn limits_on_open_files_are_read_where_linux_tells_them() {
    let limits =
        |soft: &str| format!("Limit  Soft\nMax open files            {soft}    4096   files\n");
    for (soft, expect) in [
        ("1024", Some(Verdict::Ok)),
        ("256", Some(Verdict::Warn)),
        ("unlimited", Some(Verdict::Ok)),
        ("many", None),
    ] {
        let finding = machine::open_files(Some(&limits(soft)));
        assert_eq!(finding.map(|finding| finding.verdict), expect, "{soft}");
    }
    assert_eq!(machine::open_files(None), None);
}

#[test]
fn a_port_is_free_the_nodes_or_somebody_elses() {
    let listen = "127.0.0.1:2790".parse().unwrap();
    let taken = || Err(io::Error::from(io::ErrorKind::AddrInUse));
    let odd = || Err(io::Error::from(io::ErrorKind::AddrNotAvailable));
    for (bound, is_ours, expect) in [
        (Ok(()), false, Verdict::Ok),
        (taken(), true, Verdict::Ok),
        (taken(), false, Verdict::Fail),
        (odd(), false, Verdict::Fail),
    ] {
        let finding = network::port(listen, bound, is_ours);
        assert_eq!(finding.verdict, expect, "{finding:?}");
        assert_eq!(finding.advice.is_some(), expect != Verdict::Ok);
    }
}

#[test]
fn a_lock_is_free_held_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("LOCK");
    assert_eq!(places::lock(&path), "never started");
    let held = File::create(&path).unwrap();
    assert_eq!(places::lock(&path), "free");
    held.lock().unwrap();
    assert_eq!(places::lock(&path), "in use by a running process");
}
