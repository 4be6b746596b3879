//! What each wrong setting says, word for word, and that no list of keys can drift from the struct.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use super::keys::{self, Form};
use super::{AuthScheme, Problems, Settings, Sources, load};

mod dialects;
mod examples;
mod page;

/// Settings of a file, variables and `--listen` flags. The file is called `chat.toml` in messages.
fn read(file: &str, variables: &[(&str, &str)], listen: &[&str]) -> Result<Settings, Vec<String>> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chat.toml");
    std::fs::write(&path, file).unwrap();
    let sources = Sources {
        file: Some(path.clone()),
        variables: variables.iter().map(|(n, v)| (OsString::from(n), OsString::from(v))).collect(),
        listen: listen.iter().map(|&address| address.to_owned()).collect(),
        data: None,
    };
    let short = |text: String| text.replace(path.to_str().unwrap(), "chat.toml");
    load(&sources).map_err(|problems: Problems| problems.iter().map(|p| short(p.to_string())).collect())
}

/// The file is refused with exactly these problems.
#[track_caller]
fn refused(file: &str, problems: &[&str]) {
    assert_eq!(read(file, &[], &[]).expect_err("refused"), problems, "for the file\n{file}");
}

#[track_caller]
fn variable_refused(name: &str, value: &str, problem: &str) {
    assert_eq!(read("", &[(name, value)], &[]).expect_err("refused"), [problem]);
}

const STATIC: &str = r#"
    listen = ["127.0.0.1:8080"]
    data = "./data"
    [auth]
    kind = "static"
    users = [{ id = "1", name = "Alice Adams", token = "tok-alice", avatar = "//example.org/a.jpg" }]
    [operator]
    token = "op-secret"
"#;

#[test]
fn without_arguments_the_defaults_hold() {
    let settings = load(&Sources::default()).unwrap();
    assert_eq!(settings.to_toml().unwrap(), Settings::default().to_toml().unwrap());
    assert!(matches!(settings.auth.scheme(), AuthScheme::Development));
}

#[test]
fn the_users_file_of_the_readme_is_read() {
    let settings = read(STATIC, &[], &[]).unwrap();
    let AuthScheme::Static { users } = settings.auth.scheme() else { panic!("{settings:?}") };
    assert_eq!(users[0].token.expose(), "tok-alice");
    assert_eq!(settings.operator.token.unwrap().expose(), "op-secret");
}

#[test]
fn flags_win_over_variables_over_file_over_defaults() {
    let file =
        "listen = [\"127.0.0.1:1\"]\ndata = \"file\"\n[limits]\nmax_in_flight = 3\nmax_connections = 4";
    let variables = [("CHAT_LISTEN", "127.0.0.1:2, [::1]:2"), ("CHAT_LIMITS__MAX_CONNECTIONS", "5")];
    let settings = read(file, &variables, &[]).unwrap();
    assert_eq!(settings.listen, ["127.0.0.1:2".parse().unwrap(), "[::1]:2".parse().unwrap()]);
    assert_eq!(settings.limits.max_connections, 5);
    assert_eq!(settings.limits.max_in_flight, 3);
    assert_eq!(settings.data, PathBuf::from("file"));
    assert_eq!(settings.log.filter, "info");
    let settings = read(file, &variables, &["127.0.0.1:3"]).unwrap();
    assert_eq!(settings.listen, ["127.0.0.1:3".parse().unwrap()]);
}

#[test]
fn users_are_read_from_a_variable_as_toml_or_json() {
    for users in [
        r#"[{ id = "1", name = "Alice", token = "12345" }]"#,
        r#"[{ "id": "1", "name": "Alice", "token": "12345" }]"#,
    ] {
        let settings = read("", &[("CHAT_AUTH__KIND", "static"), ("CHAT_AUTH__USERS", users)], &[]).unwrap();
        assert_eq!(settings.auth.users[0].token.expose(), "12345");
    }
    // A token of digits stays a text outside a list too.
    let settings = read("", &[("CHAT_OPERATOR__TOKEN", "12345")], &[]).unwrap();
    assert_eq!(settings.operator.token.unwrap().expose(), "12345");
}

