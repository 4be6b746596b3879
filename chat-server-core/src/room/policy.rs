//! Who may do what in a room: decided on a [`Standing`], again whenever that is out of date.

use chat_protocol::{Access, ErrorCode, Role, RoomKind, WireError};

use crate::storage::{Change, Standing};

/// The role of somebody who joins a room of this kind without being given one.
pub(crate) fn joining_role(kind: RoomKind) -> Role {
    if kind == RoomKind::Channel { Role::Reader } else { Role::Member }
}

/// Decides a change on what its author is to the room, and completes it with what follows from that.
///
/// A missing room and a room that is not the author's give the same answer.
pub(crate) fn decide(change: &mut Change, standing: Option<&Standing>) -> Result<(), WireError> {
    let forbidden = || WireError::from(ErrorCode::Forbidden);
    if let Change::Create(_) = change {
        return Ok(());
    }
    let standing = standing.ok_or_else(forbidden)?;
    match change {
        Change::Join { role } => match standing.role {
            Some(present) => *role = present,
            None if standing.access == Access::Open => *role = joining_role(standing.kind),
            None => return Err(forbidden()),
        },
        Change::Leave => {
            standing.role.ok_or_else(forbidden)?;
            if standing.kind == RoomKind::Direct {
                return Err(WireError::new(ErrorCode::Forbidden, "nobody leaves a direct room"));
            }
        }
        Change::Message(_) => {
            if !standing.role.ok_or_else(forbidden)?.may_write() {
                return Err(WireError::new(ErrorCode::Forbidden, "readers of this room do not write"));
            }
        }
        Change::Create(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use chat_protocol::{Content, Offset, Seq};

    use super::*;
    use crate::storage::NewMessage;

    fn standing(kind: RoomKind, access: Access, role: Option<Role>) -> Standing {
        Standing { kind, access, access_version: 1, role, seq: Seq::ZERO, offset: Offset::ZERO }
    }

    fn message() -> Change {
        Change::Message(NewMessage {
            content: Content::plain("hi"),
            reply_to: None,
            client_msg_id: None,
            digest: [0; 16],
        })
    }

    #[test]
    fn strangers_and_missing_rooms_get_the_same_answer() {
        let strange = standing(RoomKind::Group, Access::Invite, None);
        for mut change in [message(), Change::Leave, Change::Join { role: Role::Owner }] {
            let missing = decide(&mut change, None).unwrap_err();
            assert_eq!(missing, decide(&mut change, Some(&strange)).unwrap_err());
            assert_eq!(missing, ErrorCode::Forbidden.into());
        }
    }

    #[test]
    fn a_joiner_gets_the_role_of_the_room_and_never_a_higher_one() {
        for (kind, role) in [(RoomKind::Group, Role::Member), (RoomKind::Channel, Role::Reader)] {
            let mut change = Change::Join { role: Role::Owner };
            decide(&mut change, Some(&standing(kind, Access::Open, None))).unwrap();
            assert!(matches!(change, Change::Join { role: given } if given == role));
        }
    }

    #[test]
    fn readers_do_not_write_and_direct_rooms_are_not_left() {
        let reader = standing(RoomKind::Channel, Access::Open, Some(Role::Reader));
        assert!(decide(&mut message(), Some(&reader)).is_err());
        let direct = standing(RoomKind::Direct, Access::Invite, Some(Role::Member));
        assert!(decide(&mut Change::Leave, Some(&direct)).is_err());
        assert!(decide(&mut message(), Some(&direct)).is_ok());
    }
}
