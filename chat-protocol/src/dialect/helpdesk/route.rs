//! The calls of the HTTP interface (dialect reference, section 7).

crate::dialect::route::calls! {
    Desks "desks" GET "/api/help-desks/" "Desks of an organization, newest first. Without the parameter: none.";
    History "history" GET "/api/help-desks/{uuid}/history/" "Messages of a desk, newest first.";
    SendMessage "send_message" POST "/api/send-message/"
        "Writes to a desk. A file can be sent with a multipart form only.";
    Upload "upload" GET "/media/uploads/{name}" "A file that was sent. An attachment, unless it is an image.";
}