#[test]
fn printed_settings_hold_no_secret_and_can_be_read_back() {
    let mut sources = vec![STATIC.to_owned(), String::new()];
    sources.push("[auth]\nkind = \"http\"\nurl = \"https://example.org/check\"".to_owned());
    sources.push("[auth]\nkind = \"jwt\"\nalgorithm = \"EdDSA\"\npublic_key = \"key.pem\"".to_owned());
    sources.push("[auth]\nkind = \"jwt\"\nalgorithm = \"RS256\"\njwks = \"keys.json\"".to_owned());
    for source in sources {
        let settings = read(&source, &[], &[]).unwrap();
        let text = settings.to_toml().unwrap();
        assert!(!format!("{text}{settings:?}").contains("tok-alice"), "{text}");
        assert!(!format!("{text}{settings:?}").contains("op-secret"), "{text}");
        let again = text.replacen("<redacted>", "tok-alice", 1).replacen("<redacted>", "op-secret", 1);
        assert_eq!(read(&again, &[], &[]).unwrap().to_toml().unwrap(), text);
    }
}

#[test]
fn the_defaults_of_the_chosen_kind_are_printed() {
    let settings = read("[auth]\nkind = \"http\"\nurl = \"https://example.org/check\"", &[], &[]).unwrap();
    let text = settings.to_toml().unwrap();
    assert!(text.contains("timeout = \"5s\"\ncache_ttl = \"30s\""), "{text}");
}

#[test]
fn unknown_keys_name_the_nearest_known_one() {
    for (file, problem) in [
        ("lisen = []", "lisen (from chat.toml): unknown key, did you mean listen?"),
        (
            "[limits]\nmax_frme = 1",
            "limits.max_frme (from chat.toml): unknown key, did you mean limits.max_frame?",
        ),
        // The right name in the wrong place.
        (
            "ping_interval = '1s'",
            "ping_interval (from chat.toml): unknown key, did you mean timeouts.ping_interval?",
        ),
        ("[limit]\nmax_frame = 1", "limit (from chat.toml): unknown key, did you mean limits?"),
        (
            "[auth]\nkind = 'static'\nusers = [{id='1',name='A',token='a'},{id='2',name='B',token='b',avatr='x'}]",
            "auth.users[1].avatr (from chat.toml): unknown key, did you mean auth.users[1].avatar?",
        ),
    ] {
        refused(file, &[problem]);
    }
    variable_refused("CHAT_LISTN", "x", "CHAT_LISTN: unknown variable, did you mean CHAT_LISTEN?");
    variable_refused(
        "CHAT_AUTH_KIND",
        "x",
        "CHAT_AUTH_KIND: unknown variable, did you mean CHAT_AUTH__KIND?",
    );
    variable_refused("CHAT_AUTH", "x", "CHAT_AUTH: unknown variable, did you mean CHAT_DATA?");
    assert!(read("", &[("CHAT_CONFIG", "elsewhere.toml"), ("CHATTER", "x")], &[]).is_ok());
}

#[test]
fn values_of_the_wrong_form_say_what_is_expected() {
    for (file, problem) in [
        ("listen = 8080", "listen (from chat.toml): a number is not a list in square brackets"),
        (
            "listen = 'localhost:1'",
            "listen (from chat.toml): \"localhost:1\" is not an IP address with a port such as \"127.0.0.1:8080\" or \
             \"[::1]:8080\"",
        ),
        ("data = 7", "data (from chat.toml): 7 is not a text in quotes"),
        (
            "[timeouts]\npong = 15",
            "timeouts.pong (from chat.toml): 15 is not a duration such as \"15s\" or \"250ms\"",
        ),
        (
            "[timeouts]\npong = '15'",
            "timeouts.pong (from chat.toml): \"15\" is not a duration such as \"15s\" or \"250ms\"",
        ),
        (
            "[limits]\nmax_frame = '64k'",
            "limits.max_frame (from chat.toml): \"64k\" is not a whole number from 0",
        ),
        ("[limits]\nmax_frame = 1.5", "limits.max_frame (from chat.toml): 1.5 is not a whole number from 0"),
        ("[auth]\nquery_token = 1", "auth.query_token (from chat.toml): 1 is neither true nor false"),
        (
            "[limits]\nmax_frame = true",
            "limits.max_frame (from chat.toml): true is not a whole number from 0",
        ),
        ("[limits]\nmax_frame = -1", "limits.max_frame (from chat.toml): -1 is not a whole number from 0"),
        (
            "[limits]\nmax_history_page = 5000000000",
            "limits.max_history_page (from chat.toml): 5000000000 is not a whole number from 0 to 4294967295",
        ),
        (
            "[auth]\nkind = 'statc'",
            "auth.kind (from chat.toml): \"statc\" is not one of \"development\", \"static\", \"jwt\", \"http\"",
        ),
        (
            "[storage]\nsynchronous = 'FULL'",
            "storage.synchronous (from chat.toml): \"FULL\" is not one of \"full\", \"normal\", \"off\"",
        ),
        ("auth = 'static'", "auth (from chat.toml): a text is not a table"),
        // What stands where a secret belongs is not repeated.
        ("[operator]\ntoken = 12345", "operator.token (from chat.toml): a number is not a text in quotes"),
    ] {
        refused(file, &[problem]);
    }
    variable_refused(
        "CHAT_LIMITS__MAX_FRAME",
        "64k",
        "limits.max_frame (from CHAT_LIMITS__MAX_FRAME): \"64k\" is not a whole number from 0",
    );
    variable_refused(
        "CHAT_AUTH__USERS",
        "alice,bob",
        "auth.users (from CHAT_AUTH__USERS): not a list in TOML or JSON, such as \
         [{ id = \"1\", name = \"Alice\", token = \"...\" }]",
    );
    variable_refused(
        "CHAT_AUTH__USERS",
        "[{ token = secret }]",
        "auth.users (from CHAT_AUTH__USERS): not a list in TOML or JSON, such as \
         [{ id = \"1\", name = \"Alice\", token = \"...\" }]",
    );
    let problems = read("", &[], &["localhost:8080"]).unwrap_err();
    let address = "is not an IP address with a port such as \"127.0.0.1:8080\" or \"[::1]:8080\"";
    assert_eq!(problems, [format!("listen[0] (from --listen): \"localhost:8080\" {address}")]);
}

