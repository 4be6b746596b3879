//! The calls of the HTTP interface (dialect reference, section 6). Where bytes of uploads are put is our decision: clients
//! take the address from [`UploadGrant`](super::UploadGrant).

crate::dialect::route::calls! {
    Login "login" POST "/chat/sessions" "Login.";
    Renew "renew" PUT "/chat/sessions/{user}" "A new token for one that is still valid.";
    RenewOld "renew_old" PUT "/sessions/{user}" "A new token for one that is still valid.";
    FindUsers "find_users" GET "/chat/users" "Users by name. At most 3.";
    Profile "profile" GET "/chat/users/{user}" "Name and picture of a user.";
    UpdateUser "update_user" PUT "/chat/users/{user}"
        "Changes my picture or the device that gets pushes. One device per user.";
    Upload "upload" POST "/chat/uploads" "A place to upload a file to. The bytes are put there.";
    PutUpload "put_upload" PUT "/chat/uploads/{name}"
        "Puts the bytes of a file where the grant said. Once; the address is the permission.";
    GetUpload "get_upload" GET "/chat/uploads/{name}"
        "The bytes of a file: to who uploaded it, and to who may read a message that names it.";
    ResolveTopics "resolve_topics" GET "/chat/topics" "Titles and pictures of topics. At most 4.";
    Topics "topics" GET "/chat/users/{user}/topics" "My topics, newest first. At most 8 on a page.";
    StartTopic "start_topic" POST "/chat/users/{user}/topics"
        "Starts a topic with another user. Repeated, it gives the same topic.";
    SetTyping "set_typing" POST "/chat/users/{user}/topics/{topic}" "Tells that I began or stopped writing.";
    HideTopic "hide_topic" DELETE "/chat/users/{user}/topics/{topic}" "Hides a topic until its next message.";
    History "history" GET "/chat/users/{user}/topics/{topic}/messages"
        "One page of messages, the newest first. Inside a page in ascending order.";
    SendMessage "send_message" POST "/chat/users/{user}/topics/{topic}/messages" "Sends a message.";
    ConfirmReads "confirm_reads" PUT "/chat/users/{user}/topics/{topic}/messages"
        "Confirms that messages were read. At most 2.";
    DeleteMessage "delete_message" DELETE "/chat/users/{user}/topics/{topic}/messages/{seq}"
        "Deletes a message of mine.";
}
