//! The runnable chat server.

use std::io::IsTerminal;
use std::process::ExitCode;

use chat_server::settings::{Log, LogFormat};
use chat_server::{cli, compose};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let settings = match cli::start() {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    start_log(&settings.log);
    raise_descriptor_limit();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("no runtime: {error}")),
    };
    let shutdown = CancellationToken::new();
    let ended = runtime.block_on(async {
        let signals = tokio::spawn(cancel_on_signal(shutdown.clone()));
        // On a worker, and not here: the main thread would be woken for every socket that comes.
        let ended = tokio::spawn(compose::run(settings, shutdown)).await;
        signals.abort();
        ended
    });
    match ended {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => fail(&error.to_string()),
        Err(error) => fail(&format!("a bug ended it: {error}")),
    }
}

fn fail(text: &str) -> ExitCode {
    eprintln!("chat-server: {text}");
    ExitCode::FAILURE
}

/// Every connection needs a descriptor, and many systems start programs with 1,024 although they may have more.
fn raise_descriptor_limit() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => tracing::debug!(limit, "file descriptors"),
        Err(error) => tracing::warn!(%error, "the limit of file descriptors cannot be raised"),
    }
}

fn start_log(log: &Log) {
    // Checked when the settings were loaded.
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_default();
    let to_stderr = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match log.format {
        LogFormat::Json => to_stderr.json().init(),
        _ => to_stderr.init(),
    }
}

/// The first SIGINT or SIGTERM drains the server, the second ends it at once.
async fn cancel_on_signal(shutdown: CancellationToken) {
    signal().await;
    tracing::info!("draining; once more ends at once");
    shutdown.cancel();
    signal().await;
    std::process::exit(130);
}

async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a signal to wait for the server runs until it is killed, which loses nothing.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
