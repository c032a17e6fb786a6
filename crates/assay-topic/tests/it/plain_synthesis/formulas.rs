//! The formulas, once more.

use assay_topic::synthesis::Parameters;

use super::{SLOTS, Seen};

pub(super) type Table = Vec<Option<f64>>;

pub(super) fn table() -> Table {
    vec![None; SLOTS]
}

pub(super) fn tables() -> Vec<Table> {
    vec![table(); SLOTS]
}

/// Who sent what.
pub(super) struct Sent {
    pub(super) labels: usize,
    pub(super) inferences: Vec<Option<Vec<f64>>>,
    /// By forecaster, then inferer.
    pub(super) forecasts: Vec<Table>,
}

/// By slot; pairs are by the participant left out or added, then by worker.
#[derive(Clone)]
pub(super) struct Values<T> {
    pub(super) network: Option<T>,
    pub(super) naive: Option<T>,
    pub(super) inferers: Vec<Option<T>>,
    pub(super) implied: Vec<Option<T>>,
    pub(super) without_inferer: Vec<Option<T>>,
    pub(super) without_forecaster: Vec<Option<T>>,
    pub(super) with_forecaster: Vec<Option<T>>,
    /// By forecaster, then the inferer left out.
    pub(super) implied_without: Vec<Vec<Option<T>>>,
}

impl<T: Clone> Values<T> {
    pub(super) fn none() -> Self {
        let none = || vec![None; SLOTS];
        Self {
            network: None,
            naive: None,
            inferers: none(),
            implied: none(),
            without_inferer: none(),
            without_forecaster: none(),
            with_forecaster: none(),
            implied_without: vec![none(); SLOTS],
        }
    }

    /// In the order of the crate's aggregates of these participants.
    pub(super) fn of(&self, inferers: &[usize], forecasters: &[usize]) -> Vec<Option<T>> {
        let mut all = vec![self.network.clone(), self.naive.clone()];
        all.extend(inferers.iter().map(|i| self.inferers[*i].clone()));
        all.extend(forecasters.iter().map(|k| self.implied[*k].clone()));
        all.extend(inferers.iter().map(|i| self.without_inferer[*i].clone()));
        all.extend(
            forecasters
                .iter()
                .map(|k| self.without_forecaster[*k].clone()),
        );
        all.extend(forecasters.iter().map(|k| self.with_forecaster[*k].clone()));
        for k in forecasters {
            all.extend(
                inferers
                    .iter()
                    .map(|i| self.implied_without[*k][*i].clone()),
            );
        }
        all
    }
}

pub(super) struct Plain {
    pub(super) q: Parameters,
    pub(super) loss: Option<f64>,
    pub(super) initial: f64,
    pub(super) regret_i: Table,
    pub(super) regret_k: Table,
    pub(super) naive: Table,
    /// By the inferer left out: of inferers, of forecasters; and so on.
    pub(super) no_i: (Vec<Table>, Vec<Table>),
    pub(super) no_k: (Vec<Table>, Vec<Table>),
    pub(super) only_k: (Vec<Table>, Vec<Table>),
    pub(super) epochs_i: Vec<u32>,
    pub(super) epochs_k: Vec<u32>,
    pub(super) listening: Table,
    pub(super) smooth: [Table; 3],
    /// Of inferers and forecasters, each epoch's scores, latest last.
    pub(super) history: [Vec<Vec<f64>>; 2],
    pub(super) tau: f64,
}

/// What the plain implementation says of an epoch.
pub(super) struct Said {
    pub(super) losses: Values<f64>,
    pub(super) scores: [Table; 3],
    pub(super) fractions: [Table; 3],
    pub(super) adjusted: Table,
    pub(super) entropies: [f64; 3],
    pub(super) gain: f64,
    pub(super) chi: f64,
    pub(super) tasks: [f64; 3],
}

pub(super) fn present<T>(values: &[Option<T>]) -> Vec<usize> {
    (0..values.len())
        .filter(|slot| values[*slot].is_some())
        .collect()
}

