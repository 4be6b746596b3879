//! Devices and where their pushes go.

use chat_protocol::command::{PushService, PushTarget};
use chat_protocol::{DeviceId, Patch};

use super::Subject;
use super::scene::*;
use crate::storage::{Device, MAX_DEVICES, OwnAppend, OwnChange};

fn target(service: PushService, token: &str) -> PushTarget {
    PushTarget { service, token: token.to_owned(), app: None }
}

fn fcm(token: &str) -> Patch<PushTarget> {
    Patch::Set(target(PushService::Fcm, token))
}

fn named(name: &str) -> Patch<String> {
    Patch::Set(name.to_owned())
}

fn id(device: &str) -> DeviceId {
    DeviceId::new(device).expect("a valid device id")
}

pub(super) fn device(by: &str, device: &str, push: Patch<PushTarget>, name: Patch<String>) -> OwnAppend {
    own(by, OwnChange::Device { device: id(device), push, name })
}

/// The same at another time.
fn later(append: OwnAppend, micros: i64) -> OwnAppend {
    OwnAppend { now: at(micros), ..append }
}

fn gone(by: &str, device: &str, target: PushTarget) -> OwnAppend {
    own(by, OwnChange::ForgetPush { device: id(device), target })
}

impl Scene {
    pub(super) async fn devices(&self, of: &[&str]) -> Vec<Device> {
        self.store.devices(&users(of)).await.expect("devices works")
    }

    /// The only device of a user.
    async fn only(&self, of: &str) -> Device {
        let mut devices = self.devices(&[of]).await;
        assert_eq!(devices.len(), 1, "{devices:?}");
        devices.remove(0)
    }

    /// Users' devices with their tokens.
    async fn tokens(&self, of: &[&str]) -> Vec<String> {
        let devices = self.devices(of).await;
        let token = |device: &Device| device.push.as_ref().map_or("-".into(), |push| push.token.clone());
        devices.iter().map(|of| format!("{} {} {}", of.user, of.device, token(of))).collect()
    }

    /// Stores something of devices, which no log tells.
    async fn registered(&self, append: OwnAppend) {
        let stored = self.own(append).await;
        assert!(!stored.duplicate && stored.entry.is_none(), "it is stored and in no log: {stored:?}");
    }
}

/// Registered, changed in part, and taken back.
pub async fn devices_are_as_registered_last(subject: Subject) {
    let scene = Scene::new(&subject);
    assert_eq!(scene.devices(&["a"]).await, []);
    let push = PushTarget { app: Some("org.example".to_owned()), ..target(PushService::Apns, "T\u{0}\"é") };
    scene.registered(later(device("a", "d", Patch::Set(push.clone()), named("Ann's phone")), 7)).await;
    let whole = Device {
        user: user("a"),
        device: id("d"),
        push: Some(push.clone()),
        name: Some("Ann's phone".to_owned()),
        updated_at: at(7),
    };
    assert_eq!(scene.only("a").await, whole);
    scene.registered(later(device("a", "d", Patch::Keep, Patch::Keep), 8)).await;
    let whole = Device { updated_at: at(8), ..whole };
    assert_eq!(scene.only("a").await, whole, "what is not named stays");
    scene.registered(later(device("a", "d", Patch::Clear, Patch::Keep), 9)).await;
    let silent = Device { push: None, updated_at: at(9), ..whole };
    assert_eq!(scene.only("a").await, silent, "it has its name yet");
    for (service, token) in [(PushService::WebPush, "w"), (PushService::Webhook, "h")] {
        scene.registered(later(device("a", "d", Patch::Set(target(service, token)), Patch::Clear), 9)).await;
        let whole = Device { push: Some(target(service, token)), name: None, ..silent.clone() };
        assert_eq!(scene.devices(&["a"]).await, [whole]);
    }
    assert_eq!(scene.devices(&["b"]).await, [], "another's are another's");
    scene.registered(device("a", "d", Patch::Clear, Patch::Keep)).await;
    assert_eq!(scene.devices(&["a"]).await, [], "nothing is left of it");
    assert_eq!(scene.user_log("a").await, []);
}

