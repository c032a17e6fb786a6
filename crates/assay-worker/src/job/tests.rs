use super::*;

const ACCEPT_BY: u64 = 10_000;
const COMMIT_BY: u64 = 20_000;
const DELIVER_BY: u64 = 30_000;

fn quorum() -> Check {
    Check::Quorum {
        agree: 2,
        of: 3,
        commit_by: LedgerTime::new(COMMIT_BY),
        deliver_by: LedgerTime::new(DELIVER_BY),
    }
}

fn approval() -> Check {
    Check::Approval {
        deliver_by: LedgerTime::new(DELIVER_BY),
        approve_by: LedgerTime::new(DELIVER_BY + 10_000),
    }
}

fn case(check: Check, misbehaviour: Option<Misbehaviour>) -> Case {
    Case {
        chain: ChainId::new([1; 32]),
        seller: AccountId::new([2; 32]),
        order: OrderId::new([3; 32]),
        accept_by: LedgerTime::new(ACCEPT_BY),
        check,
        salt: Hash32::new([4; 32]),
        misbehaviour,
    }
}

fn reveal(output: &[u8]) -> QuorumReveal {
    QuorumReveal {
        output: Blob::new(output).expect("small"),
        salt: Hash32::new([4; 32]),
    }
}

fn proof() -> Check {
    Check::Proof {
        key: assay_types::ProofKeyId::default(),
        deliver_by: LedgerTime::new(DELIVER_BY),
    }
}

fn evidence(output: &[u8]) -> ProofEvidence {
    ProofEvidence {
        key: Blob::new(vec![1]).expect("small"),
        input: Blob::new(vec![2]).expect("small"),
        output: Blob::new(output).expect("small"),
        proof: Blob::new(vec![3]).expect("small"),
    }
}

fn committed_to(output: &[u8]) -> Hash32 {
    let case = case(quorum(), None);
    let id = ContentId::of(output);
    commitment(case.chain, case.order, case.seller, id, &case.salt)
}

