//! Formats of existing systems in the settings: what switches one on, and what a wrong table says.

use super::super::{AuthScheme, DataForm, FromId, Settings};
use super::{read, refused};

const DIALECTS: &str = r#"
    listen = "0.0.0.0:8080"
    [auth]
    kind = "static"
    users = [{ id = "1", name = "Alice Adams", token = "tok-alice" }]
    [dialects.haraj]
    [dialects.helpdesk]
    data = "object"
    [dialects.chats.auth]
    kind = "jwt"
    secret = "0123456789abcdef0123456789abcdef"
"#;

#[test]
fn a_table_switches_its_format_on() {
    let settings = read(DIALECTS, &[("CHAT_DIALECTS__TNDATA__FROM_ID", "string")], &[]).unwrap();
    assert_eq!(settings.listen, ["0.0.0.0:8080".parse().unwrap()], "one address without brackets");
    let on = settings.dialects_on();
    assert!(on.haraj.is_some() && on.hipochat.is_none());
    assert_eq!(on.tndata.unwrap().from_id, FromId::String, "by a variable");
    assert_eq!(on.helpdesk.unwrap().data, DataForm::Object);
    read("[dialects.helpdesk]\n[uploads]\nmax_size = 1000", &[], &[]).expect("the smaller bound holds");
    let auth = on.chats.unwrap().auth.unwrap();
    let AuthScheme::Jwt { algorithm, user_claim, .. } = auth.scheme() else { panic!("{auth:?}") };
    assert_eq!((algorithm.name(), user_claim.as_str()), ("HS256", "user_id"));
    let other = format!("{DIALECTS}user_claim = 'id'");
    let auth = read(&other, &[], &[]).unwrap().dialects.chats.unwrap().auth.unwrap();
    assert_eq!(auth.user_claim.as_deref(), Some("id"));
    let other = DIALECTS.replace("dialects.chats.auth", "dialects.tndata.auth");
    let auth = read(&other, &[], &[]).unwrap().dialects.tndata.unwrap().auth.unwrap();
    assert_eq!(auth.user_claim.as_deref(), Some("sub"), "as everywhere else");
    let text = settings.to_toml().unwrap();
    assert!(text.contains("leeway = \"30s\"") && !text.contains("0123456789"), "{text}");
    assert!(Settings::default().dialects_on().hipochat.is_some(), "development speaks them all");
}

#[test]
fn the_example_of_helpdesk_is_one_that_starts() {
    let example = include_str!("../../../../examples/config/helpdesk.toml");
    let settings = read(example, &[], &[]).unwrap();
    let on = settings.dialects_on();
    assert!(on.helpdesk.is_some_and(|table| !table.open) && on.chats.is_none());
}

