//! After a restart everybody comes back and catches up.

use std::time::Instant;

use super::{Effort, Run};
use crate::Failure;
use crate::figures::{Figures, permille};
use crate::scene::{Place, Plan, Subject, auth};
use crate::swarm::{Opening, Swarm};

const CLIENTS: usize = 1_000;

/// Rooms of each client; there are as many rooms as clients, and as many members in each.
const ROOMS: usize = 20;

/// Messages that were missed in each room.
const MISSED: usize = 10;

/// Clients that have missed much more than the others.
const FAR_BEHIND: usize = 5;

/// How many messages those have missed in each of as many rooms: the most that a resume tells one by one.
const MUCH: usize = 1_000;

/// All alike.
pub(crate) const ALIKE: &str = "1,000 clients x 20 rooms resume";

/// Some are far behind; what is measured is the others.
pub(crate) const BESIDE_SLOW: &str = "the same beside 5 far behind";

fn client(number: usize) -> String {
    format!("user-{number:04}")
}

fn room(number: usize) -> String {
    format!("room-{:04}", number % CLIENTS)
}

fn long_room(number: usize) -> String {
    format!("long-room-{number:02}")
}

fn plan(far_behind: bool) -> Plan {
    let members = |first: usize| (0..ROOMS).map(|step| client((first + step) % CLIENTS)).collect();
    let mut rooms: Vec<_> = (0..CLIENTS).map(|number| (room(number), members(number), MISSED)).collect();
    if far_behind {
        let slow: Vec<String> = (0..FAR_BEHIND).map(|number| format!("slow-{number}")).collect();
        rooms.extend((0..ROOMS).map(|number| (long_room(number), slow.clone(), MUCH)));
    }
    Plan::rooms(rooms)
}

/// The words of a client that knows its rooms up to their last member's entry.
fn words(subject: &Subject, user: &str, rooms: &[(String, usize)]) -> Result<Opening, Failure> {
    let epoch = subject.epoch.clone().ok_or("the server has an epoch")?;
    let positions: Vec<String> =
        rooms.iter().map(|(room, members)| format!(r#""{room}":{}"#, members + 1)).collect();
    let resume = format!(
        r#"{{"resume":{{"id":"resume","epoch":"{}","user_offset":{},"rooms":{{{}}}}}}}"#,
        epoch.as_str(),
        rooms.len(),
        positions.join(",")
    );
    Ok(subject.opening(vec![auth(user), resume]))
}

/// Starts a server on what an earlier life left and lets all clients in at once.
pub(crate) fn measure(place: &Place, effort: Effort, figures: &mut Figures) -> Result<(), Failure> {
    for _ in 0..effort.repetitions {
        once(place, ALIKE, false, figures)?;
        once(place, BESIDE_SLOW, true, figures)?;
    }
    Ok(())
}

fn once(place: &Place, name: &str, far_behind: bool, figures: &mut Figures) -> Result<(), Failure> {
    let subject = Subject::start(place, "server", &plan(far_behind))?;
    let mut openings = Vec::new();
    if far_behind {
        for number in 0..FAR_BEHIND {
            let rooms: Vec<_> = (0..ROOMS).map(|number| (long_room(number), FAR_BEHIND)).collect();
            openings.push(words(&subject, &format!("slow-{number}"), &rooms)?);
        }
    }
    for number in 0..CLIENTS {
        // The rooms in which this client is one of the members.
        let mine: Vec<_> = (0..ROOMS).map(|step| (room(number + CLIENTS - step), ROOMS)).collect();
        openings.push(words(&subject, &client(number), &mine)?);
    }
    let mut swarm = Swarm::new()?;
    let (began, run) = (Instant::now(), Run::begin(&subject.program)?);
    let ready = swarm.open_at_once(&openings, openings.len())?;
    let (_, cpu) = run.end(&subject.program)?;
    let others = &ready[if far_behind { FAR_BEHIND } else { 0 }..];
    let mut took: Vec<f64> = others.iter().map(|ready| (*ready - began).as_secs_f64() * 1e3).collect();
    figures.add(name, subject.name, "all caught up ms", permille(&mut took, 1_000));
    figures.add(name, subject.name, "p50 ms", permille(&mut took, 500));
    figures.add(name, subject.name, "cpu us/client", cpu / openings.len() as f64 * 1e6);
    let expected = (CLIENTS * ROOMS * MISSED + if far_behind { FAR_BEHIND * ROOMS * MUCH } else { 0 }) as u64;
    let told = swarm.messages();
    if told != expected {
        return Err(format!("{told} of {expected} missed messages were told").into());
    }
    Ok(())
}
