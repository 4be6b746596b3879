//! What is unread: step by step, and in random runs beside a model that counts by looking.

use chat_protocol::command::{RoomPatch, SettingsPatch};
use chat_protocol::{Access, HistoryVisibility, Mentions, Patch, Role};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::Subject;
use super::model::Model;
use super::scene::*;
use crate::storage::{Append, OwnAppend};

/// Compared with a plain count after every step of a conversation.
pub async fn unread_counts_others_after_the_pointer(subject: Subject) {
    let scene = Scene::new(&subject);
    let users = ["a", "b", "c"];
    scene.all(&[create("r", "a", &users), create("other", "b", &users)]).await;
    let steps =
        ["a", "b", "b", "a", "c", "r a 2", "b", "a", "r a 6", "r b 4", "a", "a", "r c 9", "b", "r b 10"];
    for step in steps {
        match step.strip_prefix("r ").and_then(|step| step.split_once(' ')) {
            Some((who, to)) => {
                scene.own(read("r", who, to.parse().expect("a number"))).await;
            }
            None => {
                // What happens elsewhere, and what is no message, must not count.
                scene.all(&[text("r", step, "x"), text("other", "b", "y"), join("r", "late")]).await;
            }
        }
        let messages = scene.messages("r").await;
        for of in users {
            let seen = scene.state(of, "r").await;
            let unread = messages
                .iter()
                .filter(|stored| stored.message.seq > seen.read && stored.message.from.as_str() != of);
            assert_eq!(seen.unread, unread.count() as u64, "of {of} after {step}");
        }
    }
    let unread = async |of: &str| scene.counts(of, "r").await.0;
    assert_eq!([unread("a").await, unread("b").await, unread("c").await], [1, 0, 1]);
    scene.all(&[leave("r", "a"), join("r", "a")]).await;
    assert_eq!(unread("a").await, 0, "who comes back starts at the head");
    scene.stored(text("r", "b", "welcome back")).await;
    assert_eq!(unread("a").await, 1);
    scene.stored(text("r", "~system", "b was here")).await;
    assert_eq!(unread("a").await, 2, "the server's own messages count like anybody's");
    scene.all(&[delete("r", "b", 11), edit("r", "~system", 12, "b is here")]).await;
    assert_eq!(unread("a").await, 1, "a deleted one does not, an edited one does");
}

/// Whom a message calls, as long as it is there and unread.
pub async fn mentions_call_users_or_the_room(subject: Subject) {
    let scene = Scene::new(&subject);
    let ids = ["a", "b", "c"];
    scene.stored(create("r", "a", &ids)).await;
    let mentions = async || {
        let mut all = Vec::new();
        for of in ids {
            all.push(scene.counts(of, "r").await.1);
        }
        all
    };
    scene.stored(call("r", "a", &["b", "stranger"], false)).await;
    assert_eq!(mentions().await, [0, 1, 0], "a user");
    scene.stored(call("r", "a", &[], true)).await;
    assert_eq!(mentions().await, [0, 2, 1], "all but who wrote it");
    scene.stored(call("r", "b", &["b", "c"], true)).await;
    assert_eq!(mentions().await, [1, 2, 2], "both at once are one, of oneself none");
    let threaded = message("r", "a", "x", |new| {
        (new.thread, new.mentions) = (Some(seq(1)), Some(Mentions { users: users(&["b"]), room: true }));
    });
    scene.stored(threaded).await;
    assert_eq!(mentions().await, [1, 2, 2], "not in threads");
    scene.stored(edit("r", "a", 2, "nobody")).await;
    assert_eq!(mentions().await, [1, 2, 2], "whom a message calls stays when it is edited");
    scene.own(hide("r", "c", 3)).await;
    assert_eq!(mentions().await, [1, 2, 1]);
    scene.stored(delete("r", "a", 2)).await;
    assert_eq!(mentions().await, [1, 1, 0]);
    scene.own(read("r", "b", 1)).await;
    assert_eq!(mentions().await, [1, 0, 0]);
    scene.own(mark_unread("r", "b", 1)).await;
    assert_eq!(mentions().await, [1, 1, 0], "what is marked unread calls again");
    scene.own(read_privately("r", "b", None, 3)).await;
    assert_eq!(mentions().await, [1, 0, 0]);
}

const USERS: [&str; 4] = ["a", "b", "c", "d"];
const ROOMS: [&str; 3] = ["r0", "r1", "r2"];
/// How many changes a run makes, in batches of one to four.
const CHANGES: usize = 10_000;

