//! The calls of the HTTP interface (dialect reference, section 4).

crate::dialect::route::calls! {
    Directs "directs" GET "/chats/directs/" "My direct chats.";
    Direct "direct" GET "/chats/directs/{pair}/" "One direct chat. It is created if there is none.";
    DirectMessages "direct_messages" GET "/chats/directs/{pair}/messages/"
        "Messages of a chat, newest first. Without the deleted ones.";
    DirectFiles "direct_files" GET "/chats/directs/{pair}/files/" "Files of a chat.";
    Projects "projects" GET "/chats/projects/" "My project chats.";
    Project "project" GET "/chats/projects/{project}/" "One project chat.";
    ProjectMessages "project_messages" GET "/chats/projects/{project}/messages/"
        "Messages of a chat, newest first. Without the deleted ones.";
    ProjectFiles "project_files" GET "/chats/projects/{project}/files/" "Files of a chat.";
    HasUnreads "has_unreads" GET "/chats/has-unreads/" "Whether messages of others wait for me.";
}
