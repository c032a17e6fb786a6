use super::*;
use assay_types::{Blob, Hash32, ProofEvidence, QuorumReveal};

fn answer(byte: u8) -> Answer {
    Answer::Computed(QuorumReveal {
        output: Blob::new(vec![byte; 40]).expect("small"),
        salt: Hash32::new([byte; 32]),
    })
}

fn proven(byte: u8) -> Answer {
    Answer::Proven(Box::new(ProofEvidence {
        key: Blob::new(vec![byte; 40]).expect("small"),
        input: Blob::new(vec![byte; 50]).expect("small"),
        output: Blob::new(vec![byte; 60]).expect("small"),
        proof: Blob::new(vec![byte; 400_000]).expect("not too long"),
    }))
}

fn order(byte: u8) -> OrderId {
    OrderId::new([byte; 32])
}

#[test]
fn answers_survive_and_are_never_replaced() {
    let folder = tempfile::tempdir().expect("folder");
    let (answers, held) = Answers::open(folder.path()).expect("opened");
    assert!(held.is_empty());
    let waits: Vec<_> = (0..100)
        .map(|n| answers.record(order(n), &answer(n)))
        .collect();
    for wait in waits {
        assert_eq!(wait.blocking_recv(), Ok(true));
    }
    assert_eq!(
        answers.record(order(7), &answer(7)).blocking_recv(),
        Ok(true),
        "the same again"
    );
    assert_eq!(
        answers.record(order(7), &answer(8)).blocking_recv(),
        Ok(false),
        "another"
    );
    for (number, stands) in [(200, true), (201, true), (200, true)] {
        let recorded = answers.record(order(number), &proven(number));
        assert_eq!(recorded.blocking_recv(), Ok(stands));
    }
    let another = answers.record(order(200), &proven(1)).blocking_recv();
    assert_eq!(another, Ok(false), "another proof");
    answers.forget(order(3));
    answers.forget(order(201));
    drop(answers);

    let (answers, held) = Answers::open(folder.path()).expect("opened again");
    assert_eq!(held.len(), 100);
    assert_eq!(held.get(&order(200)), Some(&proven(200)));
    assert_eq!(held.get(&order(201)), None);
    assert_eq!(held.get(&order(7)), Some(&answer(7)));
    assert_eq!(held.get(&order(3)), None);
    drop(answers);
}

#[test]
fn one_provider_per_folder() {
    let folder = tempfile::tempdir().expect("folder");
    let (_first, _) = Answers::open(folder.path()).expect("opened");
    let error = Answers::open(folder.path()).expect_err("refused");
    assert!(matches!(error, AnswersError::InUse { .. }), "{error}");
}

#[test]
fn what_is_no_file_of_answers_is_told() {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(folder.path().join(FILE_NAME), b"not a database").expect("written");
    let error = Answers::open(folder.path()).expect_err("refused");
    assert!(matches!(error, AnswersError::File { .. }), "{error}");
    let error = Answers::open(&folder.path().join(FILE_NAME)).expect_err("refused");
    assert!(matches!(error, AnswersError::Folder { .. }), "{error}");
}
