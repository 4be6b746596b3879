//! The targets, and whether they are met.

use serde::Serialize;

use crate::figures::Figures;
use crate::load::fan_out::Case;
use crate::load::{formats, growth, history, idle, pairs, resume, storm};

/// What a figure is held against.
#[derive(Debug, Clone, Copy)]
enum Against<'a> {
    /// The same figure of a floor program.
    Floor(&'a str),
    /// The same figure of the server in another case.
    Case(&'a str),
    /// Nothing: an absolute bound.
    Nothing,
}

/// Which side of its bound a figure must be on.
#[derive(Debug, Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// One line of the table.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict {
    target: String,
    what: String,
    against: Option<f64>,
    server: f64,
    /// What is compared with the bound: the ratio to the floor, or the figure itself.
    measured: f64,
    bound: String,
    met: bool,
}

/// What NATS delivered for each delivery of the floor L0 on one machine: 1,532 to 2,589 thousand a second.
const NATS_BY_L0: f64 = 1_532.0 / 2_589.0;

/// Judges whatever was measured.
pub(crate) fn judge(figures: &Figures) -> Vec<Verdict> {
    let mut table = Table { figures, verdicts: Vec::new() };
    table.fan_out();
    table.pairs();
    table.connections();
    table.history();
    table.formats();
    table.growth();
    table.resume();
    table.verdicts
}

/// One curve of growth: the cases of one workload in ever greater numbers.
pub(crate) struct Curve {
    pub(crate) name: &'static str,
    /// For the legend.
    pub(crate) what: &'static str,
    metric: &'static str,
    /// The number against which the greater ones are judged. Not the smallest where what is paid once per message is
    /// shared by the readers, or where ten connections share writes that a hundred do not.
    base: usize,
    points: Vec<(usize, String)>,
}

/// All curves of growth.
pub(crate) fn curves() -> [Curve; 4] {
    let points = |counts: &[usize], name: &dyn Fn(usize) -> String| {
        counts.iter().map(|count| (*count, name(*count))).collect()
    };
    [
        Curve {
            name: "readers",
            what: "a delivery, by readers online",
            metric: "cpu us/delivery",
            base: 100,
            points: points(growth::READERS, &|count| Case::of(count, 8).name()),
        },
        Curve {
            name: "history",
            what: "a page, by messages in the room",
            metric: "cpu us/page",
            base: 1_000,
            points: points(growth::MESSAGES, &history::name_of_older),
        },
        Curve {
            name: "rooms",
            what: "a message, by rooms followed",
            metric: "cpu us/message",
            base: 100,
            points: points(growth::ROOMS, &growth::name),
        },
        Curve {
            name: "offline",
            what: "a message, by members offline",
            metric: "cpu us/message",
            base: 0,
            points: points(growth::OFFLINE, &|offline| Case { offline, ..Case::of(10, 1) }.name()),
        },
    ]
}

impl Curve {
    /// What was measured, relative to the base.
    pub(crate) fn points(&self, figures: &Figures) -> Vec<(f64, f64)> {
        let cost = |case: &str| figures.median(case, "server", self.metric);
        let base = self.points.iter().find(|(count, _)| *count == self.base).and_then(|(_, case)| cost(case));
        let Some(base) = base else { return Vec::new() };
        // Nobody offline stands at the left edge: zero has no place on a logarithmic axis.
        let point = |(count, case): &(usize, String)| Some(((*count).max(10) as f64, cost(case)? / base));
        self.points.iter().filter_map(point).collect()
    }
}

struct Table<'a> {
    figures: &'a Figures,
    verdicts: Vec<Verdict>,
}

