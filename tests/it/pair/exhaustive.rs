//! One conversation, cut everywhere.

use chat_tests::pair::{Cut, Fault, On, Options, Spring, Trap, Way, run};

/// More frames, or bytes of one frame, than the conversation has in one direction.
const MOST: usize = 2_000;

/// Cuts one after the other until there is nothing more to cut, of clients with a store for their messages and of such without;
/// how often it was cut.
fn cut_all(fault: Fault, first: usize, cut: impl Fn(usize) -> Vec<Cut>) -> usize {
    let [with, without] = [true, false].map(|kept| cut_each(kept, first, &cut));
    println!("{fault:?}: {with} places with a store, {without} without");
    with.min(without)
}

fn cut_each(kept: bool, first: usize, cut: impl Fn(usize) -> Vec<Cut>) -> usize {
    let faults = [Fault::CutUpBetweenFrames, Fault::CutUpWithinFrame];
    let faults = faults.into_iter().chain([Fault::CutDownBetweenFrames, Fault::CutDownWithinFrame]);
    for n in first..MOST {
        let cuts = cut(n);
        let expected = cuts.len() as u64;
        let options = Options { scripted: true, cuts, kept: Some(kept), ..Options::default() };
        let report = run(0, &options).unwrap_or_else(|failure| panic!("cut {n}: {}", failure.what));
        if faults.clone().map(|fault| report.hits.count(fault)).sum::<u64>() < expected {
            return n - first;
        }
    }
    panic!("there is no end to it");
}

fn at(connection: u64, way: Way, on: On, after: usize, keep: usize) -> Cut {
    Cut { client: 0, connection, way, trap: Trap { on, after, spring: Spring::Cut { keep } } }
}

#[test]
fn a_cut_before_any_frame_of_the_client_loses_nothing() {
    let places = cut_all(Fault::CutUpBetweenFrames, 0, |n| vec![at(0, Way::Up, On::Any, n, 0)]);
    assert!(places > 20, "{places}");
}

#[test]
fn a_cut_before_any_frame_of_the_server_loses_nothing() {
    let places = cut_all(Fault::CutDownBetweenFrames, 0, |n| vec![at(0, Way::Down, On::Any, n, 0)]);
    assert!(places > 40, "{places}");
}

#[test]
fn a_cut_at_any_byte_of_a_send_loses_nothing() {
    let places = cut_all(Fault::CutUpWithinFrame, 1, |n| vec![at(0, Way::Up, On::Packet("send"), 4, n)]);
    assert!(places > 100, "{places}");
}

#[test]
fn a_cut_at_any_byte_of_an_ack_loses_nothing() {
    // The first reply is that to `auth`.
    let places = cut_all(Fault::CutDownWithinFrame, 1, |n| vec![at(0, Way::Down, On::Packet("reply"), 4, n)]);
    assert!(places > 80, "{places}");
}

#[test]
fn a_cut_at_any_frame_of_a_resume_loses_nothing() {
    let first = at(0, Way::Down, On::Packet("reply"), 5, 0);
    for (way, least) in [(Way::Up, 8), (Way::Down, 15)] {
        let fault = if way == Way::Up { Fault::CutUpBetweenFrames } else { Fault::CutDownBetweenFrames };
        let places = cut_all(fault, 0, |n| vec![first, at(1, way, On::Any, n, 0)]);
        assert!(places > least, "{way:?}: {places}");
    }
}
