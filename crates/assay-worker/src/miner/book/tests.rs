use super::*;
use assay_types::{ChainId, ContentId, TopicId};

const NOW: u64 = 1_700_000_000_000;
const IN_FLIGHT_MAX: usize = 10;

const fn time(after_ms: u64) -> UnixTime {
    UnixTime::new(NOW + after_ms)
}

fn caller(seed: u8) -> AccountId {
    AccountId::new([seed; 32])
}

/// The `nonce`-th ask of caller `from`, dated `at`.
fn ask(from: u8, nonce: u64, at: UnixTime) -> Ask {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&nonce.to_be_bytes());
    Ask {
        chain: ChainId::default(),
        topic: TopicId::default(),
        from: caller(from),
        to: AccountId::default(),
        at,
        nonce: Hash32::new(bytes),
        body: ContentId::of(b""),
    }
}

fn book() -> Book {
    Book::new(time(0), IN_FLIGHT_MAX)
}

/// Enters and leaves at once.
fn pass(book: &mut Book, now: UnixTime, ask: &Ask) -> Result<(), Refused> {
    book.enter(now, ask)?;
    book.leave(ask.from);
    Ok(())
}

fn entries(book: &Book) -> usize {
    book.callers.values().map(|caller| caller.seen.len()).sum()
}

#[test]
fn the_window_is_as_wide_before_as_after() {
    let now = time(100_000);
    for (at, inside) in [
        (time(100_000), true),
        (time(70_000), true),
        (time(69_999), false),
        (time(130_000), true),
        (time(130_001), false),
        (UnixTime::new(0), false),
        (UnixTime::new(u64::MAX), false),
    ] {
        let entered = pass(&mut book(), now, &ask(1, 1, at));
        assert_eq!(entered.is_ok(), inside, "{at}: {entered:?}");
        if let Err(refused) = entered {
            assert!(matches!(refused, Refused::OutsideWindow { .. }), "{at}");
        }
    }
}

#[test]
fn a_nonce_counts_once_for_as_long_as_its_ask_could_be_accepted() {
    // Dated ahead, so that it is inside the window for twice the window.
    let first = ask(1, 1, time(ASK_WINDOW_MS));
    let mut book = book();
    pass(&mut book, time(0), &first).expect("new");
    for now in (0..=2 * ASK_WINDOW_MS).step_by(500) {
        // Others' asks make the book forget what it can.
        pass(&mut book, time(now), &ask(2, now, time(now))).expect("new");
        let again = pass(&mut book, time(now), &first);
        assert!(matches!(again, Err(Refused::NonceUsed)), "{now}: {again:?}");
        // The same nonce with another date is no other.
        let redated = pass(&mut book, time(now), &ask(1, 1, time(now)));
        assert!(matches!(redated, Err(Refused::NonceUsed)), "{now}");
    }
    let late = pass(&mut book, time(2 * ASK_WINDOW_MS + 1), &first);
    assert!(
        matches!(late, Err(Refused::OutsideWindow { .. })),
        "{late:?}"
    );
    let end = time(2 * ASK_WINDOW_MS + 1);
    pass(&mut book, end, &ask(3, 1, end)).expect("nonces are each caller's own");
}

#[test]
fn what_was_forgotten_stays_refused_when_the_clock_goes_back() {
    let first = ask(1, 1, time(10));
    let mut book = book();
    pass(&mut book, time(10), &first).expect("new");
    let day = 24 * 3_600_000;
    pass(&mut book, time(day), &ask(1, 2, time(day))).expect("new");
    assert_eq!(entries(&book), 1, "the first was forgotten");
    let again = pass(&mut book, time(20), &first);
    assert!(matches!(again, Err(Refused::Forgotten { .. })), "{again:?}");
    pass(&mut book, time(20), &ask(1, 3, time(20))).expect("and nothing else is");
}

#[test]
fn what_an_earlier_process_may_have_seen_is_refused() {
    let mut book = book();
    let before = pass(&mut book, time(5), &ask(1, 1, UnixTime::new(NOW - 1)));
    assert!(
        matches!(before, Err(Refused::Forgotten { .. })),
        "{before:?}"
    );
    pass(&mut book, time(5), &ask(1, 1, time(0))).expect("signed since");
}

#[test]
fn a_flood_of_nonces_by_one_caller_does_not_hurt_another() {
    let mut book = book();
    for nonce in 0..NONCES_PER_CALLER_MAX as u64 {
        pass(&mut book, time(0), &ask(1, nonce, time(0))).expect("below the limit");
    }
    let more = ask(1, u64::MAX, time(0));
    for _ in 0..3 {
        let refused = pass(&mut book, time(0), &more);
        assert!(
            matches!(refused, Err(Refused::NoncesFull { .. })),
            "{refused:?}"
        );
    }
    assert_eq!(entries(&book), NONCES_PER_CALLER_MAX, "no more are kept");
    let replayed = pass(&mut book, time(0), &ask(1, 0, time(0)));
    assert!(
        matches!(replayed, Err(Refused::NonceUsed)),
        "none was pushed out"
    );
    pass(&mut book, time(0), &ask(2, 0, time(0))).expect("another's share is its own");
    // The flood passes with its window.
    let later = time(ASK_WINDOW_MS + SWEEP_MS);
    pass(&mut book, later, &ask(1, u64::MAX, later)).expect("room again");
    assert_eq!(entries(&book), 1);
}

#[test]
fn a_callers_places_are_its_own_and_its_first_never_waits() {
    let mut book = book();
    let mut nonce = 0;
    let mut enter = |book: &mut Book, from| {
        nonce += 1;
        book.enter(time(0), &ask(from, nonce, time(0)))
    };
    for _ in 0..ASKS_IN_FLIGHT_PER_CALLER_MAX {
        enter(&mut book, 1).expect("a place");
    }
    let refused = enter(&mut book, 1);
    assert!(
        matches!(refused, Err(Refused::CallerFull { .. })),
        "{refused:?}"
    );
    for _ in ASKS_IN_FLIGHT_PER_CALLER_MAX..IN_FLIGHT_MAX {
        enter(&mut book, 2).expect("a place");
    }
    let refused = enter(&mut book, 2);
    assert!(matches!(refused, Err(Refused::Full)), "{refused:?}");
    enter(&mut book, 3).expect("its first");
    let refused = enter(&mut book, 3);
    assert!(matches!(refused, Err(Refused::Full)), "{refused:?}");
    // A refusal takes neither place nor nonce.
    assert_eq!(
        (book.in_flight, entries(&book)),
        (IN_FLIGHT_MAX + 1, IN_FLIGHT_MAX + 1)
    );
    book.leave(caller(1));
    book.leave(caller(1));
    enter(&mut book, 3).expect("a place was given back");
}

#[test]
fn callers_of_whom_nothing_is_left_are_dropped() {
    let mut book = book();
    for from in 1..=200 {
        pass(&mut book, time(0), &ask(from, 1, time(0))).expect("new");
    }
    book.enter(time(0), &ask(201, 1, time(0))).expect("new");
    let later = time(ASK_WINDOW_MS + SWEEP_MS);
    pass(&mut book, later, &ask(1, 2, later)).expect("new");
    let kept: Vec<_> = book.callers.keys().copied().collect();
    assert_eq!(
        kept,
        [caller(1), caller(201)],
        "one asked, one is under way"
    );
    book.leave(caller(201));
}
