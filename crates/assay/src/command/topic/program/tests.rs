use super::*;
use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
};

const QUESTION: &str = "{\"ask\":\"number\"}";

fn program(command: &[&str]) -> Program {
    Program::new(&ProgramChoice {
        url: None,
        within: Duration::from_secs(30),
        program: command.iter().map(|word| (*word).to_owned()).collect(),
    })
    .unwrap()
}

async fn asked(program: &mut Program, within: Duration) -> anyhow::Result<f64> {
    let question = serde_json::json!({ "ask": "number" });
    program.ask(&question, within, "a number").await
}

/// A shell program's answers to as many questions.
fn check(script: &str, expected: &[Result<f64, &str>]) {
    answers(program(&["sh", "-c", script]), expected);
}

fn answers(mut program: Program, expected: &[Result<f64, &str>]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        for (round, expected) in expected.iter().enumerate() {
            let answer = asked(&mut program, Duration::from_secs(30)).await;
            match (answer, expected) {
                (Ok(answer), Ok(expected)) => assert_eq!(answer, *expected, "round {round}"),
                (Err(error), Err(reason)) => {
                    let error = format!("{error:#}");
                    assert!(error.contains(reason), "round {round}: {error}");
                }
                (answer, _) => panic!("round {round}: {answer:?}"),
            }
        }
    });
}

#[test]
fn one_program_answers_all_questions() {
    check(
        "n=0; while read -r line; do n=$((n + 1)); echo $n; done",
        &[Ok(1.0), Ok(2.0), Ok(3.0)],
    );
}

#[test]
fn a_program_that_ends_is_started_anew() {
    check("read -r line; printf 7", &[Ok(7.0)]);
    check("read -r line; echo 7", &[Ok(7.0), Ok(7.0), Ok(7.0)]);
    check("exit 3", &[Err("ended without an answer (exit status: 3)")]);
}

#[test]
fn what_is_no_answer_is_told_and_forgotten() {
    let twice = "read -r line; echo nonsense; read -r line; echo 2";
    check(
        twice,
        &[
            Err("must answer a number, but said `nonsense`"),
            Err("nonsense"),
        ],
    );
    check("read -r line; echo NaN", &[Err("must answer a number")]);
    check("read -r line; echo 1e999", &[Err("must answer a number")]);
    check("read -r line; echo null", &[Err("must answer a number")]);
    check(
        // In one write, so that both lines are there when the first one is.
        "read -r line; printf '1\\n2\\n'; read -r line; echo 3",
        &[Ok(1.0), Err("more than one line"), Ok(1.0)],
    );
    check(
        "read -r line; head -c 1100000 /dev/zero | tr '\\0' 1",
        &[Err("more than 1048576 bytes")],
    );
    answers(program(&["/no/such/program"]), &[Err("cannot be started")]);
    answers(program(&[]), &[Err("no program was named")]);
}

#[test]
fn a_late_answer_is_not_taken_for_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    // Slow the first time it is started, and only then.
    let script = format!(
        "if [ ! -e {0} ]; then : > {0}; read -r line; exec sleep 600; fi; read -r line; echo 2",
        seen.display()
    );
    let mut program = program(&["sh", "-c", &script]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut within = Duration::from_millis(50);
        // Until the program has got so far, there is nothing late to be taken.
        while !seen.exists() {
            let late = asked(&mut program, within).await.unwrap_err();
            assert!(format!("{late:#}").contains("took longer"), "{late:#}");
            within *= 2;
        }
        let answer = asked(&mut program, Duration::from_secs(30)).await;
        assert_eq!(answer.unwrap(), 2.0);
    });
}

/// Answers one request, whose body it returns.
fn serve(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/model", listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 1024];
        while !request.ends_with(QUESTION.as_bytes()) {
            let read = stream.read(&mut buffer).unwrap();
            assert!(read > 0, "the request ended early");
            request.extend_from_slice(&buffer[..read]);
        }
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(request).unwrap()
    });
    (url, serving)
}

#[test]
fn a_model_may_be_posted_to() {
    let posted = |url: &str| {
        Program::new(&ProgramChoice {
            url: Some(url.to_owned()),
            within: Duration::from_secs(30),
            program: Vec::new(),
        })
    };
    let (url, serving) = serve("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n4.5");
    answers(posted(&url).unwrap(), &[Ok(4.5)]);
    let request = serving.join().unwrap();
    assert!(request.starts_with("POST /model HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("content-type: application/json"));
    let (url, serving) = serve("HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n");
    answers(posted(&url).unwrap(), &[Err("it answered 500")]);
    serving.join().unwrap();
    let elsewhere =
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let (url, serving) = serve(elsewhere);
    answers(posted(&url).unwrap(), &[Err("it answered 302")]);
    serving.join().unwrap();
    for wrong in ["", "model", "ftp://host/", "http://"] {
        assert!(posted(wrong).is_err(), "{wrong}");
    }
}