fn middle(mut xs: Vec<f64>) -> f64 {
    xs.sort_by(f64::total_cmp);
    let n = xs.len();
    match n {
        0 => 0.0,
        _ if n % 2 == 1 => xs[n / 2],
        _ => (xs[n / 2 - 1] + xs[n / 2]) / 2.0,
    }
}

/// ln(1 + eˣ).
fn soft(x: f64) -> f64 {
    if x > 0.0 {
        x + libm::log1p(libm::exp(-x))
    } else {
        libm::log1p(libm::exp(x))
    }
}

fn deviation(xs: &[f64]) -> f64 {
    if xs.len() < 2 {
        return 0.0;
    }
    let n = xs.len() as f64;
    let mean = xs.iter().sum::<f64>() / n;
    libm::sqrt(xs.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0))
}

impl Plain {
    pub(super) fn new(q: Parameters) -> Self {
        Self {
            q,
            loss: None,
            initial: 0.0,
            regret_i: table(),
            regret_k: table(),
            naive: table(),
            no_i: (tables(), tables()),
            no_k: (tables(), tables()),
            only_k: (tables(), tables()),
            epochs_i: vec![0; SLOTS],
            epochs_k: vec![0; SLOTS],
            listening: table(),
            smooth: [table(), table(), table()],
            history: [Vec::new(), Vec::new()],
            tau: 0.0,
        }
    }

    pub(super) fn forget(&mut self, slot: usize) {
        for all in [&mut self.no_i, &mut self.no_k, &mut self.only_k] {
            for tables in [&mut all.0, &mut all.1] {
                tables[slot] = table();
                tables.iter_mut().for_each(|table| table[slot] = None);
            }
        }
        // The parts of a slot are forgotten together.
        for table in [
            &mut self.regret_i,
            &mut self.regret_k,
            &mut self.naive,
            &mut self.listening,
        ] {
            table[slot] = None;
        }
        self.smooth.iter_mut().for_each(|table| table[slot] = None);
        self.epochs_i[slot] = 0;
        self.epochs_k[slot] = 0;
    }

    /// Σ w·I / Σ w of regrets and inferences.
    fn mix(&self, scale: f64, parts: &[(f64, &Vec<f64>)]) -> Option<Vec<f64>> {
        let exponent = |regret: f64| -self.q.p * (regret / scale - self.q.c);
        let best = parts.iter().map(|part| part.0).reduce(f64::max)?;
        let weights: Vec<f64> = parts
            .iter()
            .map(|part| libm::exp(soft(exponent(best)) - soft(exponent(part.0))))
            .collect();
        let total: f64 = weights.iter().sum();
        let label = |label: usize| -> f64 {
            let sum: f64 = parts
                .iter()
                .zip(&weights)
                .map(|(part, w)| w * part.1[label])
                .sum();
            sum / total
        };
        Some((0..parts[0].1.len()).map(label).collect())
    }

    fn imply(&self, scale: f64, sent: &Sent, k: usize, without: Option<usize>) -> Option<Vec<f64>> {
        let last = self.loss?;
        let mut parts = Vec::new();
        for j in present(&sent.inferences) {
            if Some(j) != without
                && let Some(foretold) = sent.forecasts[k][j]
            {
                parts.push((last - foretold, sent.inferences[j].as_ref().unwrap()));
            }
        }
        self.mix(scale, &parts)
    }

    /// The mean of inferers and implied inferences by the regrets of two tables.
    fn aggregate(
        &self,
        scale: f64,
        sent: &Sent,
        (regrets_i, regrets_k): (&Table, &Table),
        without: Option<usize>,
        implied: &[Option<Vec<f64>>],
    ) -> Option<Vec<f64>> {
        let mut inferers = present(&sent.inferences);
        inferers.retain(|j| Some(*j) != without);
        let known = inferers.iter().any(|j| self.regret_i[*j].is_some());
        let mut parts = Vec::new();
        for j in inferers {
            let regret = if known {
                regrets_i[j].unwrap_or(self.initial)
            } else {
                0.0
            };
            parts.push((regret, sent.inferences[j].as_ref().unwrap()));
        }
        if known {
            for k in present(implied) {
                parts.push((
                    regrets_k[k].unwrap_or(self.initial),
                    implied[k].as_ref().unwrap(),
                ));
            }
        }
        self.mix(scale, &parts)
    }

