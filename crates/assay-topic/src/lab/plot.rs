//! The picture of a study: what validators' strategies earn over the size of the deviating party.

use super::{Row, Side, Strategy};
use std::fmt::Write as _;

/// A panel's plot area.
const PANEL_WIDTH: f64 = 260.0;
const PANEL_HEIGHT: f64 = 300.0;
/// Space between panels, and left of the first, where the scale stands.
const GAP: f64 = 24.0;
const LEFT: f64 = 56.0;
const TOP: f64 = 44.0;
/// Space below panels: a scale, its title, and a legend of three rows.
const BOTTOM: f64 = 124.0;
/// Ratios that the picture shows; a line that leaves it is named at its edge.
const LEAST: f64 = 0.5;
const MOST: f64 = 1.25;
/// Largest share that the picture shows, in per cent.
const SHARE_MOST: f64 = 65.0;

/// Colour and dashes of a validator's strategy: eight colours that most people can tell apart (Okabe and Ito, 2008).
const fn stroke(strategy: Strategy) -> Option<(&'static str, &'static str)> {
    match strategy {
        Strategy::Copier => Some(("#d55e00", "none")),
        Strategy::Guesser => Some(("#e69f00", "7 3")),
        Strategy::LazyEqual => Some(("#0072b2", "none")),
        Strategy::LazyFirst => Some(("#56b4e9", "7 3")),
        Strategy::Cartel => Some(("#000000", "none")),
        Strategy::Partisan => Some(("#cc79a7", "7 3")),
        Strategy::Booster => Some(("#8a6d00", "2 3")),
        Strategy::SplitStake => Some(("#009e73", "2 3")),
        Strategy::Honest
        | Strategy::HonestMiner
        | Strategy::SybilCopied
        | Strategy::SybilDivided
        | Strategy::Sniper => None,
    }
}

/// An SVG of the net ratios of validators' strategies, a panel for each set of rules. Miners' ratios are too far apart
/// for one scale and stand in tables alone.
pub fn plot(rows: &[Row]) -> String {
    let mut rules: Vec<&str> = Vec::new();
    let mut strategies: Vec<Strategy> = Vec::new();
    for row in rows
        .iter()
        .filter(|row| row.strategy.side() == Side::Validator)
    {
        if !rules.contains(&row.rules) {
            rules.push(row.rules);
        }
        if !strategies.contains(&row.strategy) {
            strategies.push(row.strategy);
        }
    }
    let panels = rules.len().max(1) as f64;
    let width = LEFT + panels * PANEL_WIDTH + (panels - 1.0) * GAP + 20.0;
    let height = TOP + PANEL_HEIGHT + BOTTOM;
    let mut svg = Svg(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<title>Net earnings of deviating validators over those of honest play, by share of the \
         stake</title>\n<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n"
    ));
    svg.scale();
    for (place, name) in (0u32..).zip(&rules) {
        let left = LEFT + f64::from(place) * (PANEL_WIDTH + GAP);
        let own: Vec<&Row> = rows.iter().filter(|row| row.rules == *name).collect();
        svg.panel(place, left, name);
        let mut outside = 0;
        for strategy in &strategies {
            let line: Vec<&Row> = own
                .iter()
                .copied()
                .filter(|row| row.strategy == *strategy)
                .collect();
            svg.line(place, left, *strategy, &line);
            outside += svg.outside(left, outside, *strategy, &line);
        }
    }
    svg.legend(width, &strategies);
    svg.0.push_str("</svg>\n");
    svg.0
}

struct Svg(String);