#[test]
fn broken_rules_say_what_to_do() {
    const USERS: &str = "[auth]\nkind = 'static'\nusers = ";
    const JWT: &str = "[auth]\nkind = 'jwt'\n";
    const HTTP: &str = "[auth]\nkind = 'http'\n";
    let file = |head: &str, rest: &str| format!("{head}{rest}");
    for (file, problem) in [
        (
            file("listen = []", ""),
            "listen (from chat.toml): empty: name at least one address, such as 127.0.0.1:8080",
        ),
        (
            file("listen = ['127.0.0.1:1', '127.0.0.1:1']", ""),
            "listen (from chat.toml): 127.0.0.1:1 is named twice",
        ),
        (
            "[debug_panel]\nenabled = true".to_owned(),
            "debug_panel.enabled (from chat.toml): needs operator.token, which the page asks for",
        ),
        (file("[push]\nsecret = 'x'", ""), "push.url: missing: the secret signs what is posted there"),
        (
            file("[webhook]\nurl = 'https://example.org'", ""),
            "webhook.secret: missing: posts are signed with it. `openssl rand -hex 24` makes one",
        ),
        (
            file("[push]\nsecret = 'short'\nurl = 'https://example.org'", ""),
            "push.secret (from chat.toml): the secret is not 24 to 64 bytes, as text or as whsec_ and base64",
        ),
        (
            file(
                "[webhook]\nsecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'\nurl = 'http://example.org'",
                "",
            ),
            "webhook.url (from chat.toml): the address to post to has to be https:// beyond this machine",
        ),
        (file("data = ''", ""), "data (from chat.toml): empty: name a directory, such as ./data"),
        (
            file("listen = ['127.0.0.1:1', '0.0.0.0:8080']", ""),
            "auth.kind: \"development\" lets anyone in as any user, and other machines reach 0.0.0.0:8080: set \
             auth.kind to \"static\", \"jwt\" or \"http\", or listen on 127.0.0.1 only",
        ),
        (file("[auth]\nkind = 'static'", ""), "auth.users: missing: kind \"static\" needs at least one user"),
        (
            file("[auth]\nusers = [{id='1',name='A',token='a'}]", ""),
            "auth.users (from chat.toml): applies to auth.kind = \"static\" only, and auth.kind is \"development\"",
        ),
        (
            file(USERS, "[{id='1',name='A',token='a'},{id='1',name='B',token='b'}]"),
            "auth.users[1].id (from chat.toml): \"1\" is also the id of auth.users[0]",
        ),
        (
            file(USERS, "[{id='1',name='A',token='a'},{id='2',name='B',token='a'}]"),
            "auth.users[1].token (from chat.toml): also the token of auth.users[0]",
        ),
        (
            file(USERS, "[{id='1',name='A',token=''}]"),
            "auth.users[0].token (from chat.toml): empty or missing",
        ),
        (file(USERS, "[{id='1',name='A'}]"), "auth.users[0].token: empty or missing"),
        (
            file(USERS, "[{id='1',name='A',token=' a'}]"),
            "auth.users[0].token (from chat.toml): begins or ends with white space",
        ),
        (file(USERS, "[{id='1',token='a'}]"), "auth.users[0].name: empty or missing"),
        (
            file(USERS, "[{name='A',token='a'}]"),
            "auth.users[0].id: a user id of 0 bytes is out of bounds, 1 to 128 are allowed",
        ),
        (file("[operator]\ntoken = ''", ""), "operator.token (from chat.toml): empty or missing"),
        (
            file("[operator]\ntoken = '<redacted>'", ""),
            "operator.token (from chat.toml): stands for a secret in --print-config and is none: put the secret here",
        ),
        (
            file(USERS, "[{id='1',name='A',token='a'}]\n[operator]\ntoken = 'a'"),
            "operator.token (from chat.toml): also the token of auth.users[0]",
        ),
        (file(JWT, ""), "auth.secret: missing: HS256 needs the shared key"),
        (
            file(JWT, "secret = 'short'"),
            "auth.secret (from chat.toml): 5 bytes, and HS256 needs at least 32 (RFC 7518 section 3.2): \
             `openssl rand -hex 32` makes one",
        ),
        (
            file(JWT, "algorithm = 'ES256'"),
            "auth.public_key: missing: ES256 needs the path of a PEM file with the public key, or auth.jwks",
        ),
        (
            file(JWT, "algorithm = 'ES256'\npublic_key = 'a.pem'\njwks = 'a.json'"),
            "auth.jwks (from chat.toml): stands beside auth.public_key: name one of the two",
        ),
        (
            file(JWT, "algorithm = 'ES256'\njwks = ''"),
            "auth.jwks (from chat.toml): empty: name a file with a set of keys",
        ),
        (
            file(JWT, "jwks = 'a.json'\nsecret = '0123456789abcdef0123456789abcdef'"),
            "auth.jwks (from chat.toml): HS256 uses auth.secret, not a public key",
        ),
        (
            file(JWT, "algorithm = 'ES256'\npublic_key = ''"),
            "auth.public_key (from chat.toml): empty: name a PEM file",
        ),
        (
            file(JWT, "algorithm = 'ES256'\npublic_key = 'a.pem'\nsecret = 'x'"),
            "auth.secret (from chat.toml): ES256 uses auth.public_key, not a shared key",
        ),
        (
            file(JWT, "public_key = 'a.pem'\nsecret = '0123456789abcdef0123456789abcdef'"),
            "auth.public_key (from chat.toml): HS256 uses auth.secret, not a public key",
        ),
        (
            file(JWT, "user_claim = ''\nsecret = '0123456789abcdef0123456789abcdef'"),
            "auth.user_claim (from chat.toml): empty: name the claim that holds the user id, such as sub",
        ),
        (file(HTTP, ""), "auth.url: missing: kind \"http\" needs the address to ask"),
        (
            file(HTTP, "url = 'example.org'"),
            "auth.url (from chat.toml): \"example.org\" does not begin with http:// or https:// and a host",
        ),
        (
            file(HTTP, "url = 'https://example.org'\ntimeout = '0s'"),
            "auth.timeout (from chat.toml): 0s would expire at once: it must be longer",
        ),
        (
            file("[limits]\nmax_connections = 0", ""),
            "limits.max_connections (from chat.toml): 0 would let nothing through: at least 1",
        ),
        (
            file("[limits]\nmax_history_page = 101", ""),
            "limits.max_history_page (from chat.toml): 101 is more than the wire format allows: at most 100",
        ),
        (
            file("[limits]\nmax_frame = 16384", ""),
            "limits.max_content: 16384 does not fit into limits.max_frame = 16384: keep it 4096 below, for the packet \
             around it",
        ),
        (
            file("[limits]\nmax_queue_frames = 2255", ""),
            "limits.max_queue_frames (from chat.toml): 2255 does not hold what 64 commands (limits.max_in_flight) and 1000 rooms \
             (limits.max_rooms_followed) bring about at once: at least 2256",
        ),
        (
            file("[limits]\nmax_queue_bytes = 65535", ""),
            "limits.max_queue_bytes (from chat.toml): 65535 holds not even one frame of limits.max_frame = 65536",
        ),
        (
            file("[timeouts]\nhandshake = '0s'", ""),
            "timeouts.handshake (from chat.toml): 0s would expire at once: it must be longer",
        ),
        (
            file("[timeouts]\npong = '2d'", ""),
            "timeouts.pong (from chat.toml): 2days is too long: at most 1day",
        ),
        (
            file("[origins]\nallow = ['https://app.example.org', 'https://app.example.org/']", ""),
            "origins.allow[1] (from chat.toml): \"https://app.example.org/\" is not an origin as browsers send it, such \
             as \"https://app.example.org\": scheme and host in lower case, a port if it is not the usual one, no \
             path, no wildcard",
        ),
        (
            file("[log]\nfilter = 'info,=x'", ""),
            "log.filter (from chat.toml): \"info,=x\" is not a log filter: invalid filter directive",
        ),
    ] {
        refused(&file, &[problem]);
    }
    assert!(read("[timeouts]\npresence_grace = '0s'", &[], &[]).is_ok());
    assert!(read("listen = ['127.0.0.1:0', '127.0.0.1:0', '[::ffff:127.0.0.1]:1']", &[], &[]).is_ok());
}