    fn forecasters(&self, sent: &Sent) -> Vec<usize> {
        let inferers = present(&sent.inferences);
        let speaks = |k: &usize| inferers.iter().any(|j| sent.forecasts[*k][*j].is_some());
        (0..SLOTS)
            .filter(|k| self.loss.is_some() && speaks(k))
            .collect()
    }

    pub(super) fn infer(&self, sent: &Sent) -> (f64, Values<Vec<f64>>) {
        let inferers = present(&sent.inferences);
        let forecasters = self.forecasters(sent);
        let mut regrets: Vec<f64> = inferers
            .iter()
            .map(|j| self.regret_i[*j].unwrap_or(self.initial))
            .collect();
        regrets.extend(
            forecasters
                .iter()
                .map(|k| self.regret_k[*k].unwrap_or(self.initial)),
        );
        let centre = middle(regrets.clone());
        let mad = middle(regrets.iter().map(|r| (r - centre).abs()).collect());
        let scale = 1.4826 * mad + self.q.epsilon;

        let mut said = Values::none();
        said.inferers = sent.inferences.clone();
        for &k in &forecasters {
            said.implied[k] = self.imply(scale, sent, k, None);
        }
        let all = said.implied.clone();
        said.network = self.aggregate(scale, sent, (&self.regret_i, &self.regret_k), None, &all);
        said.naive = self.aggregate(scale, sent, (&self.naive, &table()), None, &[]);
        for &j in &inferers {
            let mut implied = vec![None; SLOTS];
            for &k in &forecasters {
                implied[k] = self.imply(scale, sent, k, Some(j));
                said.implied_without[k][j] = implied[k].clone();
            }
            let regrets = (&self.no_i.0[j], &self.no_i.1[j]);
            said.without_inferer[j] = self.aggregate(scale, sent, regrets, Some(j), &implied);
        }
        for &k in &forecasters {
            let mut others = all.clone();
            others[k] = None;
            let regrets = (&self.no_k.0[k], &self.no_k.1[k]);
            said.without_forecaster[k] = self.aggregate(scale, sent, regrets, None, &others);
            let mut one = vec![None; SLOTS];
            one[k] = all[k].clone();
            let regrets = (&self.only_k.0[k], &self.only_k.1[k]);
            said.with_forecaster[k] = self.aggregate(scale, sent, regrets, None, &one);
        }
        (scale, said)
    }

