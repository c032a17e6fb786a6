//! The picture of a run: rolling mean errors of the network, of the simple mean and of each miner.

use super::{Round, Run};
use crate::number::{log10, pow};
use std::fmt::Write as _;

const WIDTH: f64 = 860.0;
const PLOT_HEIGHT: f64 = 340.0;
/// Around the plot area: scales, the title, and below it the axis and the legend.
const LEFT: f64 = 72.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 40.0;
const AXIS: f64 = 48.0;
const LEGEND_ROW: f64 = 22.0;
const LEGEND_COLUMNS: usize = 4;
/// Most ticks on the axis of rounds.
const TICKS_MAX: usize = 8;
/// A point is the mean over one part of this many of the rounds.
const WINDOWS: usize = 10;
/// Errors below it are drawn as it, for the scale is logarithmic.
const ERROR_LEAST: f64 = 1e-12;
/// Seven colours that most people can tell apart (Okabe and Ito, 2008), for miners; the eighth is the network's.
const COLOURS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d00",
];

struct Line<'a> {
    name: &'a str,
    colour: &'a str,
    width: f64,
    dashes: &'a str,
    /// Rounds and their rolling means.
    points: Vec<(usize, f64)>,
}

/// An SVG of mean errors over the last tenth of the rounds, on a logarithmic scale. `names` are those of miners.
pub fn plot(run: &Run, names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| escaped(name)).collect();
    let window = (run.rounds.len() / WINDOWS).max(1);
    let mut lines: Vec<Line<'_>> = names
        .iter()
        .enumerate()
        .map(|(miner, name)| Line {
            name,
            colour: COLOURS[miner % COLOURS.len()],
            width: 1.5,
            dashes: if miner < COLOURS.len() { "none" } else { "2 3" },
            points: rolling(run, window, run.order.arrival(miner), |round| {
                round.miners[miner]
            }),
        })
        .collect();
    lines.push(Line {
        name: "simple mean",
        colour: "#888",
        width: 2.0,
        dashes: "7 3",
        points: rolling(run, window, 0, |round| round.mean),
    });
    lines.push(Line {
        name: "the network",
        colour: "#000",
        width: 2.5,
        dashes: "none",
        points: rolling(run, window, 0, |round| round.network),
    });

    let rows = lines.len().div_ceil(LEGEND_COLUMNS);
    let height = TOP + PLOT_HEIGHT + AXIS + rows as f64 * LEGEND_ROW + 14.0;
    let scales = Scales::of(run.rounds.len(), &lines);
    let mut svg = Svg(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<title>Mean errors over the last {window} rounds</title>\n<rect width=\"{WIDTH}\" \
         height=\"{height}\" fill=\"white\"/>\n"
    ));
    svg.add(format_args!(
        "<text x=\"{}\" y=\"24\" text-anchor=\"middle\" font-size=\"14\">mean error over the last {window} rounds</text>",
        LEFT + scales.width() / 2.0
    ));
    svg.axes(&scales);
    for line in &lines {
        svg.line(&scales, line);
    }
    svg.legend(&lines);
    svg.0.push_str("</svg>\n");
    svg.0
}

/// Means over `window` rounds back, from the arrival on, where at least half of them have an error.
fn rolling(
    run: &Run,
    window: usize,
    arrival: usize,
    error: impl Fn(&Round) -> Option<f64>,
) -> Vec<(usize, f64)> {
    let at = |round: usize| {
        let first = (round + 1).saturating_sub(window).max(arrival);
        let errors: Vec<f64> = run
            .rounds
            .get(first..=round)?
            .iter()
            .filter_map(&error)
            .collect();
        let is_enough = errors.len() >= window.div_ceil(2);
        is_enough.then(|| (round, crate::number::mean(&errors).max(ERROR_LEAST)))
    };
    (arrival..run.rounds.len()).filter_map(at).collect()
}

/// Where rounds and errors lie.
struct Scales {
    rounds: usize,
    /// Decimal logarithms of the errors at the edges.
    low: f64,
    high: f64,
}

