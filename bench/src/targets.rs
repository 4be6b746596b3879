//! The targets, and whether they are met.

use serde::Serialize;

use crate::figures::Figures;
use crate::load::fan_out::Case;
use crate::load::{growth, history, idle, pairs, resume, storm};

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
    table.growth();
    table.resume();
    table.verdicts
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
    }

    /// Each curve against its second point: at the first, what is paid once per message still shows.
    fn growth(&mut self) {
        let readers = Case::of(100, 8).name();
        for count in [10, 1_000, 9_000] {
            let name = Case::of(count, 8).name();
            self.line("9 readers", &name, "cpu us/delivery", Against::Case(&readers), Bound::AtMost(1.5));
        }
        let past = history::name("socket", 1_000);
        for count in [10_000, 100_000, 1_000_000] {
            let name = history::name("socket", count);
            self.line("9 history", &name, "cpu us/page", Against::Case(&past), Bound::AtMost(1.5));
        }
        for count in [100, 1_000, 10_000, 100_000] {
            let (name, few) = (growth::name(count), growth::name(10));
            self.line("9 rooms", &name, "cpu us/message", Against::Case(&few), Bound::AtMost(1.5));
        }
        let nobody = Case::of(10, 1).name();
        for offline in [100, 1_000, 10_000, 100_000] {
            let name = Case { offline, ..Case::of(10, 1) }.name();
            self.line("9 offline", &name, "cpu us/message", Against::Case(&nobody), Bound::AtMost(1.5));
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
