//! Agents of organizations, whom the operator names.

use chat_protocol::reply::{AgentsData, DeskEntry, DesksPage};
use chat_protocol::{Cursor, Desk, DeskStatus, ErrorCode, Role, RoomId, UserId, WireError, limits};

use super::{Asking, Hub};
use crate::storage::{Change, DesksQuery, OwnChange, RoomRecord};

/// Which desks of an organization somebody asks for.
#[derive(Debug, Clone, Default)]
pub struct DesksAsked {
    /// Only those that stand so; `None`: all.
    pub status: Option<DeskStatus>,
    /// Where the last page ended; `None`: from the newest.
    pub cursor: Option<Cursor>,
    /// Greatest number of them, 1 to 100; `None`: 50.
    pub limit: Option<u32>,
}

/// How many desks a former agent is taken out of between two looks.
const DESKS: usize = 100;

impl Hub {
    /// The agents of an organization.
    pub(crate) async fn agents(&self, asking: &Asking, organization: &str) -> Result<AgentsData, WireError> {
        check(asking, organization)?;
        let agents = self.providers.storage.agents(organization).await;
        let agents = agents.map_err(|error| self.storage_failed(error))?;
        Ok(AgentsData { organization: organization.to_owned(), agents })
    }

    /// A page of an organization's desks, for its agents and the operator: whoever is none is not told whether there are any.
    pub(crate) async fn desks(
        &self,
        asking: &Asking,
        organization: &str,
        asked: DesksAsked,
    ) -> Result<DesksPage, WireError> {
        check_name(organization)?;
        self.pay_for(asking, "desks")?;
        let storage = &self.providers.storage;
        if !asking.operator && !self.stored(storage.agents(organization).await)?.contains(&asking.user) {
            return Err(ErrorCode::Forbidden.into());
        }
        let DesksAsked { status, cursor, limit } = asked;
        let limit = match limit.unwrap_or(limits::DEFAULT_PAGE) {
            limit @ 1..=limits::MAX_PAGE => limit as usize,
            _ => return Err(WireError::new(ErrorCode::BadRequest, "limit: expected 1 to 100")),
        };
        let not_ours = |_| WireError::new(ErrorCode::BadRequest, "cursor: not one of this list");
        let before = cursor.map(|cursor| RoomId::new(cursor.as_str())).transpose().map_err(not_ours)?;
        let query = DesksQuery { status, before };
        let mut rooms = self.stored(storage.desks(organization, &query, limit + 1).await)?;
        let more = rooms.len() > limit;
        rooms.truncate(limit);
        let next = rooms.last().filter(|_| more).map(|last| Cursor::new(last.as_str()));
        let records = self.stored(storage.records(&rooms).await)?;
        let desks = records.into_iter().flatten().filter_map(desk_entry).collect();
        let next = next.transpose().map_err(|_| ErrorCode::Internal)?;
        Ok(DesksPage { organization: organization.to_owned(), desks, next })
    }

    /// Makes a user an agent, or an agent no more: then the user leaves the desks of others too.
    ///
    /// A former agent joins none of them again, so that each look finds fewer; what a crash leaves undone is done when it is
    /// asked again.
    pub(crate) async fn set_agent(
        &self,
        asking: &Asking,
        organization: &str,
        user: &UserId,
        agent: bool,
    ) -> Result<(), WireError> {
        check(asking, organization)?;
        if agent {
            self.check_user(user, "user").await?;
        }
        self.own(user, OwnChange::Agent { organization: organization.to_owned(), agent }).await?;
        if agent {
            return Ok(());
        }
        self.sockets_dismiss(organization, user);
        self.leave_desks(organization, user).await
    }

    /// A user leaves all desks of an organization, as if by itself: an owner is nobody's to remove, and passes the desk on.
    async fn leave_desks(&self, organization: &str, user: &UserId) -> Result<(), WireError> {
        let leaving = Asking { user: user.clone(), link: None, operator: false };
        loop {
            let desks = self.providers.storage.desks_of(organization, user, DESKS).await;
            let desks = desks.map_err(|error| self.storage_failed(error))?;
            let (found, mut refused) = (desks.len(), Vec::new());
            for desk in desks {
                let left = self.change(&leaving, desk, Change::Leave { heir: Role::Admin }).await?.await;
                match left.map_err(|_| super::unavailable())? {
                    Ok(_) => {}
                    // Gone meanwhile, which is what was wanted.
                    Err(error) if error.code == ErrorCode::Forbidden => refused.push(error),
                    Err(error) => return Err(error),
                }
            }
            // Each look finds fewer, or this would go on for ever.
            match refused.pop() {
                _ if found == 0 => return Ok(()),
                Some(error) if refused.len() + 1 == found => return Err(error),
                _ => {}
            }
        }
    }
}

/// The operator alone names agents.
fn check(asking: &Asking, organization: &str) -> Result<(), WireError> {
    if !asking.operator {
        return Err(WireError::new(
            ErrorCode::Forbidden,
            "only the operator says who answers for an organization",
        ));
    }
    check_name(organization)
}

fn check_name(organization: &str) -> Result<(), WireError> {
    if !Desk::is_organization(organization) {
        let why = "organization: expected 1 to 128 letters, digits or `_`";
        return Err(WireError::new(ErrorCode::BadRequest, why));
    }
    Ok(())
}

fn desk_entry(record: RoomRecord) -> Option<DeskEntry> {
    let RoomRecord { room, desk, info, members, seq, created_at, .. } = record;
    Some(DeskEntry { room, desk: desk?, name: info.name, members, seq, created_at })
}