impl Table<'_> {
    fn line(&mut self, target: &str, case: &str, metric: &str, against: Against<'_>, bound: Bound) {
        let Some(server) = self.figures.median(case, "server", metric) else { return };
        let (reference, name) = match against {
            Against::Floor(floor) => (self.figures.median(case, floor, metric), floor),
            Against::Case(other) => (self.figures.median(other, "server", metric), other),
            Against::Nothing => (Some(1.0), ""),
        };
        let Some(reference) = reference else { return };
        let absolute = matches!(against, Against::Nothing);
        let measured = server / reference;
        let (met, bound) = match bound {
            Bound::AtMost(bound) => (measured <= bound, format!("<= {bound}")),
            Bound::AtLeast(bound) => (measured >= bound, format!(">= {bound:.2}")),
        };
        let bound = if absolute { bound } else { format!("{bound} x {name}") };
        self.verdicts.push(Verdict {
            target: target.to_owned(),
            what: format!("{case}: {metric}"),
            against: (!absolute).then_some(reference),
            server,
            measured,
            bound,
            met,
        });
    }

    fn fan_out(&mut self) {
        let cpu = "cpu us/delivery";
        for readers in [100, 1_000] {
            self.line("1", &Case::of(readers, 1).name(), cpu, Against::Floor("l0s"), Bound::AtMost(1.15));
        }
        for case in [Case::of(100, 32), Case::of(1_000, 8)] {
            let name = case.name();
            self.line("2", &name, cpu, Against::Floor("l0"), Bound::AtMost(1.0));
            self.line("2", &name, "k deliveries/s", Against::Floor("l0"), Bound::AtLeast(NATS_BY_L0));
            self.line("2 stretch", &name, cpu, Against::Floor("l1"), Bound::AtMost(1.3));
        }
    }

    fn pairs(&mut self) {
        self.line("3", pairs::PING_PONG, "messages/s", Against::Floor("l2"), Bound::AtLeast(0.9));
        self.line("3", pairs::PING_PONG, "cpu us/message", Against::Floor("l2"), Bound::AtMost(1.3));
        self.line("4", pairs::STEADY, "p50 ms", Against::Floor("l2"), Bound::AtMost(1.5));
        self.line("4", pairs::STEADY, "p99 ms", Against::Nothing, Bound::AtMost(3.0));
    }

    fn connections(&mut self) {
        for connections in [2_000, 10_000] {
            let name = idle::name(connections);
            self.line("5", &name, "KiB/connection", Against::Nothing, Bound::AtMost(10.0));
            self.line("5", &name, "cpu %", Against::Nothing, Bound::AtMost(1.0));
        }
        for name in [storm::RETURN, storm::JOIN] {
            self.line("6", name, "cpu us/connection", Against::Floor("l0s"), Bound::AtMost(2.0));
        }
    }

    fn history(&mut self) {
        for way in ["HTTP", "socket"] {
            let (small, large) = (history::name(way, 1_000), history::name(way, 100_000));
            self.line("7", &large, "cpu us/page", Against::Nothing, Bound::AtMost(80.0));
            self.line("7", &large, "cpu us/page", Against::Case(&small), Bound::AtMost(1.2));
        }
        // The server may keep the newest page ready; any other one it reads.
        let any = history::name_of_older(100_000);
        self.line("7 read", &any, "cpu us/page", Against::Nothing, Bound::AtMost(80.0));
    }

    /// One serialisation per message and format, which writes a support case's message twice.
    fn formats(&mut self) {
        for (case, most) in [(formats::NATIVE, 1.0), (formats::ALL, 7.0)] {
            self.line("8", case, "encodings/message", Against::Nothing, Bound::AtMost(most));
        }
    }

    fn growth(&mut self) {
        for curve in curves() {
            let Some((_, base)) = curve.points.iter().find(|(count, _)| *count == curve.base) else {
                continue;
            };
            for (_, case) in curve.points.iter().filter(|(count, _)| *count > curve.base) {
                let target = format!("9 {}", curve.name);
                self.line(&target, case, curve.metric, Against::Case(base), Bound::AtMost(1.5));
            }
        }
    }

    fn resume(&mut self) {
        for name in [resume::ALIKE, resume::BESIDE_SLOW] {
            self.line("10", name, "all caught up ms", Against::Nothing, Bound::AtMost(3_000.0));
        }
    }
}

/// Prints the table.
pub(crate) fn print(verdicts: &[Verdict]) {
    println!(
        "\n{:<10} {:<52} {:>9} {:>9} {:>7}  {:<34} met",
        "target", "figure", "floor", "server", "ratio", "bound"
    );
    for verdict in verdicts {
        let Verdict { target, what, against, server, measured, bound, met } = verdict;
        let (against, ratio) = match against {
            Some(against) => (format!("{against:.2}"), format!("{measured:.2}")),
            None => (String::new(), String::new()),
        };
        let met = if *met { "yes" } else { "NO" };
        println!("{target:<10} {what:<52} {against:>9} {server:>9.2} {ratio:>7}  {bound:<34} {met}");
    }
}

/// The table for a page of documentation.
pub(crate) fn markdown(verdicts: &[Verdict]) -> String {
    let mut page = String::from("| # | figure | floor | server | ratio | target | met |\n");
    page += "| --- | --- | --- | --- | --- | --- | --- |\n";
    for Verdict { target, what, against, server, measured, bound, met } in verdicts {
        let floor = against.map_or_else(String::new, |against| format!("{against:.2}"));
        let ratio = against.map_or_else(String::new, |_| format!("{measured:.2}"));
        let met = if *met { "yes" } else { "**no**" };
        page += &format!("| {target} | {what} | {floor} | {server:.2} | {ratio} | {bound} | {met} |\n");
    }
    page
}