#[test]
fn all_problems_are_reported_at_once_each_with_its_own_number() {
    let file = r#"
        listen = ["127.0.0.1:1", "one", "127.0.0.1:2", "two"]
        [auth]
        kind = "static"
        users = ["x", { id = "1", name = "A", token = "a" }, { id = "1", name = 5, token = "a" }]
        [limits]
        max_frme = 1
        max_frame = "big"
        max_content = 0
    "#;
    let address = "is not an IP address with a port such as \"127.0.0.1:8080\" or \"[::1]:8080\"";
    let mut problems = read(file, &[("CHAT_LOG__FORMAT", "xml")], &[]).unwrap_err();
    problems.sort();
    let mut expected = vec![
        format!("listen[1] (from chat.toml): \"one\" {address}"),
        format!("listen[3] (from chat.toml): \"two\" {address}"),
        "auth.users[0] (from chat.toml): a text is not a table".to_owned(),
        "auth.users[2].id (from chat.toml): \"1\" is also the id of auth.users[1]".to_owned(),
        "auth.users[2].name (from chat.toml): 5 is not a text in quotes".to_owned(),
        "auth.users[2].token (from chat.toml): also the token of auth.users[1]".to_owned(),
        "limits.max_frme (from chat.toml): unknown key, did you mean limits.max_frame?".to_owned(),
        "limits.max_frame (from chat.toml): \"big\" is not a whole number from 0".to_owned(),
        "limits.max_content (from chat.toml): 0 would let nothing through: at least 1".to_owned(),
        "log.format (from CHAT_LOG__FORMAT): \"xml\" is not one of \"text\", \"json\"".to_owned(),
    ];
    expected.sort();
    assert_eq!(problems, expected);
}

