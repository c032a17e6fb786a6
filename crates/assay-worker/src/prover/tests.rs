use super::*;
use assay_model::{Input, bundled};

fn digit() -> (Program, Tensor) {
    let model = bundled::find("digits-mlp").expect("bundled");
    let picture = bundled::digit_images().get(7).expect("ten digits").png;
    let picture = Input::Image(assay_model::input::decode_png(picture).expect("a picture"));
    let tensors = model.manifest().quantize_input(&picture);
    let tensor = tensors.expect("fits").pop().expect("one");
    (model.program(), tensor)
}

#[test]
fn what_is_proven_holds_and_is_the_executors_answer() {
    let (program, input) = digit();
    let prover = Prover::of(program.clone()).expect("it can be proven");
    let expected = prover.prove_us();
    // 109 386 weights and two layers of some hundred numbers.
    assert!((60_000..300_000).contains(&expected), "{expected}");
    assert_eq!(prover.admits(prover.key(), &input), Ok(()));
    let foreign = ProofKeyId::new([1; 32]);
    assert_eq!(prover.admits(foreign, &input), Err(Note::ForeignKey));

    let evidence = prover.prove(&input).expect("a proof");
    let answer = assay_model::Executor::new(program).run(&input);
    assert_eq!(&evidence.output[..], answer.expect("an answer").to_bytes());
    assert_eq!(evidence.statement().key, prover.key());
    let (key, proof) = (&evidence.key, &evidence.proof);
    verify_bytes(key, &evidence.input, &evidence.output, proof).expect("it holds");
    assert_ne!(prover.prove_us(), expected, "measured");
}
