//! Every rule, for every role and kind of room.

use chat_protocol::command::RoomPatch;
use chat_protocol::{Content, DeskStatus, Mentions, Offset, Seq};

use super::*;
use crate::storage::NewMessage;

const ROLES: [Role; 4] = [Role::Owner, Role::Admin, Role::Member, Role::Reader];

const RULES: Rules = Rules { max_members: 9, max_call_members: 3 };

fn standing(kind: RoomKind, access: Access, role: Option<Role>) -> Standing {
    Standing {
        kind,
        access,
        access_version: 1,
        role,
        bar: None,
        agent: false,
        client: false,
        marked: false,
        members: 3,
        seq: Seq::ZERO,
        oldest_seq: Seq::ZERO.next(),
        offset: Offset::ZERO,
    }
}

fn group(role: Role) -> Standing {
    standing(RoomKind::Group, Access::Invite, Some(role))
}

fn message() -> Change {
    Change::Message(NewMessage::new(Content::plain("hi"), [0; 16]))
}

fn join() -> Change {
    Change::Join { role: Role::Owner, max: 0 }
}

fn user() -> chat_protocol::UserId {
    chat_protocol::UserId::new("2").unwrap()
}

fn remove() -> Change {
    Change::Remove { user: user(), below: Role::Owner, reason: None }
}

fn set_role(role: Role) -> Change {
    Change::SetRole { user: user(), role, below: Role::Owner }
}

fn decided(mut change: Change, standing: &Standing) -> Result<Change, WireError> {
    decide(&mut change, Some(standing), Timestamp::default(), &RULES).map(|()| change)
}

#[test]
fn strangers_and_missing_rooms_get_the_same_answer() {
    let strange = standing(RoomKind::Group, Access::Invite, None);
    for mut change in [message(), Change::Leave { heir: Role::Owner }, join(), remove()] {
        let missing = decide(&mut change, None, Timestamp::default(), &RULES).unwrap_err();
        assert_eq!(missing, decided(change, &strange).unwrap_err());
        assert_eq!(missing, ErrorCode::Forbidden.into());
    }
}

#[test]
fn a_joiner_gets_the_role_of_the_room_and_never_a_higher_one() {
    for (kind, role) in [(RoomKind::Group, Role::Member), (RoomKind::Channel, Role::Reader)] {
        let change = decided(join(), &standing(kind, Access::Open, None)).unwrap();
        assert!(matches!(change, Change::Join { role: given, max: 9 } if given == role));
    }
}

#[test]
fn who_is_banned_does_not_join_until_the_ban_is_over() {
    let at = Timestamp::from_micros;
    let banned = |until| Standing {
        bar: Some(Bar::Banned { until }),
        ..standing(RoomKind::Group, Access::Open, None)
    };
    let joins = |until, now| decide(&mut join(), Some(&banned(until)), at(now), &RULES);
    assert_eq!(joins(None, 9), Err(stranger()), "as if there was no room");
    assert_eq!(joins(Some(at(9)), 8), Err(stranger()));
    assert_eq!(joins(Some(at(9)), 9), Ok(()));
}

#[test]
fn agents_join_desks_and_others_do_not() {
    let desk = |agent| Standing { agent, ..standing(RoomKind::Desk, Access::Open, None) };
    assert!(matches!(decided(join(), &desk(true)), Ok(Change::Join { role: Role::Admin, .. })));
    assert_eq!(decided(join(), &desk(false)).unwrap_err(), stranger());
    let client = Standing { client: true, ..desk(false) };
    assert!(
        matches!(decided(join(), &client), Ok(Change::Join { role: Role::Member, .. })),
        "it may come back"
    );
    let banned = Standing { bar: Some(Bar::Banned { until: None }), ..client };
    assert_eq!(decided(join(), &banned).unwrap_err(), stranger());
}

