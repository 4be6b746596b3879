//! `tndata`: what is written is read as it was.

use proptest::prelude::*;

use super::*;

fn any_user() -> impl Strategy<Value = UserId> {
    let number = (0..=MAX_SAFE).prop_map(|number| number.to_string());
    prop_oneof![number, "-?0?[0-9]{1,4}", "[\\PC]{1,20}"].prop_map(|id| user(&id))
}

fn any_digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 16]>().prop_map(Digest)
}

fn any_client_frame() -> impl Strategy<Value = ClientFrame> {
    let from = proptest::option::of(any_user().prop_map(WireUser));
    let token = || proptest::option::of(any::<String>());
    prop_oneof![
        (any::<String>(), from, token()).prop_map(|(text, from, token)| ClientFrame::Message(NewMessage {
            text,
            from,
            token
        })),
        (any::<String>(), token())
            .prop_map(|(received, token)| ClientFrame::Receipt(Receipt { received, token })),
        any_digest().prop_map(|digest| ClientFrame::Receipt(Receipt::new(digest))),
    ]
}

fn any_server_frame() -> impl Strategy<Value = ServerFrame> {
    let form = prop_oneof![Just(FromIdForm::Number), Just(FromIdForm::String)];
    let from_id = (any_user(), form).prop_map(|(user, form)| FromId::new(user, form));
    let from = prop_oneof![any::<String>(), Just("system".to_owned())];
    prop_oneof![
        (from_id, from, any::<String>(), any::<String>(), any_digest()).prop_map(
            |(from_id, from, text, avatar, digest)| {
                ServerFrame::Message(UserMessage { from_id, from, text, avatar, digest })
            }
        ),
        (proptest::option::of(any::<String>()), any::<String>())
            .prop_map(|(room, text)| ServerFrame::Notice(Notice { room, text })),
    ]
}

fn any_entry() -> impl Strategy<Value = MessageEntry> {
    let texts = any::<[String; 5]>();
    // Of years 0 to 9999 in whole milliseconds, which is what is written.
    let ts = -62_167_219_200_000_i64..253_402_207_200_000;
    (0..=MAX_SAFE, any_user(), texts, any::<bool>(), any_digest(), ts).prop_map(
        |(id, user, [username, full_name, avatar, room, text], read, digest, ts)| MessageEntry {
            id,
            user,
            username,
            full_name,
            avatar,
            room,
            text,
            read,
            digest,
            created_on: Spaced(Timestamp::from_micros(ts * 1_000)),
        },
    )
}

fn any_page<T: std::fmt::Debug>(entry: impl Strategy<Value = T>) -> impl Strategy<Value = Page<T>> {
    let address = || proptest::option::of(any::<String>());
    (any::<u64>(), address(), address(), proptest::collection::vec(entry, 0..4))
        .prop_map(|(count, next, previous, results)| Page { count, next, previous, results })
}

fn survives<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    value: &T,
) -> Result<(), TestCaseError> {
    let json = serde_json::to_string(value).unwrap();
    prop_assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value, "{}", json);
    Ok(())
}

proptest! {
    #[test]
    fn frames_of_clients_survive(frame in any_client_frame()) {
        survives(&frame)?;
        match &frame {
            ClientFrame::Message(message) => survives(message)?,
            ClientFrame::Receipt(receipt) => survives(receipt)?,
        }
    }

    #[test]
    fn frames_of_servers_survive(frame in any_server_frame()) {
        survives(&frame)?;
        match &frame {
            ServerFrame::Message(message) => survives(message)?,
            ServerFrame::Notice(notice) => survives(notice)?,
        }
    }

    #[test]
    fn bodies_survive(
        entries in proptest::collection::vec(any_entry(), 0..4),
        page in any_page(any_entry()),
        count in any::<u64>(),
        id in any_user(),
        [email, username, first_name, last_name, room] in any::<[String; 5]>(),
    ) {
        let list = MessageList { count, results: entries };
        survives(&list)?;
        survives(&History::Messages(list))?;
        survives(&page)?;
        survives(&Page::only(Account { id: WireUser(id), email, username, first_name, last_name: last_name.clone() }))?;
        survives(&Page::only(Profile { google_image: last_name.clone() }))?;
        survives(&MarkRead { room })?;
        survives(&ErrorBody::Detail(last_name.clone()))?;
        survives(&ErrorBody::Error(last_name))?;
    }

    #[test]
    fn queries_survive(page in 1_u64.., page_size in 1_u64.., size: u64, room in proptest::option::of("[^\0]{1,9}"), ms in -62_167_219_200_000_i64..253_402_207_200_000) {
        let pages = PageQuery { page, page_size };
        let parameters = pages.parameters();
        prop_assert_eq!(PageQuery::read(parameters.iter().map(|(name, value)| (*name, value.as_str()))), Ok(pages));
        let (first, last) = (Timestamp::from_micros(ms * 1_000), Timestamp::from_micros(ms * 1_000 + 999));
        for bound in [None, Some(Bound::Since(first)), Some(Bound::Before(last))] {
            let query = HistoryQuery { room: room.clone(), size, bound };
            let parameters = query.parameters();
            let read = HistoryQuery::read(parameters.iter().map(|(name, value)| (*name, value.as_str())));
            prop_assert_eq!(read, Ok(query));
        }
    }

    #[test]
    fn no_frame_makes_a_reader_panic(text in "[\\[\\]{}\":,a-z0-9_ .-]{0,60}") {
        let _ = decode::<ClientFrame>(text.as_bytes());
        let _ = decode::<ServerFrame>(text.as_bytes());
        let _ = read_date(&text);
        let _ = SystemText::read(&text);
    }
}
