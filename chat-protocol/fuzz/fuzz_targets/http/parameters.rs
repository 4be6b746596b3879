//! What is in addresses, headers and forms.

use std::fmt::Debug;

use chat_protocol::dialect::{chats, haraj, helpdesk, hipochat, tndata};
use chat_protocol::{HistoryQuery, UserId};
use chat_protocol_fuzz::Cost;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) fn read(text: &str) {
    query::<HistoryQuery>(text);
    query::<chats::PageQuery>(text);
    query::<haraj::HistoryQuery>(text);
    query::<haraj::TopicsQuery>(text);
    query::<haraj::ResolveQuery>(text);
    query::<haraj::FindQuery>(text);
    query::<helpdesk::DeskQuery>(text);
    tndata(text);
    chats(text);
    hipochat(text);
    helpdesk(text);
}

/// What is read of an address is the same after it was written into one.
fn query<T: Serialize + DeserializeOwned + PartialEq + Debug>(text: &str) {
    let read = Cost::TYPED.check(text.len(), || serde_urlencoded::from_str::<T>(text));
    if let Ok(query) = read {
        let written = serde_urlencoded::to_string(&query).expect("a query has plain values alone");
        assert_eq!(serde_urlencoded::from_str::<T>(&written).as_ref(), Ok(&query), "{written}");
    }
}

fn tndata(text: &str) {
    use tndata::*;
    let me = UserId::new("1").expect("one digit is an id");
    let _ = Address::of_name(text, &me);
    let _ =
        (Address::of_socket(Some(text), None, None, &me), Address::of_socket(None, None, Some(text), &me));
    let _ = (authorization_token(text), read_date(text));
    let Ok(pairs) = serde_urlencoded::from_str::<Vec<(String, String)>>(text) else { return };
    let pairs = || pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    if let Ok(query) = PageQuery::read(pairs()) {
        let written = query.parameters();
        assert_eq!(PageQuery::read(written.iter().map(|(name, value)| (*name, value.as_str()))), Ok(query));
    }
    if let Ok(query) = HistoryQuery::read(pairs()) {
        let written = query.parameters();
        let again = HistoryQuery::read(written.iter().map(|(name, value)| (*name, value.as_str())));
        // Times lose what is finer than a millisecond.
        assert_eq!(again.map(|query| query.parameters()), Ok(written));
    }
}

fn chats(text: &str) {
    use chats::*;
    let _ = (token(text), subprotocol_token(text), HttpError::of_direct(text).status());
    if let Ok(query) = serde_urlencoded::from_str::<PageQuery>(text) {
        let _ = (query.next("/", u64::MAX), query.previous("/"));
    }
}

fn hipochat(text: &str) {
    use hipochat::*;
    let _ = (header_token(text), history_rooms(text), history_limit(Some(text)), Counted::of(Some(text)));
    if let Some(tokens) = MemberTokens::from_form(text) {
        assert!(MemberTokens::from_form(&tokens.to_form()) == Some(tokens));
    }
    if let Some(signal) = PushSignal::from_form(text) {
        assert_eq!(PushSignal::from_form(&signal.to_form()), Some(signal));
    }
}

fn helpdesk(text: &str) {
    use helpdesk::*;
    let _ = (is_organization(text), image_type(text), file_url("https://host", text));
    assert!(is_stored_name(&stored_name(text, [7; 16])), "{text:?} gives a name that cannot be asked for");
}