    /// One epoch's losses; `reports` by reputer.
    pub(super) fn settle(
        &mut self,
        sent: &Sent,
        stakes: &[Option<u64>],
        reports: &[Values<f64>],
        seen: &mut Seen,
    ) -> Option<Said> {
        let inferers = present(&sent.inferences);
        let forecasters = self.forecasters(sent);
        let reputers = present(stakes);
        let stake = |m: usize| stakes[m].unwrap() as f64;
        let mean = |get: &dyn Fn(&Values<f64>) -> Option<f64>| {
            let measured: Vec<usize> = reputers
                .iter()
                .copied()
                .filter(|m| get(&reports[*m]).is_some())
                .collect();
            let total: f64 = measured.iter().map(|m| stake(*m)).sum();
            let sum: f64 = measured
                .iter()
                .map(|m| stake(*m) * get(&reports[*m]).unwrap())
                .sum();
            (total > 0.0).then(|| sum / total)
        };
        let mut l = Values::none();
        l.network = mean(&|v| v.network);
        l.naive = mean(&|v| v.naive);
        for &j in &inferers {
            l.inferers[j] = mean(&|v| v.inferers[j]);
            l.without_inferer[j] = mean(&|v| v.without_inferer[j]);
        }
        for &k in &forecasters {
            l.implied[k] = mean(&|v| v.implied[k]);
            l.without_forecaster[k] = mean(&|v| v.without_forecaster[k]);
            l.with_forecaster[k] = mean(&|v| v.with_forecaster[k]);
            for &j in &inferers {
                l.implied_without[k][j] = mean(&|v| v.implied_without[k][j]);
            }
        }
        let network = l.network?;
        self.learn(&l, &inferers, &forecasters, seen);
        self.loss = Some(network);

        let rows: Vec<Vec<Option<f64>>> = reputers
            .iter()
            .map(|m| reports[*m].of(&inferers, &forecasters))
            .collect();
        let amounts: Vec<f64> = reputers.iter().map(|m| stake(*m)).collect();
        let (adjusted, reputer_scores) = self.listen(&reputers, &amounts, &rows, seen);

        let mut scores = [table(), table(), table()];
        for &j in &inferers {
            scores[0][j] = Some(l.without_inferer[j].map_or(0.0, |x| x - network));
        }
        let alone = libm::pow(2.0, -(forecasters.len() as f64 - 1.0));
        for &k in &forecasters {
            let gain = match (l.naive, l.with_forecaster[k]) {
                (Some(naive), Some(with)) => naive - with,
                _ => 0.0,
            };
            let cost = l.without_forecaster[k].map_or(0.0, |x| x - network);
            scores[1][k] = Some(alone * gain + (1.0 - alone) * cost);
        }
        for (place, &m) in reputers.iter().enumerate() {
            scores[2][m] = Some(reputer_scores[place]);
        }

        let mut fractions = [table(), table(), table()];
        for task in 0..2 {
            let who = present(&scores[task]);
            self.history[task].push(who.iter().map(|w| scores[task][*w].unwrap()).collect());
            let back: Vec<f64> = self.history[task]
                .iter()
                .rev()
                .flatten()
                .copied()
                .take(self.q.scores_kept as usize)
                .collect();
            let sigma = deviation(&back);
            let worth = |w: &usize| {
                let x = scores[task][*w].unwrap() / (sigma + self.q.epsilon);
                soft(self.q.p * (x - self.q.c))
            };
            let total: f64 = who.iter().map(worth).sum();
            seen.equal += u32::from(sigma < self.q.epsilon && who.len() > 1);
            for w in &who {
                fractions[task][*w] = Some(if sigma < self.q.epsilon || total == 0.0 {
                    1.0 / who.len() as f64
                } else {
                    worth(w) / total
                });
            }
        }
        let worth = |m: usize| libm::pow(stake(m) * scores[2][m].unwrap(), self.q.reputer_exponent);
        let total: f64 = reputers.iter().map(|m| worth(*m)).sum();
        for &m in &reputers {
            fractions[2][m] = Some(worth(m) / total);
        }

        let mut entropies = [0.0; 3];
        for task in 0..3 {
            let who = present(&fractions[task]);
            for &w in &who {
                let new = fractions[task][w].unwrap();
                let alpha = self.q.fraction_alpha;
                let old = self.smooth[task][w];
                self.smooth[task][w] =
                    Some(old.map_or(new, |old| alpha * new + (1.0 - alpha) * old));
            }
            let sum: f64 = who.iter().map(|w| self.smooth[task][*w].unwrap()).sum();
            let f: Vec<f64> = who
                .iter()
                .map(|w| self.smooth[task][*w].unwrap() / sum)
                .collect();
            entropies[task] = match who.len() {
                0 => 0.0,
                1 => self.q.single_entropy,
                n => {
                    let effective = 1.0 / f.iter().map(|f| f * f).sum::<f64>();
                    let plain: f64 = f
                        .iter()
                        .filter(|f| **f > 0.0)
                        .map(|f| -f * libm::log(*f))
                        .sum();
                    plain * libm::pow(effective / n as f64, self.q.entropy_exponent)
                }
            };
            seen.lone += u32::from(who.len() == 1);
        }

        let gain = l.naive.map_or(0.0, |naive| naive - network);
        let best = inferers
            .iter()
            .map(|j| scores[0][*j].unwrap())
            .fold(f64::NEG_INFINITY, f64::max);
        let ratio = if best == 0.0 {
            0.0
        } else {
            (gain - best.min(0.0)) / best.abs()
        };
        self.tau = self.q.fraction_alpha * ratio + (1.0 - self.q.fraction_alpha) * self.tau;
        let chi = (0.1 + 0.4 * self.tau).clamp(0.1, 0.5);
        let [f, g, h] = entropies;
        let gamma = (f + g) / ((1.0 - chi) * f + chi * g);
        let tasks = [
            if f > 0.0 {
                (1.0 - chi) * gamma * f / (f + g + h)
            } else {
                0.0
            },
            if g > 0.0 {
                chi * gamma * g / (f + g + h)
            } else {
                0.0
            },
            if h > 0.0 { h / (f + g + h) } else { 0.0 },
        ];
        let mut slots = table();
        for (place, &m) in reputers.iter().enumerate() {
            slots[m] = Some(adjusted[place]);
        }
        Some(Said {
            losses: l,
            scores,
            fractions,
            adjusted: slots,
            entropies,
            gain,
            chi,
            tasks,
        })
    }

