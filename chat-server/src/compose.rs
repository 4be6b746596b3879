//! From settings to a running server: picks the parts and puts them together.

mod auth;
mod dialects;
mod login;
pub(crate) mod push;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chat_blob_fs::FsBlobs;
use chat_push_http::{EndpointConfig, HttpPush, HttpWebhook, PushConfig};
use chat_server_core::blob::BlobStore;
use chat_server_core::push::{PushGateway, WebhookSink};
use chat_server_core::search::SharedIndex;
use chat_server_core::{ChatServer, Providers, Rate, ServerConfig};
use chat_store_sqlite::{OpenError, SqliteConfig, SqliteSearch, SqliteStore};
use chat_transport_ws::{DebugPanel, ServeError, WsConfig};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

use self::auth::Identities;
pub use self::auth::SetupError;
use crate::settings::{AuthKind, Secret, Settings, Synchronous};

/// How often gathered samples are folded into the histograms, so that they do not pile up between two scrapes.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// Upper bounds of the commit histogram in seconds: from a fast disk to one that is in trouble.
const COMMIT_SECONDS: [f64; 10] = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0];

/// Upper bounds of the batch histogram in changes.
const BATCH_SIZES: [f64; 6] = [1.0, 4.0, 16.0, 64.0, 128.0, 256.0];

