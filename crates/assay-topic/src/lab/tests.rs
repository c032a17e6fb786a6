use super::*;

fn options(strategies: &[Strategy], rules: Rules, shares_percent: &[u8]) -> StudyOptions {
    StudyOptions {
        rules: vec![rules],
        strategies: strategies.to_vec(),
        shares_percent: shares_percent.to_vec(),
        epochs: 250,
        seeds: 2,
        ..StudyOptions::default()
    }
}

fn rows(strategies: &[Strategy], rules: Rules, shares_percent: &[u8]) -> Vec<Row> {
    let options = options(strategies, rules, shares_percent);
    table(&options, &mut |_, _| ()).expect("possible options")
}

fn setup(strategy: Strategy, rules: Rules) -> Setup {
    Setup {
        population: Population::default(),
        rules,
        strategy,
        share_percent: 30,
        epochs: 60,
    }
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_one_does_not() {
    for strategy in Strategy::DEVIATING {
        let setup = setup(strategy, Rules::ours());
        let run = |seed| simulate(&setup, seed).expect("a possible setup");
        let bits = |earnings: Earnings| {
            let Earnings {
                dividends,
                incentive,
                measuring,
                working,
                burnt,
                everybody,
                unpaid_epochs,
                misjudged,
            } = earnings;
            let numbers = [
                dividends, incentive, measuring, working, burnt, everybody, misjudged,
            ];
            (numbers.map(f64::to_bits), unpaid_epochs)
        };
        assert_eq!(bits(run(5)), bits(run(5)), "{strategy:?}");
        assert_ne!(bits(run(5)), bits(run(6)), "{strategy:?}");
    }
}

#[test]
fn every_epoch_pays_one_or_nothing() {
    for rules in [Rules::ours(), Rules::upstream(), Rules::upstream_sealed()] {
        for strategy in Strategy::DEVIATING {
            let setup = setup(strategy, rules.clone());
            let earnings = simulate(&setup, 3).expect("a possible setup");
            let paid = (setup.epochs - earnings.unpaid_epochs) as f64;
            assert!((earnings.everybody - paid).abs() < 1e-9, "{strategy:?}");
            let own = earnings.dividends + earnings.incentive;
            assert!((0.0..=paid).contains(&own), "{strategy:?}");
        }
    }
}

#[test]
fn plain_copying_of_revealed_weights_earns_less_than_measuring() {
    for row in rows(&[Strategy::Copier], Rules::ours(), &[5, 20, 45]) {
        assert!(row.ratio_gross < 0.98, "{row:?}");
    }
    for row in rows(&[Strategy::Copier], Rules::ours(), &[20, 45]) {
        assert!(row.ratio_net < 1.0, "{row:?}");
    }
}

#[test]
fn copying_open_weights_earns_no_less_and_saves_the_cost_of_measuring() {
    for row in rows(&[Strategy::Copier], Rules::upstream(), &[5, 20, 45]) {
        assert!(row.ratio_net > 1.0, "{row:?}");
    }
    for row in rows(&[Strategy::Copier], Rules::upstream(), &[5, 20]) {
        assert!(row.ratio_gross > 1.0, "{row:?}");
    }
}

/// The limit of commit–reveal: where an epoch changes less than a measurement errs, an older mean is as good.
#[test]
fn copying_with_a_guess_at_newcomers_is_worth_measuring_by_our_rules_too() {
    for row in rows(&[Strategy::Guesser], Rules::ours(), &[5, 20, 45]) {
        assert!((row.ratio_gross - 1.0).abs() < 0.03, "{row:?}");
        assert!(row.ratio_net > 1.0, "{row:?}");
    }
}

#[test]
fn no_copying_pays_by_our_rules_where_qualities_move_faster_than_measurements_err() {
    let mut options = options(
        &[Strategy::Copier, Strategy::Guesser],
        Rules::ours(),
        &[10, 40],
    );
    options.population.drift = 0.4;
    options.population.noise = 0.05;
    options.population.reversion = 0.1;
    for row in table(&options, &mut |_, _| ()).expect("possible options") {
        assert!(row.ratio_net < 1.0, "{row:?}");
    }
    options.rules = vec![Rules::upstream()];
    for row in table(&options, &mut |_, _| ()).expect("possible options") {
        assert!(row.ratio_net > 1.0, "{row:?}");
    }
}

/// Why commitments are taken before reveals: with a step of 0.2, a guess pays only without that.
#[test]
fn reveals_that_cannot_be_read_while_committing_are_worth_less_to_copiers() {
    let mut options = options(
        &[Strategy::Copier, Strategy::Guesser],
        Rules::ours(),
        &[10, 50],
    );
    options.population.drift = 0.2;
    options.epochs = 1_000;
    let ours = table(&options, &mut |_, _| ()).expect("possible options");
    options.rules[0].secrecy = Secrecy::Revealed {
        readable: Readable::WhileCommitting,
    };
    let earlier = table(&options, &mut |_, _| ()).expect("possible options");
    for (ours, earlier) in ours.iter().zip(&earlier) {
        assert!(
            ours.ratio_gross < earlier.ratio_gross - 0.01,
            "{ours:?} {earlier:?}"
        );
    }
    assert!(ours[2].ratio_net < 0.995, "{:?}", ours[2]);
    assert!(earlier[2].ratio_net > 1.005, "{:?}", earlier[2]);
}

#[test]
fn epochs_in_which_nobody_reveals_pay_nobody_by_our_rules_and_stake_by_upstreams() {
    let unpaid = |rules, absence| {
        let mut setup = setup(Strategy::Honest, rules);
        setup.population.absence = absence;
        let earnings = simulate(&setup, 1).expect("a possible setup");
        earnings.unpaid_epochs
    };
    assert_eq!(unpaid(Rules::ours(), 1.0), 60);
    assert_eq!(unpaid(Rules::upstream(), 1.0), 0);
    // The first epoch has nothing to reveal.
    assert_eq!(unpaid(Rules::ours(), 0.0), 1);
}

/// With a say of its empty row, an absent validator would keep weights on all but the cartel's miners at zero.
#[test]
fn who_missed_a_reveal_is_not_counted_against_those_who_did_not() {
    let row = &rows(&[Strategy::Cartel], Rules::ours(), &[45])[0];
    assert!(row.ratio_gross < 0.63, "{row:?}");
}

#[test]
fn equal_weights_pay_where_miners_are_equal() {
    let mut options = options(&[Strategy::LazyEqual], Rules::ours(), &[10, 40]);
    options.population.drift = 0.0;
    options.population.jump = 0.0;
    options.population.spread = 0.0;
    for row in table(&options, &mut |_, _| ()).expect("possible options") {
        assert!(row.ratio_net > 1.0, "{row:?}");
    }
}

#[test]
fn boosting_newcomers_pays_only_where_bonds_are_long() {
    let boosted = |ppm| {
        let mut rules = Rules::ours();
        rules.yuma.bonds_moving_average_ppm = ppm;
        let mut options = options(&[Strategy::Booster], rules, &[20]);
        options.epochs = 1_000;
        let rows = table(&options, &mut |_, _| ()).expect("possible options");
        rows[0].ratio_gross
    };
    assert!(boosted(950_000) < 1.005);
    assert!(boosted(995_000) > 1.01);
}

#[test]
fn a_cartel_loses_below_half_of_the_stake_and_takes_the_topic_above() {
    for rules in [Rules::ours(), Rules::upstream()] {
        let rows = rows(&[Strategy::Cartel], rules, &[10, 40, 55]);
        assert!(rows[0].ratio_gross < 0.85, "{:?}", rows[0]);
        assert!(rows[1].ratio_gross < 0.75, "{:?}", rows[1]);
        assert!(rows[2].ratio_gross > 2.0, "{:?}", rows[2]);
        assert!(rows[2].misjudged > 0.8, "{:?}", rows[2]);
    }
}

#[test]
fn splitting_stake_changes_nothing_beyond_two_per_cent() {
    for row in rows(&[Strategy::SplitStake], Rules::ours(), &[10, 40]) {
        assert!((row.ratio_gross - 1.0).abs() < 0.02, "{row:?}");
    }
}

#[test]
fn a_sniper_inherits_weights_only_where_they_count_as_of_the_latest_commitment() {
    assert_eq!(
        rows(&[Strategy::Sniper], Rules::ours(), &[20])[0].ratio_gross,
        0.0
    );
    assert_eq!(
        rows(&[Strategy::Sniper], Rules::upstream(), &[20])[0].ratio_gross,
        0.0
    );
    let sealed = &rows(&[Strategy::Sniper], Rules::upstream_sealed(), &[20])[0];
    assert!(
        sealed.ratio_gross > 0.0 && sealed.ratio_net > 1.0,
        "{sealed:?}"
    );
}

#[test]
fn copied_answers_pay_under_all_rules() {
    for rules in [Rules::ours(), Rules::upstream()] {
        let row = &rows(&[Strategy::SybilCopied], rules, &[20])[0];
        assert!(row.ratio_net > 2.0, "{row:?}");
    }
}

#[test]
fn impossible_setups_are_refused() {
    let check = |change: &dyn Fn(&mut Setup)| {
        let mut setup = setup(Strategy::Copier, Rules::ours());
        change(&mut setup);
        simulate(&setup, 1).expect_err("an impossible setup")
    };
    assert_eq!(
        check(&|setup| setup.population.validators = 0),
        SetupError::Participants {
            validators: 0,
            miners: 22
        }
    );
    assert_eq!(
        check(&|setup| setup.share_percent = 100),
        SetupError::Share { share_percent: 100 }
    );
    assert_eq!(
        check(&|setup| setup.share_percent = 0),
        SetupError::Share { share_percent: 0 }
    );
    assert_eq!(
        check(&|setup| setup.epochs = 0),
        SetupError::Epochs { epochs: 0 }
    );
    assert_eq!(
        check(&|setup| setup.population.noise = -1.0),
        SetupError::Number {
            name: "noise",
            value: -1.0,
            most: 2.0
        }
    );
    assert!(matches!(
        check(&|setup| setup.population.drift = f64::NAN),
        SetupError::Number { name: "drift", .. }
    ));
    let mut options = options(&[Strategy::Copier], Rules::ours(), &[10]);
    options.seeds = 0;
    let refused = table(&options, &mut |_, _| ());
    assert_eq!(refused, Err(SetupError::Seeds { seeds: 0 }));
}

#[test]
fn progress_ends_with_all_rows_and_the_picture_has_a_line_for_each_strategy() {
    let mut options = options(&Strategy::DEVIATING, Rules::ours(), &[10, 60]);
    options.epochs = 20;
    let mut heard = Vec::new();
    let study = study(&options, &mut |done, whole| heard.push((done, whole))).expect("possible");
    let whole = Strategy::DEVIATING.len() * 2;
    assert_eq!(study.rows.len(), whole);
    assert_eq!(heard.last(), Some(&(whole, whole)));
    let svg = plot(&study.rows);
    assert_eq!(svg.matches("<polyline").count(), 8);
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
}