#[test]
fn only_a_desk_has_a_status() {
    let patch = RoomPatch { status: Some(DeskStatus::Closed), ..RoomPatch::default() };
    let set = || Change::Set(Box::new(patch.clone()));
    let refused = decided(set(), &group(Role::Owner)).unwrap_err();
    assert_eq!((refused.code, refused.detail.is_some()), (ErrorCode::BadRequest, true));
    let operators = |standing: &Standing| decide_for_operator(&mut set(), Some(standing), &RULES);
    assert_eq!(operators(&group(Role::Owner)), Err(refused));
    let desk = standing(RoomKind::Desk, Access::Invite, Some(Role::Admin));
    assert!(decided(set(), &desk).is_ok() && operators(&desk).is_ok());
}

#[test]
fn in_a_large_room_only_who_manages_it_calls_everybody() {
    for role in [Role::Owner, Role::Admin, Role::Member] {
        for (members, room) in [(3, true), (4, true), (4, false)] {
            let mut new = NewMessage::new(Content::plain("hi"), [0; 16]);
            new.mentions = Some(Mentions { users: vec![user()], room });
            let decided = decided(Change::Message(new), &Standing { members, ..group(role) });
            let may = members <= 3 || !room || role != Role::Member;
            assert_eq!(decided.is_ok(), may, "{role:?} of {members}");
        }
    }
}

#[test]
fn readers_do_not_write_and_direct_rooms_do_not_change() {
    let reader = standing(RoomKind::Channel, Access::Open, Some(Role::Reader));
    assert!(decided(message(), &reader).is_err());
    let direct = standing(RoomKind::Direct, Access::Invite, Some(Role::Member));
    assert!(decided(message(), &direct).is_ok());
    for change in [Change::Leave { heir: Role::Owner }, remove(), set_role(Role::Admin)] {
        assert!(decided(change, &direct).unwrap_err().detail.is_some(), "a member is told why");
    }
}

#[test]
fn the_operator_changes_no_direct_room_either() {
    let direct = standing(RoomKind::Direct, Access::Invite, None);
    let (until, reason) = (None, None);
    for mut change in [
        Change::Add { users: vec![user()], role: Role::Member, max: 0 },
        remove(),
        Change::Ban { user: user(), below: Role::Reader, until, reason },
        Change::Unban { user: user() },
        set_role(Role::Admin),
        Change::Set(Box::default()),
    ] {
        let refused = decide_for_operator(&mut change, Some(&direct), &RULES).unwrap_err();
        assert_eq!(refused.code, ErrorCode::Forbidden, "{change:?}");
        assert!(decide_for_operator(&mut change, Some(&group(Role::Owner)), &RULES).is_ok(), "{change:?}");
    }
    assert!(decide_for_operator(&mut message(), Some(&direct), &RULES).is_ok(), "it writes as the system");
}

#[test]
fn a_block_silences_both_sides_and_the_blocked_one_is_not_told() {
    let direct = |bar| Standing { bar, ..standing(RoomKind::Direct, Access::Invite, Some(Role::Member)) };
    assert!(decided(message(), &direct(Some(Bar::Blocks))).unwrap_err().detail.is_some());
    assert_eq!(decided(message(), &direct(Some(Bar::Blocked))).unwrap_err(), stranger());
}

#[test]
fn managing_needs_an_owner_or_admin_and_reaches_lower_roles_only() {
    for role in ROLES {
        let allowed = matches!(role, Role::Owner | Role::Admin);
        assert_eq!(decided(remove(), &group(role)).is_ok(), allowed, "{role:?}");
        if let Ok(Change::Remove { below, .. }) = decided(remove(), &group(role)) {
            assert_eq!(below, role);
        }
        for given in ROLES {
            let may = allowed && given.rank() <= role.rank();
            assert_eq!(decided(set_role(given), &group(role)).is_ok(), may, "{role:?} gives {given:?}");
        }
    }
}

#[test]
fn who_manages_deletes_what_others_wrote_except_in_a_direct_room() {
    let own =
        |standing: &Standing| match decided(Change::Delete { seq: Seq::ZERO.next(), own: false }, standing) {
            Ok(Change::Delete { own, .. }) => own,
            other => panic!("{other:?}"),
        };
    assert!(!own(&group(Role::Admin)) && own(&group(Role::Member)));
    assert!(own(&standing(RoomKind::Direct, Access::Invite, Some(Role::Owner))));
}