/// Why the server cannot start or has stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The database cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The directory of uploads cannot be used.
    #[error("uploads.directory: {0}")]
    Uploads(#[from] chat_blob_fs::OpenError),
    /// It cannot listen.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Users cannot be told by their tokens.
    #[error("{table}: {source}")]
    Auth {
        /// The table of the settings, `auth` or one of a format.
        table: &'static str,
        /// What is wrong.
        source: SetupError,
    },
    /// An address cannot be posted to.
    #[error("push or webhook: {0}")]
    Post(#[from] chat_push_http::SetupError),
    /// Metrics cannot be collected.
    #[error("metrics cannot be collected: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// Runs a server until `shutdown` is cancelled, then drains it.
///
/// Prints one line per address on standard output once connections are accepted; port 0 is shown as the port that
/// the system chose.
///
/// # Errors
/// [`RunError`] when it cannot start. Once it runs it ends without one.
pub async fn run(settings: Settings, shutdown: CancellationToken) -> Result<(), RunError> {
    let metrics = install_metrics()?;
    let mut identities = Identities::new("auth", &settings.auth)?;
    let (dialects, absence) = dialects::ports(&settings, &mut identities)?;
    let (auth, directory) = identities.into_parts();
    let (push, webhook) = outward(&settings)?;
    let store = open_store(&settings.data, settings.storage.synchronous)?;
    let storage = Arc::new(store);
    let blobs = open_uploads(&settings)?;
    let search: Option<SharedIndex> = match settings.storage.search {
        true => Some(Arc::new(SqliteSearch::open(&settings.data)?)),
        false => None,
    };
    let providers = Providers {
        storage,
        blobs,
        search,
        auth,
        directory,
        push,
        webhook,
        absence: absence.map(|absence| absence as Arc<_>),
        dialects,
        ..Providers::default()
    };
    let server = ChatServer::start(providers, server_config(&settings));
    let listeners =
        chat_transport_ws::bind(&settings.listen.iter().map(ToString::to_string).collect::<Vec<_>>()).await;
    let listeners = match listeners {
        Ok(listeners) => listeners,
        Err(error) => {
            server.shutdown(Duration::ZERO).await;
            return Err(error.into());
        }
    };
    announce(&settings, &listeners);
    let upkeep = tokio::spawn(keep_metrics(metrics.clone()));
    let config = ws_config(&settings, metrics);
    let served = chat_transport_ws::serve(listeners, server.clone(), config, shutdown).await;
    upkeep.abort();
    served?;
    Ok(())
}

fn install_metrics() -> Result<PrometheusHandle, RunError> {
    Ok(PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full("chat_commit_seconds".to_owned()), &COMMIT_SECONDS)?
        .set_buckets_for_metric(Matcher::Full("chat_commit_batch_size".to_owned()), &BATCH_SIZES)?
        .install_recorder()?)
}

async fn keep_metrics(metrics: PrometheusHandle) {
    let mut interval = tokio::time::interval(METRICS_UPKEEP);
    loop {
        interval.tick().await;
        metrics.run_upkeep();
    }
}

fn open_store(data: &Path, synchronous: Synchronous) -> Result<SqliteStore, OpenError> {
    let synchronous = match synchronous {
        Synchronous::Full => chat_store_sqlite::Synchronous::Full,
        Synchronous::Normal => chat_store_sqlite::Synchronous::Normal,
        Synchronous::Off => chat_store_sqlite::Synchronous::Off,
    };
    if synchronous != chat_store_sqlite::Synchronous::Full {
        tracing::warn!(?synchronous, "a power cut may lose messages that were acknowledged");
    }
    SqliteStore::open(data, SqliteConfig { synchronous, ..SqliteConfig::default() })
}

/// Where files are, also of a time when they were taken: they are read and deleted all the same.
fn open_uploads(settings: &Settings) -> Result<Option<Arc<dyn BlobStore>>, chat_blob_fs::OpenError> {
    let directory = settings.uploads.directory.clone().unwrap_or_else(|| settings.data.join("uploads"));
    if settings.uploads.max_size == 0 && !directory.exists() {
        return Ok(None);
    }
    Ok(Some(Arc::new(FsBlobs::open(directory)?)))
}

type Outward = (Option<Arc<dyn PushGateway>>, Option<Arc<dyn WebhookSink>>);

/// Whom the server tells by itself.
fn outward(settings: &Settings) -> Result<Outward, chat_push_http::SetupError> {
    let (push, webhook) = (&settings.push, &settings.webhook);
    let endpoint = |url: &Option<String>, secret: &Option<Secret>, timeout| match (url, secret) {
        (Some(url), Some(secret)) => {
            let secret = chat_push_http::Secret::parse(secret.expose())?;
            let max_batch = push.max_batch;
            Ok(Some(EndpointConfig { timeout, max_batch, ..EndpointConfig::new(url.as_str(), secret) }))
        }
        _ => Ok(None),
    };
    let webhook = endpoint(&webhook.url, &webhook.secret, webhook.timeout)?;
    let push = endpoint(&push.url, &push.secret, push.timeout)?;
    let push = push.map(|push| HttpPush::new(PushConfig::new(push))).transpose()?;
    let webhook = webhook.map(HttpWebhook::new).transpose()?;
    let push = push::carriers(settings.dialects_on().haraj.as_ref(), push)?;
    Ok((push, webhook.map(|webhook| Arc::new(webhook) as Arc<_>)))
}

fn server_config(settings: &Settings) -> ServerConfig {
    let (limits, timeouts) = (&settings.limits, &settings.timeouts);
    ServerConfig {
        max_content: limits.max_content,
        max_frame: limits.max_frame,
        max_history_page: limits.max_history_page,
        max_page_cache: limits.max_page_cache,
        max_rooms_followed: limits.max_rooms_followed,
        max_receipt_members: limits.max_receipt_members,
        max_members: limits.max_members,
        max_call_members: limits.max_call_members,
        max_in_flight: limits.max_in_flight,
        max_queue_bytes: limits.max_queue_bytes,
        max_queue_frames: limits.max_queue_frames,
        max_commit_queue: limits.max_commit_queue,
        max_recover: limits.max_recover,
        replay_page: limits.replay_page,
        max_upload: settings.uploads.max_size,
        max_uploads_per_user: settings.uploads.max_per_user,
        max_unfinished_uploads: settings.uploads.max_unfinished_per_user,
        unfinished_upload_expiry: settings.uploads.unfinished_expiry,
        max_user_bytes: settings.uploads.quota_per_user,
        max_upload_bytes: settings.uploads.quota,
        upload_expiry: settings.uploads.expiry,
        upload_types: settings.uploads.types.clone(),
        auth_timeout: timeouts.auth,
        recheck: Some(timeouts.recheck).filter(|recheck| !recheck.is_zero()),
        ping_interval: timeouts.ping_interval,
        pong_timeout: timeouts.pong,
        write_timeout: timeouts.write,
        presence_grace: timeouts.presence_grace,
        typing_ttl: timeouts.typing,
        pointer_delay: timeouts.pointers,
        max_sessions: limits.max_sessions,
        max_listened: limits.max_listened,
        max_refused_frames: limits.max_refused_frames,
        connection_rate: Rate { per_second: limits.connection_rate, burst: limits.connection_burst },
        user_rate: Rate { per_second: limits.user_rate, burst: limits.user_burst },
        presence_room_threshold: limits.presence_room_threshold,
        presence_interval: timeouts.presence_interval,
        max_ephemeral_rate: limits.max_ephemeral_rate,
        max_scheduled: limits.max_scheduled,
        max_schedule_ahead: Duration::from_secs(u64::from(limits.max_schedule_days) * 24 * 60 * 60),
        retention: settings.storage.retention,
        push_hold: settings.push.hold,
        max_push_age: settings.push.max_age,
        max_push_posts: settings.push.max_posts,
        max_push_attempts: settings.push.max_attempts,
        max_webhook_attempts: settings.webhook.max_attempts,
        ..ServerConfig::default()
    }
}

fn ws_config(settings: &Settings, metrics: PrometheusHandle) -> WsConfig {
    WsConfig {
        max_connections: settings.limits.max_connections,
        max_connections_per_address: settings.limits.max_connections_per_address,
        max_wrong_logins_per_address: settings.limits.max_wrong_logins_per_address,
        handshake_timeout: settings.timeouts.handshake,
        upload_timeout: settings.uploads.timeout,
        shutdown_timeout: settings.timeouts.shutdown,
        query_token: settings.auth.query_token,
        local_pages_only: is_development(settings),
        allowed_origins: settings.origins.allow.clone(),
        operator_token: settings.operator.token.as_ref().map(|token| token.expose().to_owned()),
        metrics: Some(Arc::new(move || metrics.render())),
        debug_panel: debug_panel(settings),
        ..WsConfig::default()
    }
}

fn debug_panel(settings: &Settings) -> Option<DebugPanel> {
    let table = &settings.debug_panel;
    table.enabled.then(|| DebugPanel { bodies: table.bodies, ..DebugPanel::default() })
}

/// Whether anyone is anyone, somewhere.
fn is_development(settings: &Settings) -> bool {
    let mut auths = std::iter::once(&settings.auth).chain(settings.dialects.auths().map(|(_, auth)| auth));
    auths.any(|auth| auth.kind == AuthKind::Development)
}

fn announce(settings: &Settings, listeners: &[tokio::net::TcpListener]) {
    if is_development(settings) {
        println!("development auth: anyone may connect as any user, the token of <user> is dev-<user>");
    }
    if settings.debug_panel.enabled {
        println!("debug panel: the operator sees what all sockets say under /chat/debug/");
    }
    for listener in listeners {
        match listener.local_addr() {
            Ok(address) => println!("listening on http://{address} (WebSocket: ws://{address}/v1/ws)"),
            Err(error) => tracing::warn!(%error, "the address of a listener is unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sets_is_as_the_library_has_it() {
        let config = server_config(&Settings::default());
        assert_eq!(format!("{config:#?}"), format!("{:#?}", ServerConfig::default()));
    }

    #[test]
    fn what_is_set_reaches_the_server() {
        let mut settings = Settings::default();
        let limits = &mut settings.limits;
        (limits.max_queue_frames, limits.max_commit_queue) = (1, 2);
        (limits.max_recover, limits.replay_page, limits.max_schedule_days) = (3, 4, 5);
        settings.timeouts.pointers = Duration::from_millis(6);
        settings.timeouts.recheck = Duration::from_secs(7);
        let config = server_config(&settings);
        assert_eq!((config.max_queue_frames, config.max_commit_queue), (1, 2));
        assert_eq!((config.max_recover, config.replay_page), (3, 4));
        assert_eq!(config.max_schedule_ahead, Duration::from_secs(5 * 86_400));
        assert_eq!(config.pointer_delay, Duration::from_millis(6));
        assert_eq!(config.recheck, Some(Duration::from_secs(7)));
    }
}