impl Scales {
    fn of(rounds: usize, lines: &[Line<'_>]) -> Self {
        let errors = || {
            lines
                .iter()
                .flat_map(|line| &line.points)
                .map(|point| log10(point.1))
        };
        let (low, high) = (
            errors().fold(f64::INFINITY, f64::min),
            errors().fold(f64::NEG_INFINITY, f64::max),
        );
        // Of nothing, any scale will do; a margin keeps lines off the edges and apart where all errors are alike.
        let (low, high) = if low <= high { (low, high) } else { (0.0, 0.0) };
        Self {
            rounds,
            low: low - 0.05,
            high: high + 0.05,
        }
    }

    fn width(&self) -> f64 {
        WIDTH - LEFT - RIGHT
    }

    fn x(&self, round: usize) -> f64 {
        LEFT + round as f64 / self.rounds.max(1) as f64 * self.width()
    }

    fn y(&self, error: f64) -> f64 {
        TOP + PLOT_HEIGHT * (self.high - log10(error)) / (self.high - self.low)
    }

    /// Rounds between ticks: one, two or five times a power of ten.
    fn step(&self) -> usize {
        let powers = (0..9).map(|power| 10usize.pow(power));
        let mut steps = powers.flat_map(|power| [power, 2 * power, 5 * power]);
        let step = steps.find(|step| self.rounds / step < TICKS_MAX);
        step.unwrap_or(self.rounds)
    }

    /// Ones, twos and fives between the edges; every power of a thousand where there are many.
    fn errors(&self) -> Vec<f64> {
        let powers = -36..=201_i32;
        let decades = self.high - self.low;
        let digits: &[f64] = if decades < 3.0 {
            &[1.0, 2.0, 5.0]
        } else {
            &[1.0]
        };
        let step = if decades < 12.0 { 1 } else { 12 };
        powers
            .filter(|power| power % step == 0)
            .flat_map(|power| {
                digits
                    .iter()
                    .map(move |digit| digit * pow(10.0, f64::from(power)))
            })
            .filter(|error| (self.low..=self.high).contains(&log10(*error)))
            .collect()
    }
}

struct Svg(String);

impl Svg {
    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        self.0
            .write_fmt(element)
            .expect("a string takes everything");
        self.0.push('\n');
    }

    fn axes(&mut self, scales: &Scales) {
        let (right, bottom) = (LEFT + scales.width(), TOP + PLOT_HEIGHT);
        for error in scales.errors() {
            let y = scales.y(error);
            let label = if (1e-3..1e5).contains(&error) {
                format!("{}", rounded(error))
            } else {
                format!("{error:.0e}")
            };
            self.add(format_args!(
                "<path d=\"M{LEFT} {y:.1}H{right}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" \
                 text-anchor=\"end\">{label}</text>",
                LEFT - 8.0,
                y + 4.0
            ));
        }
        self.add(format_args!(
            "<path d=\"M{LEFT} {TOP}V{bottom}H{right}\" fill=\"none\" stroke=\"#888\"/>"
        ));
        for round in (0..scales.rounds).step_by(scales.step()) {
            self.add(format_args!(
                "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                scales.x(round),
                bottom + 18.0,
                round
            ));
        }
        self.add(format_args!(
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">round</text>",
            LEFT + scales.width() / 2.0,
            bottom + 36.0
        ));
    }

    fn line(&mut self, scales: &Scales, line: &Line<'_>) {
        let points: Vec<String> = line
            .points
            .iter()
            .map(|(round, error)| format!("{:.1},{:.1}", scales.x(*round), scales.y(*error)))
            .collect();
        self.add(format_args!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-dasharray=\"{}\"/>",
            points.join(" "),
            line.colour,
            line.width,
            line.dashes
        ));
    }

    /// Columns of lines and names, below.
    fn legend(&mut self, lines: &[Line<'_>]) {
        let column = (WIDTH - LEFT - RIGHT) / LEGEND_COLUMNS as f64;
        for (place, line) in lines.iter().enumerate() {
            let x = LEFT + (place % LEGEND_COLUMNS) as f64 * column;
            let y = TOP + PLOT_HEIGHT + AXIS + 12.0 + (place / LEGEND_COLUMNS) as f64 * LEGEND_ROW;
            let end = x + 34.0;
            self.add(format_args!(
                "<path d=\"M{x:.1} {y}H{end:.1}\" stroke=\"{}\" stroke-width=\"{}\" stroke-dasharray=\"{}\"/>\
                 <text x=\"{:.1}\" y=\"{}\">{}</text>",
                line.colour,
                line.width,
                line.dashes,
                end + 8.0,
                y + 4.0,
                line.name
            ));
        }
    }
}

/// Without what a power of ten leaves behind the last digit.
fn rounded(error: f64) -> f64 {
    libm::round(error * 1e6) / 1e6
}

/// Text for an element of XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