    fn learn(
        &mut self,
        l: &Values<f64>,
        inferers: &[usize],
        forecasters: &[usize],
        seen: &mut Seen,
    ) {
        let (alpha, first) = (self.q.regret_alpha, self.initial);
        // (aggregate, worker's loss, where the regret stands) for all pairs, then one rule.
        let mut all: Vec<(Option<f64>, Option<f64>, &mut Option<f64>)> = Vec::new();
        for (j, regret) in self.regret_i.iter_mut().enumerate() {
            all.push((l.network, l.inferers[j], regret));
        }
        for (k, regret) in self.regret_k.iter_mut().enumerate() {
            all.push((l.network, l.implied[k], regret));
        }
        for (j, regret) in self.naive.iter_mut().enumerate() {
            all.push((l.naive, l.inferers[j], regret));
        }
        for (o, row) in self.no_i.0.iter_mut().enumerate() {
            for (j, regret) in row.iter_mut().enumerate() {
                all.push((l.without_inferer[o], l.inferers[j], regret));
            }
        }
        for (o, row) in self.no_i.1.iter_mut().enumerate() {
            for (k, regret) in row.iter_mut().enumerate() {
                let loss = l.implied_without[k][o].or(l.implied[k]);
                all.push((l.without_inferer[o], loss, regret));
            }
        }
        for (o, row) in self.no_k.0.iter_mut().enumerate() {
            for (j, regret) in row.iter_mut().enumerate() {
                all.push((l.without_forecaster[o], l.inferers[j], regret));
            }
        }
        for (o, row) in self.no_k.1.iter_mut().enumerate() {
            for (k, regret) in row.iter_mut().enumerate() {
                all.push((l.without_forecaster[o], l.implied[k], regret));
            }
        }
        for (o, row) in self.only_k.0.iter_mut().enumerate() {
            for (j, regret) in row.iter_mut().enumerate() {
                all.push((l.with_forecaster[o], l.inferers[j], regret));
            }
        }
        for (o, row) in self.only_k.1.iter_mut().enumerate() {
            all.push((l.with_forecaster[o], l.implied[o], &mut row[o]));
        }
        for (aggregate, loss, regret) in all {
            if let (Some(aggregate), Some(loss)) = (aggregate, loss) {
                *regret =
                    Some(alpha * (aggregate - loss) + (1.0 - alpha) * regret.unwrap_or(first));
            }
        }

        let mut experienced = Vec::new();
        for &j in inferers {
            self.epochs_i[j] += u32::from(l.inferers[j].is_some());
            if self.epochs_i[j] >= self.q.experienced_epochs {
                experienced.extend(self.regret_i[j]);
            }
        }
        for &k in forecasters {
            self.epochs_k[k] += u32::from(l.implied[k].is_some());
            if self.epochs_k[k] >= self.q.experienced_epochs {
                experienced.extend(self.regret_k[k]);
            }
        }
        if experienced.len() >= self.q.experienced_workers_min as usize {
            seen.newcomer_regrets += 1;
            let sigma = deviation(&experienced);
            experienced.sort_by(f64::total_cmp);
            let place = self.q.newcomer_quantile * (experienced.len() - 1) as f64;
            let low = libm::floor(place);
            let (a, b) = (
                experienced[low as usize],
                experienced[libm::ceil(place) as usize],
            );
            self.initial = a * (1.0 - (place - low))
                + b * (place - low)
                + (self.q.c - self.q.newcomer_offset / self.q.p) * (sigma + self.q.epsilon);
        }
    }

