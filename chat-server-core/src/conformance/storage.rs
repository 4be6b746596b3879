//! The suite of [`Storage`]: one test per guarantee of its traits.
//!
//! A store that keeps nothing says how a fresh one is made:
//!
//! ```
//! mod conformance {
//!     use chat_server_core::storage::memory::MemoryStore;
//!     chat_server_core::storage_conformance!(MemoryStore::default());
//! }
//! ```
//!
//! A durable one says where it lives and how it is opened there, so that the suite can close and open it again. The
//! place is made anew for every test and dropped after it:
//!
//! ```ignore
//! storage_conformance!(tempfile::tempdir().unwrap(), |dir| MyStore::open(dir.path()).unwrap());
//! ```
//!
//! Each line expands to one `#[test]` per case, named like the case, with a runtime of its own. A case that the
//! store's [`Capabilities`](crate::storage::Capabilities) exclude passes without doing anything.
//!
//! All but one do the same every time. [`counts_agree_with_the_rule`] makes changes by chance; when it fails it names the
//! `CONFORMANCE_SEED` which, in the environment, makes that run again.

mod agents;
mod append;
mod at_once;
mod counts;
mod devices;
mod feed;
mod jobs;
mod lists;
mod logs;
mod members;
mod messages;
mod model;
mod names;
mod own;
mod pages;
mod pointers;
mod repeats;
mod rooms;
mod scene;
mod schedule;
mod threads;
mod tour;
mod traces;
mod trim;
mod uploads;
mod words;

use std::sync::Arc;

use super::{Opens, suite};
use crate::storage::{SharedStorage, Storage};

pub use self::agents::*;
pub use self::append::*;
pub use self::at_once::*;
pub use self::counts::*;
pub use self::devices::*;
pub use self::feed::*;
pub use self::jobs::*;
pub use self::lists::*;
pub use self::logs::*;
pub use self::members::*;
pub use self::messages::*;
pub use self::names::*;
pub use self::own::*;
pub use self::pages::*;
pub use self::pointers::*;
pub use self::repeats::*;
pub use self::rooms::*;
pub use self::schedule::*;
pub use self::threads::*;
pub use self::traces::*;
pub use self::trim::*;
pub use self::uploads::*;

/// The store under test: opened the first time a fresh one, afterwards with the same data, if it can be opened again.
pub type Subject = Opens<dyn Storage>;

/// A store that lives at `place`; `again` when the same data can be opened there again.
pub fn subject<P, S>(place: P, open: impl Fn(&P) -> S + Send + Sync + 'static, again: bool) -> Subject
where
    P: Send + Sync + 'static,
    S: Storage + 'static,
{
    Opens::new(again, move || -> SharedStorage { Arc::new(open(&place)) })
}

suite! { $
    /// Proves a [`Storage`](crate::storage::Storage) with one line: see [the suite](crate::conformance::storage).
    storage_conformance in storage {
        ($store:expr) => subject((), |()| $store, false);
        ($place:expr, $open:expr) => subject($place, $open, true);
        docs {
            "../storage/messages.rs"
            "../storage/rooms.rs"
            "../storage/names.rs"
            "../storage/users.rs"
            "../storage/feed.rs"
            "../storage/jobs.rs"
            "../storage/devices.rs"
            "../storage/uploads.rs"
            "../storage/traces.rs"
            "../storage/lists.rs"
        }
        cases {
            concurrent_appends_leave_no_gap
            a_batch_is_stored_in_order
            appended_survives_reopen
            a_repeat_gives_the_first_answer
            another_body_is_a_conflict
            a_repeat_survives_edit_delete_and_trim
            repeats_at_once_are_stored_once
            an_old_access_version_is_refused
            a_refusal_spares_the_rest
            time_never_runs_backwards
            names_are_unique
            texts_are_kept_byte_for_byte
            the_log_has_every_change
            answers_are_what_the_logs_hold
            the_log_never_revives_a_text
            the_log_counts_present_reactions
            history_pages_meet
            history_sums_reactions_and_replies
            an_edit_replaces_the_text
            a_deletion_forgets_the_text
            reactions_come_and_go
            reactions_have_a_bound
            threads_hang_on_the_main_line
            newest_is_of_the_main_line
            marks_are_of_one_user
            a_trim_forgets_what_is_older

            views_follow_appends
            a_standing_is_never_ahead_of_the_history
            a_new_room_is_as_it_was_asked_for
            a_lost_right_bumps_the_access_version
            a_direct_room_gets_its_side_back
            adding_spares_members_and_refuses_the_barred
            removing_needs_a_lower_role
            a_ban_keeps_its_user_out
            roles_are_given_from_above
            the_owner_passes_the_room_on
            only_what_is_different_is_set
            joined_history_begins_at_joining
            rooms_come_by_activity
            pages_of_rooms_meet
            unread_counts_others_after_the_pointer
            mentions_call_users_or_the_room
            counts_agree_with_the_rule
            totals_leave_out_muted_and_archived_rooms
            pages_of_members_meet
            pages_of_bans_meet
            the_system_sees_every_room
            relations_have_two_sides
            agents_answer_for_their_organization
            agents_have_a_bound
            only_agents_join_desks
            members_have_a_bound

            every_name_finds_its_room
            an_alias_is_given_once
            records_follow_changes
            every_name_finds_its_message
            times_find_their_message
            desks_come_newest_first

            the_user_log_has_every_change
            concurrent_changes_of_a_user_leave_no_gap
            delivered_follows_read
            pointers_only_advance
            threads_have_pointers_of_their_own
            private_reads_are_not_told
            reading_clears_the_mark
            an_archive_ends_with_the_next_message
            a_split_stays_until_it_is_taken_back
            hidden_messages_are_one_users
            a_block_changes_the_direct_room
            blocks_have_a_bound
            pages_of_blocks_meet
            a_scheduled_message_waits_once
            what_waits_can_be_taken_back
            messages_that_wait_have_a_bound

            the_feed_has_every_change
            a_reader_of_the_feed_misses_nothing
            the_feed_says_what_is_true_now
            positions_of_readers_are_kept

            a_named_job_is_there_once
            jobs_come_up_when_they_are_due
            a_lease_that_ran_out_is_given_again
            workers_at_once_share_no_job
            a_failed_job_comes_up_again
            jobs_given_up_are_counted
            only_jobs_that_wait_are_cancelled
            pages_of_jobs_meet
            a_room_that_forgets_has_its_job

            devices_are_as_registered_last
            a_token_has_one_holder
            a_gone_token_spares_its_successor
            the_oldest_device_makes_room
            devices_come_by_user
            last_seen_is_kept

            bytes_of_uploads_are_counted
            an_upload_lasts_as_long_as_it_is_named
            a_message_that_waits_keeps_its_uploads
            a_doomed_upload_goes
            uploads_are_found_by_their_user
            pages_of_a_users_messages_meet
            traces_are_what_is_left_in_rooms
            a_forgotten_user_leaves_tombstones
            a_room_forgets_a_user_bit_by_bit
            a_repeat_survives_its_author
            who_is_being_forgotten_does_nothing_new
            who_is_forgotten_is_new
            blockers_are_found

            what_a_user_wrote_comes_newest_first
            a_room_is_listed_as_its_member_reads_it
        }
    }
}