/// A device that changes hands rings for its new owner alone.
pub async fn a_token_has_one_holder(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.registered(device("a", "d", fcm("T"), named("phone"))).await;
    scene.registered(device("b", "d", fcm("U"), Patch::Keep)).await;
    assert_eq!(scene.tokens(&["a", "b"]).await, ["a d T", "b d U"]);
    scene.registered(device("b", "e", fcm("T"), Patch::Keep)).await;
    assert_eq!(scene.tokens(&["a", "b"]).await, ["a d -", "b d U", "b e T"]);
    scene.registered(device("b", "f", fcm("T"), Patch::Keep)).await;
    assert_eq!(scene.tokens(&["a", "b"]).await, ["a d -", "b d U", "b f T"], "nothing is left of the other");
    scene.registered(device("b", "f", fcm("T"), Patch::Keep)).await;
    assert_eq!(scene.tokens(&["b"]).await, ["b d U", "b f T"], "its own stays");
    let same_text = Patch::Set(target(PushService::Apns, "T"));
    scene.registered(device("a", "d", same_text, Patch::Keep)).await;
    assert_eq!(scene.tokens(&["a", "b"]).await, ["a d T", "b d U", "b f T"], "another service's is another");
}

/// The service said so of an earlier token.
pub async fn a_gone_token_spares_its_successor(subject: Subject) {
    let scene = Scene::new(&subject);
    let old = target(PushService::Fcm, "old");
    scene.registered(device("a", "d", fcm("new"), Patch::Keep)).await;
    scene.registered(device("a", "e", fcm("old"), named("e"))).await;
    scene.own_repeated(gone("a", "d", old.clone())).await;
    scene.own_repeated(gone("b", "d", old.clone())).await;
    assert_eq!(scene.tokens(&["a"]).await, ["a d new", "a e old"]);
    scene.registered(gone("a", "e", old.clone())).await;
    assert_eq!(scene.tokens(&["a"]).await, ["a d new", "a e -"]);
    scene.own_repeated(gone("a", "e", old)).await;
    scene.registered(gone("a", "d", target(PushService::Fcm, "new"))).await;
    assert_eq!(scene.tokens(&["a"]).await, ["a e -"], "nothing is left of it");
}

/// One more than there is room for.
pub async fn the_oldest_device_makes_room(subject: Subject) {
    let scene = Scene::new(&subject);
    let nth = |n: usize| format!("d{n:03}");
    let batch: Vec<_> = (0..MAX_DEVICES)
        .map(|n| later(device("a", &nth(n), fcm(&nth(n)), Patch::Keep), 100 + n as i64))
        .collect();
    assert!(scene.append_own(&batch).await.iter().all(Result::is_ok));
    scene.registered(device("b", "other", fcm("other"), Patch::Keep)).await;
    assert_eq!(scene.devices(&["a"]).await.len(), MAX_DEVICES);
    scene.registered(later(device("a", &nth(0), Patch::Keep, Patch::Keep), 1_000)).await;
    assert_eq!(scene.devices(&["a"]).await.len(), MAX_DEVICES, "it is no new one");
    scene.registered(later(device("a", "new", fcm("new"), Patch::Keep), 1_001)).await;
    let left: Vec<_> = scene.devices(&["a"]).await.iter().map(|device| device.device.to_string()).collect();
    let mut kept: Vec<_> = (0..MAX_DEVICES).filter(|n| *n != 1).map(nth).collect();
    kept.push("new".to_owned());
    assert_eq!(left, kept, "the first was registered again, the second was not");
    assert_eq!(scene.devices(&["b"]).await.len(), 1);
}

/// A page of members in one read.
pub async fn devices_come_by_user(subject: Subject) {
    let scene = Scene::new(&subject);
    for (by, of) in [("a", "2"), ("b", "1"), ("a", "10"), ("c", "1"), ("a", "1")] {
        scene.registered(device(by, of, fcm(&format!("{by}{of}")), Patch::Keep)).await;
    }
    let asked = scene.tokens(&["c", "nobody", "a"]).await;
    assert_eq!(asked, ["c 1 c1", "a 1 a1", "a 10 a10", "a 2 a2"]);
    assert_eq!(scene.tokens(&[]).await, [""; 0]);
}
