//! The calls of the HTTP interface (dialect reference, section 5).

crate::dialect::route::calls! {
    CreateRoom "create_room" POST "/api/chat" "The room of some users and me. Without a body: my own room.";
    OwnRoom "own_room" GET "/api/chat" "My own room. Told from other dialects by the header `Authentication`.";
    OldMessages "old_messages" GET "/talk/old/{token}/"
        "All messages of a room, oldest first. Two generations of clients read one list each, so the same entries come twice.";
    InjectItem "inject_item" POST "/talk/item/{token}/"
        "Injects an item: it is stored and told to all. Any JSON object.";
    Notification "notification" GET "/talk/notification/{token}/" "How many messages of others I have not read.";
    SetNotification "set_notification" POST "/talk/notification/{token}/" "Accepted, without an effect.";
    Histories "histories" GET "/talk/history/{tokens}"
        "The newest messages of some rooms. Inside a room in ascending order.";
    AddMembers "add_members" POST "/talk/new-chat-room/{token}" "Makes the users of some tokens members.";
    RemoveMembers "remove_members" POST "/talk/unsubscribe/{token}"
        "Removes the users of some tokens. Their sockets are closed.";
}
