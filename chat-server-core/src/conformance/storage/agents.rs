//! Agents, who answer at the desks of their organization.

use chat_protocol::{Access, Desk, DeskStatus, Role, RoomId, RoomKind, limits};

use super::Subject;
use super::scene::*;
use crate::storage::{Append, OwnAppend, OwnChange, Refusal};

/// A desk of an organization, with its client as a member.
fn desk(id: &str, organization: &str, client: &str) -> Append {
    make(id, client, &[], |new| {
        (new.kind, new.access) = (RoomKind::Desk, Access::Invite);
        let status = DeskStatus::Open.into();
        new.desk = Some(Desk { organization: organization.to_owned(), client: user(client), status });
        new.members = vec![(user(client), Role::Member)];
    })
}

pub(super) fn agent(who: &str, organization: &str, agent: bool) -> OwnAppend {
    own(who, OwnChange::Agent { organization: organization.to_owned(), agent })
}

impl Scene {
    pub(super) async fn agents(&self, organization: &str) -> Vec<String> {
        let agents = self.store.agents(organization).await.expect("agents works");
        agents.iter().map(ToString::to_string).collect()
    }

    async fn is_agent(&self, who: &str, id: &str) -> bool {
        let standing = self.store.standing(&room(id), &user(who)).await.expect("standing works");
        standing.expect("there is such a room").agent
    }

    async fn desks(&self, organization: &str, who: &str) -> Vec<RoomId> {
        self.store.desks_of(organization, &user(who), ALL).await.expect("desks_of works")
    }
}

/// Whoever is an agent is one at every desk of the organization and at no other, from the next call on.
pub async fn agents_answer_for_their_organization(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[desk("d1", "acme", "c"), desk("other", "rival", "c"), create("r", "x", &["x"])]).await;
    assert!(!scene.is_agent("x", "d1").await);
    let made = scene.own(agent("x", "acme", true)).await;
    assert_eq!((made.duplicate, made.entry), (false, None), "no log tells it");
    scene.own_repeated(agent("x", "acme", true)).await;
    scene.own(agent("a", "acme", true)).await;
    scene.stored(desk("d2", "acme", "c")).await;
    for id in ["d1", "d2"] {
        assert!(scene.is_agent("x", id).await && scene.is_agent("a", id).await, "{id}");
    }
    assert!(!scene.is_agent("x", "other").await && !scene.is_agent("x", "r").await, "only there");
    assert!(!scene.is_agent("c", "d1").await, "a client is none");
    assert_eq!(scene.agents("acme").await, ["a", "x"]);
    assert_eq!(scene.agents("rival").await, [""; 0]);

    scene.all(&[join("d1", "x"), join("d2", "x")]).await;
    assert_eq!(scene.desks("acme", "x").await, [room("d1"), room("d2")]);
    assert_eq!(scene.store.desks_of("acme", &user("x"), 1).await.unwrap().len(), 1, "at most so many");
    assert_eq!(scene.desks("rival", "x").await, []);
    assert_eq!(scene.desks("acme", "c").await, [], "whose case it is answers at none");

    scene.own(agent("x", "acme", false)).await;
    scene.own_repeated(agent("x", "acme", false)).await;
    scene.own_repeated(agent("nobody", "acme", false)).await;
    assert!(!scene.is_agent("x", "d1").await && scene.is_agent("a", "d1").await);
    assert_eq!(scene.agents("acme").await, ["a"]);
    assert_eq!(scene.desks("acme", "x").await.len(), 2, "a member stays one");
}

/// There is a bound, and who goes makes room.
pub async fn agents_have_a_bound(subject: Subject) {
    let scene = Scene::new(&subject);
    let all: Vec<_> = (0..limits::MAX_AGENTS).map(|n| agent(&format!("u{n}"), "acme", true)).collect();
    assert!(scene.append_own(&all).await.iter().all(Result::is_ok));
    assert_eq!(scene.own_answer(agent("more", "acme", true)).await, Err(Refusal::Full));
    scene.own_repeated(agent("u7", "acme", true)).await;
    scene.own(agent("more", "rival", true)).await;
    scene.own(agent("u7", "acme", false)).await;
    scene.own(agent("more", "acme", true)).await;
    assert_eq!(scene.agents("acme").await.len(), limits::MAX_AGENTS);
}

/// Who is an agent when the change is stored joins, whatever was decided before.
pub async fn only_agents_join_desks(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.stored(desk("d", "acme", "c")).await;
    scene.own(agent("b", "rival", true)).await;
    for who in ["a", "b"] {
        assert_eq!(scene.refused(join("d", who)).await, Refusal::NotAllowed, "{who}");
    }
    scene.repeated(join("d", "c")).await;
    scene.own(agent("a", "acme", true)).await;
    scene.stored(join("d", "a")).await;
    scene.own(agent("a", "acme", false)).await;
    scene.stored(leave("d", "a")).await;
    assert_eq!(scene.refused(join("d", "a")).await, Refusal::NotAllowed);

    let is_client = async |who: &str, id: &str| {
        scene.store.standing(&room(id), &user(who)).await.unwrap().unwrap().client
    };
    scene.all(&[leave("d", "c"), create("r", "c", &["c"])]).await;
    assert!(is_client("c", "d").await, "also when it is no member");
    assert!(!is_client("a", "d").await && !is_client("c", "r").await);
    scene.stored(join("d", "c")).await;
}