/// Changes of every kind, chosen by chance. With `CONFORMANCE_SEED` in the environment a run is made again.
pub async fn counts_agree_with_the_rule(subject: Subject) {
    let given = std::env::var("CONFORMANCE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(rand::random);
    println!("CONFORMANCE_SEED={seed}");
    let mut run =
        Run { scene: Scene::new(&subject), model: Model::default(), chance: StdRng::seed_from_u64(seed) };
    for (index, id) in ROOMS.iter().enumerate() {
        let made = make(id, "a", &USERS[..=index + 1], |new| {
            if index == 1 {
                new.history = HistoryVisibility::Joined;
            }
        });
        run.change(&[made]).await;
    }
    let mut changes = 0;
    while changes < CHANGES {
        let size = run.below(4) + 1;
        changes += size;
        if run.below(3) == 0 {
            let batch: Vec<_> = (0..size).map(|_| run.own_change()).collect();
            run.change_own(&batch).await;
        } else {
            let batch: Vec<_> = (0..size).map(|_| run.room_change()).collect();
            run.change(&batch).await;
        }
        let (id, of) = (run.room(), run.user());
        run.compare(id, of, &format!("CONFORMANCE_SEED={seed} after {changes} changes")).await;
    }
    for (id, of) in ROOMS.iter().flat_map(|id| USERS.iter().map(move |of| (id, of))) {
        run.compare(id, of, &format!("CONFORMANCE_SEED={seed} at the end")).await;
    }
}

struct Run {
    scene: Scene,
    model: Model,
    chance: StdRng,
}

impl Run {
    fn below(&mut self, bound: usize) -> usize {
        self.chance.random_range(0..bound)
    }

    fn user(&mut self) -> &'static str {
        USERS[self.below(USERS.len())]
    }

    fn room(&mut self) -> &'static str {
        ROOMS[self.below(ROOMS.len())]
    }

    /// The number of a message that may be there, more often a new one.
    fn number(&mut self, id: &str) -> u64 {
        let head = self.model.head(&room(id));
        match self.below(8) {
            0 => self.chance.random_range(0..=head + 1),
            _ => head.saturating_sub(self.chance.random_range(0..12)),
        }
    }

    fn message(&mut self, id: &str, by: &str) -> Append {
        let thread = (self.below(3) == 0).then(|| seq(self.number(id)));
        let mentions = match self.below(6) {
            0 => Some(Mentions { users: vec![user(self.user())], room: false }),
            1 => Some(Mentions { users: vec![user(self.user())], room: true }),
            _ => None,
        };
        message(id, by, "x", |new| (new.thread, new.mentions) = (thread, mentions))
    }

    fn room_change(&mut self) -> Append {
        let (id, by, who) = (self.room(), self.user(), self.user());
        let number = self.number(id);
        let role = [Role::Admin, Role::Member, Role::Reader][self.below(3)];
        match self.below(40) {
            0 => join(id, by),
            1 => leave_to(id, by, Role::Reader),
            2 => add(id, by, &[who], role),
            3 => remove(id, by, who, Role::Owner),
            4 => ban(id, by, who, Role::Admin, Some(at(50))),
            5 => unban(id, by, who),
            6 => set_role(id, by, who, role, Role::Owner),
            7 => set_role(id, by, who, Role::Owner, Role::Owner),
            8 => set(id, by, self.patch()),
            9 => trim(id, number.saturating_sub(60)),
            10..=11 => edit(id, by, number, "y"),
            12..=14 => delete(id, by, number),
            15 => delete_any(id, by, number),
            16..=17 => react(id, by, number, "+"),
            18 => unreact(id, by, number, "+"),
            19 => text_as(id, by, "named", "name"),
            20 if self.below(3) == 0 => forget_in(id, by, ALL),
            _ => self.message(id, by),
        }
    }

    fn patch(&mut self) -> RoomPatch {
        let mut patch = RoomPatch::default();
        match self.below(5) {
            0 => patch.access = Some(Access::Open),
            1 => patch.access = Some(Access::Invite),
            2 => patch.history = Some(HistoryVisibility::Joined),
            3 => patch.history = Some(HistoryVisibility::All),
            _ => patch.topic = Patch::Set(self.below(3).to_string()),
        }
        patch
    }

    fn own_change(&mut self) -> OwnAppend {
        let (id, by) = (self.room(), self.user());
        let (number, root) = (self.number(id), self.number(id));
        match self.below(16) {
            0..=3 => read(id, by, number),
            4 => read_thread(id, by, root, number),
            5 => read_privately(id, by, None, number),
            6 => read_privately(id, by, Some(root), number),
            7..=8 => mark_unread(id, by, number),
            9 => delivered(id, by, number),
            10 => archive(id, by, self.below(2) == 0),
            11 => pin(id, by, self.below(2) == 0),
            12 => {
                let mute_until = Patch::Set(at(self.chance.random_range(0..20)));
                settings(id, by, SettingsPatch { mute_until, ..SettingsPatch::default() })
            }
            13 => block(by, self.user()),
            14 => unblock(by, self.user()),
            _ => hide(id, by, number),
        }
    }

    async fn change(&mut self, batch: &[Append]) {
        for (append, answer) in batch.iter().zip(self.scene.append(batch).await) {
            if let Ok(answer) = answer {
                self.model.take(append, &answer);
            }
        }
    }

    async fn change_own(&mut self, batch: &[OwnAppend]) {
        for (append, answer) in batch.iter().zip(self.scene.append_own(batch).await) {
            if answer.is_ok_and(|answer| !answer.duplicate) {
                self.model.take_own(append);
            }
        }
    }

    /// Compares what a user sees of a room, of one of its threads, and of all rooms.
    async fn compare(&mut self, id: &str, of: &str, when: &str) {
        let (root, now) = (self.number(id), at(self.chance.random_range(0..20)));
        let (scene, model) = (&self.scene, &self.model);
        assert_eq!(scene.view(of, id).await, model.view(&room(id), &user(of)), "{of} in {id}, {when}");
        let thread = model.thread(&room(id), seq(root), &user(of));
        assert_eq!(scene.thread(of, id, root).await, thread, "thread {root} of {id} to {of}, {when}");
        assert_eq!(
            scene.totals(of, now).await,
            model.totals(&user(of), now),
            "totals of {of} at {now:?}, {when}"
        );
        let rooms: Vec<_> = model.rooms_of(&user(of)).iter().map(ToString::to_string).collect();
        assert_eq!(scene.rooms_of(of).await, rooms, "rooms of {of}, {when}");
    }
}