    fn stakes_heard(a: &[f64], s: &[f64]) -> Vec<f64> {
        let count = a.len() as f64;
        let total: f64 = a.iter().zip(s).map(|(a, s)| a * s).sum();
        a.iter()
            .zip(s)
            .map(|(a, s)| (count * (a * s) / total).min(1.0))
            .collect()
    }

    fn judge(&self, a: &[f64], s: &[f64], rows: &[Vec<Option<f64>>]) -> Vec<f64> {
        let heard = Self::stakes_heard(a, s);
        let count = s.len();
        let (mut norm, mut distance) = (0.0, vec![0.0; count]);
        let losses = (0..rows[0].len()).map(|loss| rows.iter().map(|row| row[loss]).collect());
        for losses in losses.collect::<Vec<Table>>() {
            let of = |m: usize| losses[m];
            let who: Vec<usize> = (0..count).filter(|m| of(*m).is_some()).collect();
            let total: f64 = who.iter().map(|m| heard[*m]).sum();
            if total == 0.0 {
                continue;
            }
            let value = |m: usize| of(m).unwrap();
            let agreed = who.iter().map(|m| heard[*m] * value(*m)).sum::<f64>() / total;
            let mut far = agreed;
            for &m in &who {
                if (value(m) - agreed).abs() > (far - agreed).abs() {
                    far = value(m);
                }
            }
            norm += agreed * agreed;
            for (m, distance) in distance.iter_mut().enumerate() {
                let own = of(m).unwrap_or(far);
                *distance += (own - agreed) * (own - agreed);
            }
        }
        let score = |d: f64| {
            let far = if d == 0.0 {
                0.0
            } else {
                libm::sqrt(d) / libm::sqrt(norm)
            };
            1.0 / (far + self.q.reputer_epsilon)
        };
        distance.into_iter().map(score).collect()
    }

    /// Adjusted stakes and scores before the last step; the coefficients stay in `listening`.
    fn listen(
        &mut self,
        who: &[usize],
        s: &[f64],
        rows: &[Vec<Option<f64>>],
        seen: &mut Seen,
    ) -> (Vec<f64>, Vec<f64>) {
        let least = self.q.listened_stake_min;
        let part =
            |a: &[f64]| a.iter().zip(s).map(|(a, s)| a * s).sum::<f64>() / s.iter().sum::<f64>();
        let sum = |scores: &[f64]| scores.iter().zip(s).map(|(t, s)| t * s).sum::<f64>();
        let mut a: Vec<f64> = who
            .iter()
            .map(|m| self.listening[*m].unwrap_or(1.0))
            .collect();
        let begun = part(&a);
        if begun < least {
            seen.raised += 1;
            let way = (least - begun) / (1.0 - begun);
            a.iter_mut().for_each(|a| *a += (1.0 - *a) * way);
        }
        let mut told = (Vec::new(), Vec::new());
        for _ in 0..self.q.gradient_steps_max {
            let base = self.judge(&a, s, rows);
            let mut next = a.clone();
            for l in 0..a.len() {
                let mut moved = a.clone();
                let delta = if a[l] == 1.0 { -1.0 } else { 1.0 } * self.q.gradient_delta;
                moved[l] += delta;
                let slope = (1.0 - sum(&base) / sum(&self.judge(&moved, s, rows))) / delta;
                next[l] = (a[l] + self.q.learning_rate * slope).clamp(0.0, 1.0);
            }
            if part(&next) < least {
                seen.kept += 1;
                let way = (least - part(&a)) / (part(&next) - part(&a));
                let way = if way.is_finite() {
                    way.clamp(0.0, 1.0)
                } else {
                    0.0
                };
                next = a
                    .iter()
                    .zip(&next)
                    .map(|(a, n)| a + (n - a) * way)
                    .collect();
            }
            told = (Self::stakes_heard(&a, s), base);
            let most = a
                .iter()
                .zip(&next)
                .map(|(a, n)| (n - a).abs())
                .fold(0.0, f64::max);
            a = next;
            if most / self.q.learning_rate <= self.q.gradient_stop {
                break;
            }
        }
        for (place, m) in who.iter().enumerate() {
            self.listening[*m] = Some(a[place]);
        }
        told
    }
}