/// Effects as the tables below write them.
fn words(effects: &[Effect]) -> String {
    let words = effects.iter().map(|effect| match effect {
        Effect::Prepare => "prepare".to_owned(),
        Effect::Execute => "execute".to_owned(),
        Effect::Prove => "prove".to_owned(),
        Effect::Record(Answer::Computed(answer)) => format!("record {:?}", &answer.output[..]),
        Effect::Record(Answer::Proven(evidence)) => {
            format!("record {:?} proven", &evidence.output[..])
        }
        Effect::Send(step, _) => format!("send {step:?}").to_lowercase(),
        Effect::Tell(note) => format!("tell {note:?}"),
        Effect::Forget => "forget".to_owned(),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Events as the tables below write them.
fn event(word: &str) -> JobEvent {
    match word {
        "prepared" => JobEvent::Prepared {
            now: LedgerTime::new(1_500),
            work_ms: 100,
        },
        "prepared late" => JobEvent::Prepared {
            now: LedgerTime::new(2_500),
            work_ms: 100,
        },
        "prepared slow" => JobEvent::Prepared {
            now: LedgerTime::new(1_500),
            work_ms: 9_000,
        },
        "prepared slower" => JobEvent::Prepared {
            now: LedgerTime::new(1_500),
            work_ms: 19_000,
        },
        "unprepared" => JobEvent::Unprepared(Note::CannotPrepare),
        "foreign key" => JobEvent::Unprepared(Note::ForeignKey),
        "proven" => JobEvent::Proven {
            evidence: Box::new(evidence(&[7, 8])),
        },
        "not proven" => JobEvent::Failed(Note::NotProven),
        "executed" => JobEvent::Executed { output: vec![7, 8] },
        "executed large" => JobEvent::Executed {
            output: vec![0; assay_types::OUTPUT_BYTES_MAX + 1],
        },
        "failed" => JobEvent::Failed(Note::CannotExecute),
        "recorded" => JobEvent::Recorded,
        "unrecorded" => JobEvent::Unrecorded,
        "accepted" => JobEvent::Accepted,
        "started" => JobEvent::Started,
        "committed" => JobEvent::Committed(committed_to(&[7, 8])),
        "committed elsewhere" => JobEvent::Committed(Hash32::new([9; 32])),
        "opened" => JobEvent::RevealsOpened,
        "delivered" => JobEvent::Delivered,
        "released" => JobEvent::Released,
        "closed" => JobEvent::Closed,
        "unsent accept" => JobEvent::Unsent(Step::Accept),
        "unsent commit" => JobEvent::Unsent(Step::Commit),
        "unsent deliver" => JobEvent::Unsent(Step::Deliver),
        "unsent reveal" => JobEvent::Unsent(Step::Reveal),
        "refused accept" => JobEvent::Refused(Step::Accept, Rejection::TooLate),
        "refused again" => JobEvent::Refused(Step::Accept, Rejection::AlreadyAccepted),
        "refused commit" => JobEvent::Refused(Step::Commit, Rejection::RevealsOpen),
        "refused commit again" => JobEvent::Refused(Step::Commit, Rejection::AlreadyCommitted),
        _ => match word.strip_prefix("time ").map(str::parse) {
            Some(Ok(ms)) => JobEvent::Time(LedgerTime::new(ms)),
            _ => panic!("no event is called `{word}`"),
        },
    }
}

/// Plays `story`, lines of `event -> effects`, from an assignment that must be answered by 2 000 ms.
fn play(check: Check, misbehaviour: Option<Misbehaviour>, story: &str) -> Job {
    let respond_by = LedgerTime::new(2_000);
    let (job, effects) = Job::assigned(case(check, misbehaviour), respond_by);
    assert_eq!(words(&effects), "prepare");
    go_on(job, story)
}

fn go_on(mut job: Job, story: &str) -> Job {
    for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (happens, expect) = line.split_once("->").expect("event -> effects");
        let effects = job.step(event(happens.trim()));
        assert_eq!(words(&effects), expect.trim(), "at `{line}` of\n{story}");
    }
    job
}

const QUORUM: &str = "
    prepared -> send accept
    accepted ->
    started -> execute
    executed -> record [7, 8]
    recorded -> send commit
    committed ->
    opened -> send reveal
    delivered ->
    closed -> forget";

#[test]
fn an_honest_seller_of_a_quorum() {
    play(quorum(), None, QUORUM);
}

#[test]
fn an_honest_seller_of_an_approval() {
    play(
        approval(),
        None,
        "prepared -> send accept
         accepted ->
         started -> execute
         executed -> record [7, 8]
         recorded -> send deliver
         delivered ->
         closed -> forget",
    );
}

#[test]
fn each_check_has_its_own_delivery() {
    let score = Check::Score {
        deliver_by: LedgerTime::new(DELIVER_BY),
    };
    for (check, expected) in [
        (approval(), assay_types::APPROVAL_DELIVER),
        (score, assay_types::SCORE_DELIVER),
    ] {
        let mut job = play(
            check,
            None,
            "prepared -> send accept
             accepted ->
             started -> execute
             executed -> record [7, 8]",
        );
        let effects = job.step(event("recorded"));
        let [Effect::Send(Step::Deliver, Call::CheckCall { tag, bytes, .. })] = &effects[..] else {
            panic!("{effects:?}")
        };
        assert_eq!(*tag, expected);
        let output: Blob<{ assay_types::OUTPUT_BYTES_MAX }> =
            assay_types::decode(bytes).expect("the output");
        assert_eq!(output[..], [7, 8]);
    }
}

#[test]
fn every_event_twice_changes_nothing() {
    let twice: String = QUORUM
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("prepared"))
        .map(|line| {
            let happens = line.split("->").next().expect("an event");
            format!("{line}\n{happens} ->\n")
        })
        .collect();
    play(quorum(), None, &format!("prepared -> send accept\n{twice}"));
}

#[test]
fn an_honest_seller_of_a_proof() {
    play(
        proof(),
        None,
        "prepared -> send accept
         accepted ->
         started -> prove
         proven -> record [7, 8] proven
         recorded -> send deliver
         unsent deliver -> send deliver
         delivered ->
         closed -> forget",
    );
    let (mut job, _) = Job::resumed(case(proof(), None), Standing::Working, None);
    job.step(event("prepared"));
    job.step(event("proven"));
    let deliver = ProofCall::Deliver(evidence(&[7, 8])).on(OrderId::new([3; 32]));
    let sent = job.step(event("recorded"));
    assert_eq!(sent, [Effect::Send(Step::Deliver, deliver)]);
}

#[test]
fn a_proof_that_cannot_be_made_is_declined_and_one_that_fails_is_not_sent() {
    for (story, note) in [("prepared slower", "NoTime"), ("foreign key", "ForeignKey")] {
        let story = format!("{story} -> tell {note}, send decline\nreleased -> forget");
        assert!(!play(proof(), None, &story).is_at_risk());
    }
    play(
        proof(),
        None,
        "prepared -> send accept
         accepted ->
         started -> prove
         not proven -> tell NotProven
         closed -> forget",
    );
}

#[test]
fn a_seller_that_cannot_deliver_declines() {
    for (story, note) in [
        ("prepared late", "NoTime"),
        ("prepared slow", "NoTime"),
        ("unprepared", "CannotPrepare"),
    ] {
        let story = format!("{story} -> tell {note}, send decline\nreleased -> forget\nclosed ->");
        let job = play(quorum(), None, &story);
        assert!(!job.is_at_risk());
    }
}

#[test]
fn whoever_is_released_or_refused_forgets() {
    for story in [
        "released -> forget",
        "prepared -> send accept\nreleased -> forget",
        "prepared -> send accept\naccepted ->\nreleased -> forget",
        "prepared -> send accept\nrefused accept -> tell Refused(TooLate), forget",
        "prepared -> send accept\naccepted ->\nclosed -> forget",
        "prepared -> send accept\nrefused again ->\naccepted ->\nstarted -> execute",
    ] {
        play(quorum(), None, story);
    }
}

#[test]
fn what_goes_wrong_is_told_and_nothing_is_sent() {
    let working = "prepared -> send accept\naccepted ->\nstarted -> execute\n";
    for rest in [
        "failed -> tell CannotExecute",
        "executed large -> tell OutputTooLarge",
        "opened -> tell Late\nexecuted ->",
        "executed -> record [7, 8]\nunrecorded -> tell CannotRecord\nrecorded ->",
        "executed -> record [7, 8]\nopened -> tell Late\nrecorded ->",
        "executed -> record [7, 8]\nrecorded -> send commit\nopened -> tell Late",
        "executed -> record [7, 8]\nrecorded -> send commit\nrefused commit -> tell Refused(RevealsOpen)",
        "executed -> record [7, 8]\nrecorded -> send commit\ncommitted elsewhere -> tell ForeignCommitment",
    ] {
        let job = play(quorum(), None, &format!("{working}{rest}\nopened ->"));
        assert!(!job.is_busy(), "{rest}");
        go_on(job, "closed -> forget");
    }
}

#[test]
fn a_transaction_that_never_landed_is_sent_again_while_it_is_needed() {
    play(
        quorum(),
        None,
        "prepared -> send accept
         unsent accept -> send accept
         accepted ->
         unsent accept ->
         started -> execute
         executed -> record [7, 8]
         recorded -> send commit
         unsent commit -> send commit
         refused commit again ->
         committed ->
         unsent commit ->
         opened -> send reveal
         unsent reveal -> send reveal
         delivered ->
         unsent reveal ->",
    );
}

#[test]
fn cheats_do_what_they_are_told() {
    play(
        quorum(),
        Some(Misbehaviour::Wrong),
        "prepared -> send accept\naccepted ->\nstarted -> execute\nexecuted -> record [64, 8]\nrecorded -> send commit",
    );
    let silent = play(
        quorum(),
        Some(Misbehaviour::Silent),
        "prepared -> send accept\naccepted ->\nstarted ->\nopened ->",
    );
    assert!(!silent.is_busy());
    play(
        proof(),
        Some(Misbehaviour::Wrong),
        "prepared -> send accept\naccepted ->\nstarted -> prove\nproven -> record [64, 8] proven\nrecorded -> send deliver",
    );
    let late = "prepared -> send accept\naccepted ->\nstarted -> execute\nexecuted -> record [7, 8]\nrecorded ->\n";
    for (check, rest) in [
        (
            quorum(),
            "time 20000 ->\ntime 20001 -> send commit, send reveal\ntime 20002 ->",
        ),
        (
            quorum(),
            "opened -> send commit, send reveal\ntime 20001 ->",
        ),
        (approval(), "time 30000 ->\ntime 30001 -> send deliver"),
    ] {
        play(
            check,
            Some(Misbehaviour::Late),
            &format!("{late}{rest}\nclosed -> forget"),
        );
    }
}

#[test]
fn a_killed_seller_resumes_at_every_stage() {
    let committed = |open| Standing::Committed {
        commitment: committed_to(&[7, 8]),
        open,
    };
    let answer = || Some(Answer::Computed(reveal(&[7, 8])));
    let respond_by = LedgerTime::new(2_000);
    for (check, standing, recorded, first, rest) in [
        (
            quorum(),
            Standing::Asked { respond_by },
            None,
            "prepare",
            QUORUM,
        ),
        (
            quorum(),
            Standing::Accepted,
            None,
            "prepare",
            "prepared ->\nstarted -> execute\nexecuted -> record [7, 8]",
        ),
        // Work begins before the input is here again.
        (
            quorum(),
            Standing::Accepted,
            None,
            "prepare",
            "accepted ->\nstarted ->\nprepared -> execute\nexecuted -> record [7, 8]",
        ),
        (
            quorum(),
            Standing::Working,
            None,
            "prepare",
            "started ->\nprepared -> execute\nexecuted -> record [7, 8]\nrecorded -> send commit",
        ),
        (
            quorum(),
            Standing::Working,
            answer(),
            "send commit",
            "started ->\ncommitted ->\nrefused commit again ->\nopened -> send reveal",
        ),
        (
            approval(),
            Standing::Working,
            answer(),
            "send deliver",
            "delivered ->\nclosed -> forget",
        ),
        (
            proof(),
            Standing::Working,
            Some(Answer::Proven(Box::new(evidence(&[7, 8])))),
            "send deliver",
            "started ->\ndelivered ->\nclosed -> forget",
        ),
        (
            proof(),
            Standing::Working,
            None,
            "prepare",
            "prepared -> prove\nproven -> record [7, 8] proven\nrecorded -> send deliver",
        ),
        (
            quorum(),
            committed(false),
            answer(),
            "",
            "committed ->\nopened -> send reveal\ndelivered ->",
        ),
        (
            quorum(),
            committed(true),
            answer(),
            "send reveal",
            "opened ->\ndelivered ->\nclosed -> forget",
        ),
        (
            quorum(),
            Standing::Waiting,
            answer(),
            "",
            "opened ->\nclosed -> forget",
        ),
        // The record was lost with the disk: the same work gives the same answer.
        (
            quorum(),
            committed(false),
            None,
            "prepare",
            "prepared -> execute\nexecuted -> record [7, 8]\nopened ->\nrecorded -> send reveal",
        ),
        (
            quorum(),
            committed(true),
            None,
            "prepare",
            "prepared -> execute\nexecuted -> record [7, 8]\nrecorded -> send reveal",
        ),
        // A commitment sent before the kill lands while the work is done again.
        (
            quorum(),
            Standing::Working,
            None,
            "prepare",
            "prepared -> execute\ncommitted ->\nopened ->\nexecuted -> record [7, 8]\nrecorded -> send reveal",
        ),
        (
            quorum(),
            committed(true),
            Some(Answer::Computed(reveal(&[1]))),
            "tell ForeignCommitment",
            "opened ->\nclosed -> forget",
        ),
    ] {
        let (job, effects) = Job::resumed(case(check, None), standing, recorded);
        assert_eq!(words(&effects), first, "{standing:?}");
        go_on(job, rest);
    }
}

#[test]
fn what_is_committed_and_revealed_belongs_together() {
    let (mut job, _) = Job::resumed(case(quorum(), None), Standing::Working, None);
    job.step(event("prepared"));
    let recorded = job.step(event("executed"));
    assert_eq!(
        recorded,
        [Effect::Record(Answer::Computed(reveal(&[7, 8])))]
    );
    let order = OrderId::new([3; 32]);
    let commit = QuorumCall::Commit(committed_to(&[7, 8])).on(order);
    assert_eq!(
        job.step(event("recorded")),
        [Effect::Send(Step::Commit, commit)]
    );
    job.step(event("committed"));
    let open = QuorumCall::Reveal(reveal(&[7, 8])).on(order);
    assert_eq!(
        job.step(event("opened")),
        [Effect::Send(Step::Reveal, open)]
    );
}
