//! Who wrote a message, as the operator's backend describes it.

use serde::{Deserialize, Serialize};

use crate::UserId;
use crate::dialect::{Json, Object};
use crate::dialect::{Profile as Known, WireUser};

/// An author's profile: the JSON object that the operator's backend answers for an auth token, and what is
/// added to a message as its `author`. It never has a `token`: one that comes is dropped.
///
/// `user_id` is written as a number when it is one; all other keys are the backend's own.
///
/// ```
/// use chat_protocol::dialect::hipochat::Profile;
/// let profile: Profile = serde_json::from_str(r#"{"token":"secret","user_id":"1","name":"Ann"}"#).unwrap();
/// assert_eq!(profile.user_id().unwrap().as_str(), "1");
/// assert_eq!(serde_json::to_string(&profile).unwrap(), r#"{"user_id":1,"name":"Ann"}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Object", into = "Object")]
pub struct Profile {
    user_id: Option<UserId>,
    object: Object,
}

impl Profile {
    /// The profile of a user whom the server knows by itself: `{"user_id":1,"name":"Ann Lee"}`.
    pub fn new(user_id: UserId, name: &str) -> Self {
        let object = Object::new().with("user_id", "").with("name", name);
        Self::default().filled(object, Some(user_id))
    }

    /// The profile of a user of whom the directory knows this: `user_id`, `name` if there is one, and then whatever else
    /// it says, which has the last word. So an object of the operator's backend is written as that wrote it.
    ///
    /// ```
    /// use chat_protocol::UserId;
    /// use chat_protocol::dialect::{Profile, hipochat};
    /// let mut ann = Profile::nameless(UserId::new("1").unwrap());
    /// let write = |ann: &Profile| serde_json::to_string(&hipochat::Profile::of(ann)).unwrap();
    /// assert_eq!(write(&ann), r#"{"user_id":1}"#);
    /// ann.name = Some("Ann Lee".to_owned());
    /// assert_eq!(write(&ann), r#"{"user_id":1,"name":"Ann Lee"}"#);
    /// ann.more = serde_json::from_str(r#"{"name":"Ann","surname":"Lee","token":"secret"}"#).unwrap();
    /// assert_eq!(write(&ann), r#"{"user_id":1,"name":"Ann","surname":"Lee"}"#);
    /// ```
    pub fn of(known: &Known) -> Self {
        let mut object = Object::new().with("user_id", "");
        if let Some(name) = known.full_name() {
            object.set("name", Json::of(&name));
        }
        for (key, value) in known.more.iter().filter(|(key, _)| *key != "token") {
            object.set(key, Json::new(value));
        }
        Self::default().filled(object, Some(known.user.clone()))
    }

    /// The user's id; `None` when the backend gave none, and the server makes one of the auth token.
    pub fn user_id(&self) -> Option<&UserId> {
        self.user_id.as_ref()
    }

    /// The profile as it is written.
    pub fn object(&self) -> &Object {
        &self.object
    }

    fn filled(mut self, mut object: Object, user_id: Option<UserId>) -> Self {
        if let Some(user_id) = &user_id {
            object.set("user_id", Json::of(&WireUser(user_id.clone())));
        }
        (self.user_id, self.object) = (user_id, object);
        self
    }
}

impl TryFrom<Object> for Profile {
    type Error = String;
    fn try_from(mut object: Object) -> Result<Self, String> {
        object.remove("token");
        let user: Option<Option<WireUser>> = object.clone().take("user_id")?;
        Ok(Self::default().filled(object, user.flatten().map(|WireUser(user)| user)))
    }
}

impl From<Profile> for Object {
    fn from(profile: Profile) -> Self {
        profile.object
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Profile {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Profile".into()
    }
    fn schema_id() -> std::borrow::Cow<'static, str> {
        concat!(module_path!(), "::Profile").into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "description": "Who wrote a message, as the operator's backend describes it.",
            "properties": {
                "user_id": {
                    "description": "Id of the user. Without one it is derived from the token.",
                    "anyOf": [generator.subschema_for::<WireUser>(), { "type": "null" }],
                },
            },
        })
    }
}
