//! Users: login, profiles, devices, uploads.

use serde::{Deserialize, Deserializer, Serialize};

use crate::Timestamp;
use crate::dialect::{Secret, WireUser};

/// Request: get an access token.
///
/// ```
/// use chat_protocol::dialect::haraj::Login;
/// let json = r#"{"auth_type":"basic","username":"riandyrn","password":"123456"}"#;
/// let login: Login = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&login).unwrap(), json);
/// assert!(!format!("{login:?}").contains("123456"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "auth_type", rename_all = "snake_case")]
pub enum Login {
    /// With name and password.
    Basic {
        /// Name of the user.
        username: String,
        /// The password.
        password: Secret,
    },
    /// With a session of the site.
    HarajSession {
        /// Value of the session.
        session_value: Secret,
    },
}

/// Result of login and of renewal: a new access token.
///
/// ```
/// use chat_protocol::dialect::haraj::Session;
/// let json = r#"{"user_id":1,"access_token":"T","expires":"2018-02-09T08:30:39.987Z"}"#;
/// let session: Session = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&session).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Session {
    /// Who I am.
    pub user_id: WireUser,
    /// The token, for `auth` and the header of requests.
    pub access_token: Secret,
    /// When it ends.
    pub expires: Timestamp,
}

/// Reads an avatar: null is none, as the empty text is.
pub(super) fn avatar<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Result of looking users up by name. Names that nobody has are left out.
///
/// ```
/// use chat_protocol::dialect::haraj::FoundUsers;
/// let json = r#"{"user_id":1,"users":[{"username":"yahya_zaid","user_id":3,"avatar":"https://x.example/3"}]}"#;
/// let found: FoundUsers = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&found).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FoundUsers {
    /// Who asked.
    pub user_id: WireUser,
    /// The users that were found.
    pub users: Vec<FoundUser>,
}

/// A user that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FoundUser {
    /// Name of the user.
    pub username: String,
    /// The user.
    pub user_id: WireUser,
    /// Address of the picture; empty when there is none.
    #[serde(deserialize_with = "avatar")]
    pub avatar: String,
}

/// What everybody may know of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Profile {
    /// The user.
    pub user_id: WireUser,
    /// Name of the user.
    pub name: String,
    /// Address of the picture; empty when there is none.
    #[serde(deserialize_with = "avatar")]
    pub avatar: String,
}

/// Request: change my picture or my device.
///
/// ```
/// use chat_protocol::dialect::haraj::UpdateUser;
/// let json = r#"{"what":"update_device","device":{"token":"F","platform":"iOS"}}"#;
/// let update: UpdateUser = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&update).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum UpdateUser {
    /// Another picture.
    UpdateAvatar {
        /// Address of the picture.
        avatar: String,
    },
    /// The one device that is told of messages while I am away; it replaces the one before.
    UpdateDevice {
        /// The device.
        device: Device,
    },
}

/// Where pushes for a user go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Device {
    /// Token that the push service gave to the installation.
    pub token: Secret,
    /// Kind of device.
    pub platform: Platform,
}

/// Kind of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Platform {
    /// Apple.
    #[serde(rename = "iOS")]
    Ios,
    /// Android.
    Android,
}

/// Result of changing my picture or device: who I am, and the request.
///
/// ```
/// use chat_protocol::dialect::haraj::UpdatedUser;
/// let json = r#"{"user_id":1,"what":"update_avatar","avatar":"https://x.example/1"}"#;
/// let updated: UpdatedUser = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&updated).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UpdatedUser {
    /// Who I am.
    pub user_id: WireUser,
    /// What was changed.
    #[serde(flatten)]
    pub update: UpdateUser,
}

/// Request: a place for a file.
///
/// ```
/// use chat_protocol::dialect::haraj::Upload;
/// let json = r#"{"mime_type":"image/jpeg","file_size":1024}"#;
/// let upload: Upload = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&upload).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Upload {
    /// Media type of the file.
    pub mime_type: String,
    /// Size of the file in bytes.
    pub file_size: u64,
}

/// Result of asking for a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UploadGrant {
    /// Where to put the bytes; the same address goes into the message.
    pub url: String,
}
