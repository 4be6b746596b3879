//! The calls of the HTTP interface (dialect reference, section 3).

crate::dialect::route::calls! {
    MyMessages "my_messages" GET "/api/chat/" "The messages that I wrote, newest first.";
    Unread "unread" GET "/api/chat/unread/"
        "Messages of my rooms that nobody but the author has read. My own are among them.";
    History "history" GET "/api/chat/history/"
        "Messages of a room, newest first. An empty object when the room is missing or not mine.";
    MarkRead "mark_read" PUT "/api/chat/read/" "Marks everything by others in a room as read.";
    MyMessage "my_message" GET "/api/chat/{id}/" "One message that I wrote.";
    Users "users" GET "/api/users/" "The list of users, which holds only me.";
    Profiles "profiles" GET "/api/users/profile/" "The list of profiles, which holds only mine.";
}
