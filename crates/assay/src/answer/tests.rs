use super::*;

#[test]
fn shares_add_up_and_follow_the_scores() {
    let shares = softmax(&[1.0, 3.0, 2.0]);
    assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!(shares[1] > shares[2] && shares[2] > shares[0]);
    assert_eq!(softmax(&[1e30, 1e30]), [0.5, 0.5]);
    assert!(softmax(&[]).is_empty());
}

#[test]
fn the_answer_lists_the_likeliest_first() {
    let manifest = assay_model::bundled()[0].manifest();
    let mut scores = vec![0.0; 10];
    scores[7] = 5.0;
    scores[1] = 3.0;
    let label = "7".to_owned();
    let answer = Answer::new(
        Classification {
            class: 7,
            label,
            scores,
        },
        &manifest,
    );
    assert_eq!(answer.label, "7");
    let order: Vec<_> = answer
        .scores
        .iter()
        .take(3)
        .map(|score| score.label.as_str())
        .collect();
    assert_eq!(order, ["7", "1", "0"]);
}