impl Svg {
    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        self.0
            .write_fmt(element)
            .expect("a string takes everything");
        self.0.push('\n');
    }

    /// The ratios on the left.
    fn scale(&mut self) {
        for twentieth in (10..=25).step_by(5) {
            let ratio = f64::from(twentieth) / 20.0;
            let (x, y) = (LEFT - 8.0, y(ratio) + 4.0);
            self.add(format_args!(
                "<text x=\"{x}\" y=\"{y:.1}\" text-anchor=\"end\">{ratio:.2}</text>"
            ));
        }
        let middle = TOP + PANEL_HEIGHT / 2.0;
        self.add(format_args!(
            "<text x=\"14\" y=\"{middle}\" text-anchor=\"middle\" transform=\"rotate(-90 14 {middle})\">net earnings, \
             honest play = 1</text>"
        ));
    }

    fn panel(&mut self, place: u32, left: f64, name: &str) {
        let (right, bottom) = (left + PANEL_WIDTH, TOP + PANEL_HEIGHT);
        let middle = left + PANEL_WIDTH / 2.0;
        self.add(format_args!(
            "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" font-size=\"14\">{name}</text>",
            TOP - 16.0
        ));
        self.add(format_args!(
            "<clipPath id=\"panel{place}\"><rect x=\"{left}\" y=\"{TOP}\" width=\"{PANEL_WIDTH}\" \
             height=\"{PANEL_HEIGHT}\"/></clipPath>"
        ));
        for twentieth in (10..=25).step_by(5) {
            let ratio = f64::from(twentieth) / 20.0;
            let colour = if twentieth == 20 { "#777" } else { "#ddd" };
            let y = y(ratio);
            self.add(format_args!(
                "<path d=\"M{left} {y:.1}H{right}\" stroke=\"{colour}\"/>"
            ));
        }
        let half = x(left, 50.0);
        self.add(format_args!(
            "<path d=\"M{half:.1} {TOP}V{bottom}\" stroke=\"#999\" stroke-dasharray=\"4 4\"/>"
        ));
        self.add(format_args!(
            "<path d=\"M{left} {TOP}V{bottom}H{right}\" fill=\"none\" stroke=\"#888\"/>"
        ));
        for share in (0..=60).step_by(10) {
            let x = x(left, f64::from(share));
            self.add(format_args!(
                "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{share}</text>",
                bottom + 18.0
            ));
        }
        self.add(format_args!(
            "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">share of the stake, %</text>",
            bottom + 36.0
        ));
    }

    fn line(&mut self, place: u32, left: f64, strategy: Strategy, rows: &[&Row]) {
        let Some((colour, dashes)) = stroke(strategy) else {
            return;
        };
        let points: Vec<String> = rows
            .iter()
            .map(|row| {
                format!(
                    "{:.1},{:.1}",
                    x(left, f64::from(row.share_percent)),
                    y(row.ratio_net)
                )
            })
            .collect();
        self.add(format_args!(
            "<polyline clip-path=\"url(#panel{place})\" points=\"{}\" fill=\"none\" stroke=\"{colour}\" \
             stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>",
            points.join(" ")
        ));
    }

    /// Names a line that leaves the panel at its upper edge; how many lines of text that took.
    fn outside(&mut self, left: f64, above: u32, strategy: Strategy, rows: &[&Row]) -> u32 {
        let most = rows.iter().map(|row| row.ratio_net).fold(0.0, f64::max);
        if most <= MOST {
            return 0;
        }
        let colour = stroke(strategy).map_or("#000000", |(colour, _)| colour);
        let (x, y) = (x(left, 44.0), TOP + 14.0 + 15.0 * f64::from(above));
        self.add(format_args!(
            "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"end\" fill=\"{colour}\">{}: up to {most:.2} ↗</text>",
            strategy.name()
        ));
        1
    }

    /// Three columns of lines and names, below.
    fn legend(&mut self, width: f64, strategies: &[Strategy]) {
        let column = (width - LEFT) / 3.0;
        for (place, strategy) in (0u32..).zip(strategies) {
            let Some((colour, dashes)) = stroke(*strategy) else {
                continue;
            };
            let x = LEFT + f64::from(place % 3) * column;
            let y = TOP + PANEL_HEIGHT + 62.0 + 20.0 * f64::from(place / 3);
            let end = x + 34.0;
            self.add(format_args!(
                "<path d=\"M{x:.1} {y}H{end:.1}\" stroke=\"{colour}\" stroke-width=\"2\" \
                 stroke-dasharray=\"{dashes}\"/><text x=\"{:.1}\" y=\"{}\">{}</text>",
                end + 8.0,
                y + 4.0,
                strategy.name()
            ));
        }
    }
}

fn x(left: f64, share_percent: f64) -> f64 {
    left + share_percent / SHARE_MOST * PANEL_WIDTH
}

/// Where a ratio lies; far ones are cut, for a line must leave the panel but not the page.
fn y(ratio: f64) -> f64 {
    let place = (ratio.clamp(0.0, 20.0) - LEAST) / (MOST - LEAST);
    TOP + PANEL_HEIGHT * (1.0 - place)
}
