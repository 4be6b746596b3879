//! Lists whose pages are counted from the newest message.

use chat_protocol::HistoryVisibility;

use super::Subject;
use super::scene::*;
use crate::storage::{Listed, ListedPage};

/// More than any case writes.
const MOST: usize = 1_000;

impl Scene {
    async fn listed(
        &self,
        of: &str,
        list: Listed<'_>,
        page: std::ops::Range<usize>,
        most: usize,
    ) -> ListedPage {
        self.store.listed(&user(of), list, page, most).await.expect("listed works")
    }

    /// The whole list, which is the same in pages of any size, and ends where it is told to.
    async fn list(&self, of: &str, list: Listed<'_>) -> Vec<String> {
        let whole = self.listed(of, list, 0..MOST, MOST).await;
        assert_eq!(whole.count, whole.messages.len(), "{list:?}");
        assert!(whole.messages.is_sorted_by(|a, b| a.num > b.num), "newest first");
        for size in [1, 3] {
            let mut pages = Vec::new();
            for first in (0..whole.count + size).step_by(size) {
                let page = self.listed(of, list, first..first + size, MOST).await;
                assert_eq!(page.count, whole.count, "on every page");
                pages.extend(page.messages);
            }
            assert_eq!(pages, whole.messages, "pages of {size}");
        }
        let short = whole.count.saturating_sub(1);
        let cut = self.listed(of, list, 0..MOST, short).await;
        assert_eq!((cut.count, &cut.messages[..]), (short, &whole.messages[..short]), "no more than that");
        whole.messages.iter().map(body).collect()
    }
}

/// In all of its rooms, and nothing that it cannot read now.
pub async fn what_a_user_wrote_comes_newest_first(subject: Subject) {
    let scene = Scene::new(&subject);
    assert_eq!(scene.list("a", Listed::Written).await, [""; 0]);
    let joined = make("joined", "b", &["b", "a"], |new| new.history = HistoryVisibility::Joined);
    scene.all(&[create("r", "a", &["a", "b"]), create("s", "b", &["b", "a"]), joined]).await;
    scene.all(&[text("joined", "a", "before its time"), leave("joined", "a")]).await;
    let mut expected = Vec::new();
    for n in 0..60_u64 {
        let (id, by) = (["r", "s", "r"][n as usize % 3], if n % 4 == 0 || n > 50 { "a" } else { "b" });
        scene.stored(text(id, by, &format!("{n}"))).await;
        if by == "a" {
            expected.insert(0, format!("{n}"));
        }
    }
    assert_eq!(scene.list("a", Listed::Written).await, expected);
    // The first messages of "r" are 0, 2, 3, 5, 6, 8 and so on.
    scene.all(&[delete("r", "a", 1), join("joined", "a"), text("joined", "a", "since")]).await;
    scene.own(hide("r", "a", 6)).await;
    expected.retain(|text| text != "0" && text != "8");
    expected.insert(0, "since".to_owned());
    assert_eq!(scene.list("a", Listed::Written).await, expected);
    scene.stored(reply("r", "a", 2, "in a thread")).await;
    expected.insert(0, "in a thread".to_owned());
    assert_eq!(scene.list("a", Listed::Written).await, expected);
    scene.stored(trim("r", 12)).await;
    scene.stored(leave("s", "a")).await;
    let kept: Vec<String> = scene.messages("r").await.iter().map(body).collect();
    expected.retain(|text| text == "since" || kept.contains(text));
    assert_eq!(scene.list("a", Listed::Written).await, expected, "what was left or trimmed is gone");
    assert!(expected.len() > 10 && scene.list("b", Listed::Written).await.len() > 20);
}

/// Whoever wrote it; for who is no member there is none.
pub async fn a_room_is_listed_as_its_member_reads_it(subject: Subject) {
    let scene = Scene::new(&subject);
    let joined = make("r", "a", &["a"], |new| new.history = HistoryVisibility::Joined);
    scene.all(&[joined, text("r", "a", "1"), join("r", "b"), text("r", "b", "2"), text("r", "a", "3")]).await;
    scene
        .all(&[reply("r", "b", 2, "4"), text("r", "a", "5"), text("r", "a", "6"), text("r", "b", "7")])
        .await;
    let list = Listed::In(&room("r"));
    assert_eq!(scene.list("a", list).await, ["7", "6", "5", "4", "3", "2", "1"]);
    assert_eq!(scene.list("b", list).await, ["7", "6", "5", "4", "3", "2"], "since it joined");
    scene.own(hide("r", "b", 3)).await;
    scene.own(hide("r", "b", 6)).await;
    scene.all(&[delete("r", "a", 6), delete("r", "a", 1)]).await;
    assert_eq!(scene.list("b", list).await, ["7", "5", "4", "2"]);
    assert_eq!(scene.list("a", list).await, ["7", "5", "4", "3", "2"]);
    scene.stored(trim("r", 4)).await;
    assert_eq!(scene.list("a", list).await, ["7", "5", "4"]);
    scene.stored(leave("r", "b")).await;
    for (of, id) in [("b", "r"), ("nobody", "r"), ("a", "never")] {
        assert_eq!(scene.list(of, Listed::In(&room(id))).await, [""; 0]);
    }
}
