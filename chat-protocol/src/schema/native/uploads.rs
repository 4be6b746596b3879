//! Files that come in several requests: the tus protocol 1.0, as far as it is offered.

use super::shapes::{bytes, resumable_query};
use crate::Reply;
use crate::reply::Uploaded;
use crate::schema::param::Param;
use crate::schema::route::{Answer, Route, answer, delete, empty, head, options, patch, post};
use crate::schema::types::written;

const PATH: &str = "/v1/uploads/resumable";
const ONE: &str = "/v1/uploads/resumable/{name}";

pub(super) fn resumable() -> Vec<Route> {
    let name = || Param::text("name", "The last part of the `Location` of `begin_upload`.");
    vec![
        post(PATH, "begin_upload", "Announces a file whose bytes come in as many requests as it takes, by the tus protocol 1.0. What is in the query may be in `Upload-Metadata` instead. What is not gone on with for an hour is given up, and so is all of it at a restart of the server.")
            .query(resumable_query)
            .header(version())
            .header(Param::number("Upload-Length", 0, "Size of the file in bytes."))
            .optional_header(Param::text("Upload-Metadata", "`room`, `filename` and `filetype`, each followed by a space and its value in base64, with commas between them."))
            .or(answer(201, "`Location` is where the bytes go, `Upload-Expires` until when the first may wait. An empty file is kept at once; the body is there for it alone.", written::<Uploaded>))
            .or(other_version()),
        head(ONE, "upload_offset", "How far a file is. A request that still sends bytes of it ends: what is told stays true until the next one.")
            .param(name())
            .header(version())
            .or(empty(200, "`Upload-Offset` is how many bytes have come, `Upload-Length` how many it has, `Upload-Expires` when it is given up. Of one that is whole `Content-Location` is its address."))
            .or(gone())
            .or(other_version()),
        patch(ONE, "append_upload", "The next bytes of a file, as many as get through. A request that still sends bytes of it ends. An empty one at the end of a file that is whole says again what the last one was answered.")
            .param(name())
            .header(version())
            .header(Param::number("Upload-Offset", 0, "From where on these bytes are: as many as have come."))
            .body_as("application/offset+octet-stream", bytes)
            .or(answer(200, "These were the last: the file is kept, as after `upload`.", written::<Uploaded>))
            .or(empty(204, "They were taken, and more are missing: `Upload-Offset` is how many have come, `Upload-Expires` how long the next may wait."))
            .or(empty(409, "Other bytes are missing: `Upload-Offset` says from where on. Without it another request has gone on meanwhile: ask with `upload_offset`."))
            .or(gone())
            .or(other_version()),
        delete(ONE, "abandon_upload", "Gives an unfinished file up.")
            .param(name())
            .header(version())
            .or(empty(204, "Nothing of it is left."))
            .or(gone())
            .or(other_version()),
        offer(PATH, "resumable_uploads"),
        offer(ONE, "resumable_upload").param(name()),
    ]
}

fn version() -> Param {
    Param::one_of("Tus-Resumable", &["1.0.0"], "Version of the protocol.")
}

fn other_version() -> Answer {
    empty(412, "`Tus-Resumable` is missing or of another version; `Tus-Version` is what is spoken.")
}

fn gone() -> Answer {
    answer(404, "No such unfinished upload of mine, and no such file: begin anew.", written::<Reply>)
}

fn offer(path: &'static str, name: &'static str) -> Route {
    options(path, name, "What of the tus protocol is offered. For everybody.")
        .by(&[])
        .or(empty(204, "`Tus-Version`, `Tus-Extension`, and `Tus-Max-Size` in bytes."))
        .or(empty(431, "The head of the request is larger than the server takes."))
        .alone()
}