#[test]
fn broken_rules_of_a_format_name_its_keys() {
    let file = |rest: &str| format!("{DIALECTS}[dialects.tndata.auth]\n{rest}");
    for (rest, problem) in [
        (
            "",
            "dialects.tndata.auth.kind: \"development\" lets anyone in as any user, and other machines reach \
             0.0.0.0:8080: set dialects.tndata.auth.kind to \"static\", \"jwt\" or \"http\", or listen on 127.0.0.1 \
             only",
        ),
        ("kind = 'jwt'", "dialects.tndata.auth.secret: missing: HS256 needs the shared key"),
        ("kind = 'static'", "dialects.tndata.auth.users: missing: kind \"static\" needs at least one user"),
        (
            "kind = 'http'\nurl = 'https://a'\njwks = 'x'",
            "dialects.tndata.auth.jwks (from chat.toml): applies to dialects.tndata.auth.kind = \"jwt\" only, and \
             dialects.tndata.auth.kind is \"http\"",
        ),
        (
            "kind = 'http'\nurl = 'https://a'\nquery_token = true",
            "dialects.tndata.auth.query_token (from chat.toml): applies to auth alone: where clients of this format put \
             their token is the format's matter",
        ),
        (
            "kind = 'static'\nusers = [{id='1',name='A',token='op'}]\n[operator]\ntoken = 'op'",
            "operator.token (from chat.toml): also the token of dialects.tndata.auth.users[0]",
        ),
        (
            "kind = 'jwt'\nsecret = '0123456789abcdef0123456789abcdef'\nusers = [{id='1',name='A',token='a'}]",
            "dialects.tndata.auth.users[0].token (from chat.toml): applies to dialects.tndata.auth.kind = \"static\" only: tokens of this kind \
             are signed",
        ),
        (
            "kind = 'jwt'\nsecret = '0123456789abcdef0123456789abcdef'\nusers = [{id='1',name='A',password='$2b$x'}]",
            "dialects.tndata.auth.users[0].password (from chat.toml): begins with $ and is no Argon2 hash such as `argon2 <salt> -id -e` \
             writes",
        ),
        (
            "kind = 'static'\nusers = [{id='1',name='A',token='a'},{id='2',name='B',token='b',username='1'}]",
            "dialects.tndata.auth.users[1].username (from chat.toml): \"1\" is also the name of dialects.tndata.auth.users[0]",
        ),
        (
            "kind = 'static'\nusers = [{id='1',name='A',token='a'}]\n[dialects.hipochat]\nopen_room = true",
            "dialects.hipochat.open_room (from chat.toml): unknown key, did you mean dialects.hipochat.open_rooms?",
        ),
    ] {
        refused(&file(rest), &[problem]);
    }
    for (file, problem) in [
        (
            "[dialects.hipochat]\nprofile_url = 'ftp://a'",
            "dialects.hipochat.profile_url (from chat.toml): the address to ask about tokens does not begin with http:// \
             or https://",
        ),
        (
            "[dialects.hipochat]\nprofile_url = 'http://a'\nauth.kind = 'http'\nauth.url = 'http://b'",
            "dialects.hipochat.profile_url (from chat.toml): says who a token is, and so does dialects.hipochat.auth: \
             leave one of them out",
        ),
        (
            "[dialects.hipochat]\nprofile_ttl = '2d'",
            "dialects.hipochat.profile_ttl (from chat.toml): 2days is too long: at most 1day",
        ),
        (
            "[dialects.hipochat]\npush_url = 'http://a.example'",
            "dialects.hipochat.push_url (from chat.toml): the address to post to has to be https:// beyond this machine",
        ),
        (
            "[dialects.hipochat]\npush_form = true",
            "dialects.hipochat.push_url: missing: the other keys say how it is posted to",
        ),
        (
            "[dialects.hipochat]\npush_url = 'http://[::1]/p'\npush_token = ''",
            "dialects.hipochat.push_token (from chat.toml): empty or missing",
        ),
        (
            "[dialects]\nunpaged_max = 0",
            "dialects.unpaged_max (from chat.toml): 0 is out of bounds: 1 to 10000",
        ),
        (
            "[dialects]\nunpaged_max = 10001",
            "dialects.unpaged_max (from chat.toml): 10001 is out of bounds: 1 to 10000",
        ),
        (
            "[dialects.hiochat]",
            "dialects.hiochat (from chat.toml): unknown key, did you mean dialects.hipochat?",
        ),
        (
            "[dialects.tndata]\nfrom_id = 1",
            "dialects.tndata.from_id (from chat.toml): 1 is not one of \"number\", \"string\"",
        ),
        (
            "[dialects.haraj]\ntopic = 'list'",
            "dialects.haraj.topic (from chat.toml): \"list\" is not one of \"object\", \"string\"",
        ),
        (
            "[dialects.haraj]\ntoken_ttl = '5s'",
            "dialects.haraj.token_ttl (from chat.toml): a token lasts from 1m to 365days, and nobody takes it back before",
        ),
        (
            "[dialects.haraj]\npush_url = 'http://fcm.example.org/send'",
            "dialects.haraj.push_url (from chat.toml): the address to post to has to be https:// beyond this machine",
        ),
        (
            "[dialects.haraj]\npush = 'apns'\npush_url = 'https://apns.example.org/3/device'",
            "dialects.haraj.push_url (from chat.toml): the address to post to has no {token}, and Apple's service takes the \
             token of the device in it",
        ),
        (
            "[dialects.haraj]\npush_token = 'k'",
            "dialects.haraj.push_token (from chat.toml): applies with push_url only: without it pushes go to push.url",
        ),
        (
            "[dialects.haraj]\npush_url = 'https://a.example/'\npush_token = 'k'\npush_token_file = '/k'",
            "dialects.haraj.push_token_file (from chat.toml): stands beside push_token: name one of the two",
        ),
        (
            "[dialects.haraj]\npush_url = 'https://a.example/'\npush_topic = 'k'",
            "dialects.haraj.push_topic (from chat.toml): applies to push = \"apns\" only",
        ),
        (
            "[dialects.helpdesk]\nutc_offset = '3'",
            "dialects.helpdesk.utc_offset (from chat.toml): \"3\" does not read as hours and minutes, such as \"-03:00\"",
        ),
        (
            "[dialects.helpdesk]\nsent_delay = '2d'",
            "dialects.helpdesk.sent_delay (from chat.toml): 2days is too long: at most 1day",
        ),
        (
            "[dialects.helpdesk]\nmax_upload = 0",
            "dialects.helpdesk.max_upload (from chat.toml): 0 would let no file through: at least 1",
        ),
        (
            "[dialects.helpdesk]\nmax_upload = 2000\n[uploads]\nmax_size = 1000",
            "dialects.helpdesk.max_upload (from chat.toml): 2000 is more than uploads.max_size = 1000, which holds for all \
             files",
        ),
    ] {
        refused(file, &[problem]);
    }
}

#[test]
fn the_example_for_haraj_can_be_started() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/config/haraj.toml");
    let settings = read(&std::fs::read_to_string(path).unwrap(), &[], &[]).unwrap();
    assert_eq!(settings.dialects_on().haraj.unwrap().token_ttl.as_secs(), 7 * 24 * 60 * 60);
}