#[test]
fn an_unreadable_file_is_named_and_its_lines_are_not_shown() {
    refused(
        "[operator]\ntoken = op-secret",
        &["chat.toml:2:9: not TOML: string values must be quoted, expected literal string"],
    );
    let sources = Sources { file: Some("/nowhere/chat.toml".into()), ..Sources::default() };
    assert_eq!(
        load(&sources).unwrap_err().to_string(),
        "the configuration has a problem:\n  cannot read /nowhere/chat.toml: No such file or directory (os error 2)"
    );
}

/// Every leaf of `value` as a key path, with list elements as `[]`.
fn leaves(path: &str, value: &serde_json::Value, found: &mut BTreeSet<String>) {
    let join = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        serde_json::Value::Object(table) => table.iter().for_each(|(key, v)| leaves(&join(key), v, found)),
        _ => drop(found.insert(path.to_owned())),
    }
}

#[test]
fn the_known_keys_are_those_of_the_struct() {
    // What the struct writes is known.
    let known: BTreeSet<_> = keys::known().into_iter().map(|key| key.path).collect();
    let mut written = BTreeSet::new();
    leaves("", &serde_json::to_value(Settings::default()).unwrap(), &mut written);
    assert_eq!(written.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(written.len() > 15, "{written:?}");
    // What is known is read: each key, set to a value of its form, is not unknown to the struct.
    for key in keys::known() {
        let Some(name) = key.variable() else { continue };
        let value = match &key.form {
            Form::Whole { .. } => "1",
            Form::Duration => "1s",
            Form::Address => "127.0.0.1:1",
            Form::List => "[]",
            Form::Switch => "true",
            Form::Choice(words) => &words[0],
            Form::Text | Form::Secret | Form::Table => "x",
        };
        let problems = read("", &[(&name, value)], &[]).err().unwrap_or_default();
        assert!(
            !problems.iter().any(|p| p.contains("unknown") || p.contains("is not a ")),
            "{name}: {problems:?}"
        );
    }
}
