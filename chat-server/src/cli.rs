//! The command line.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::settings::{self, Settings, Sources};

/// What `chat-server` understands.
#[derive(Debug, Clone, Default, Parser)]
#[command(
    name = "chat-server",
    version,
    about = "A chat server: rooms, history, presence and typing over WebSockets",
    after_help = "Every setting can also stand in the file, or in the environment as CHAT_<TABLE>__<KEY>, for example \
                  CHAT_LIMITS__MAX_CONNECTIONS.\nFlags win over the environment, which wins over the file. All of \
                  them: docs/configuration.md"
)]
#[non_exhaustive]
pub struct Cli {
    /// TOML file with settings; no file is read when none is named
    #[arg(long, value_name = "FILE", env = "CHAT_CONFIG")]
    pub config: Option<PathBuf>,
    /// IP address and port to listen on; may be repeated [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub listen: Vec<String>,
    /// Directory of the database [default: ./data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Print the settings in effect as TOML, without secrets, and exit
    #[arg(long)]
    pub print_config: bool,
}

/// The settings of this process: of its arguments, the file they name and its environment.
///
/// When there is nothing to start it gives the code to exit with: 0 after `--help`, `--version` and `--print-config`,
/// 2 after a wrong argument or setting, which is then told on standard error.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// fn main() -> ExitCode {
///     let settings = match chat_server::cli::start() {
///         Ok(settings) => settings,
///         Err(code) => return code,
///     };
///     println!("listening on {:?}", settings.listen);
///     ExitCode::SUCCESS
/// }
/// ```
///
/// # Errors
/// The code to exit with.
pub fn start() -> Result<Settings, ExitCode> {
    // Not `Cli::parse`: it ends the process itself, and only `main` should.
    let end = match Cli::try_parse() {
        Ok(cli) => match settings(cli, std::env::vars_os().collect()) {
            Ok(settings) => return Ok(settings),
            Err(end) => end,
        },
        Err(error) => {
            // A closed terminal changes nothing about the code; `clap` knows which stream it belongs to.
            let _ = error.print();
            return Err(ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE)));
        }
    };
    // Unlike `print!`, these do not panic when the reader has gone, as with `| head`.
    let _ = std::io::stdout().write_all(end.stdout.as_bytes());
    let _ = std::io::stderr().write_all(end.stderr.as_bytes());
    Err(ExitCode::from(end.code))
}

/// Wrong argument or setting, as `clap` and most Unix tools have it.
const USAGE: u8 = 2;

/// How the process ends when there is nothing to start.
#[derive(Debug, Default)]
struct End {
    code: u8,
    stdout: String,
    stderr: String,
}

fn settings(cli: Cli, variables: Vec<(OsString, OsString)>) -> Result<Settings, End> {
    let wrong =
        |text: String| End { code: USAGE, stderr: format!("chat-server: {text}\n"), ..End::default() };
    let sources = Sources { file: cli.config, variables, listen: cli.listen, data: cli.data };
    let settings = settings::load(&sources).map_err(|problems| wrong(problems.to_string()))?;
    if !cli.print_config {
        return Ok(settings);
    }
    match settings.to_toml() {
        Ok(stdout) => Err(End { stdout, ..End::default() }),
        Err(error) => Err(wrong(format!("cannot print the settings: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(args: &[&str], variables: &[(&str, &str)]) -> End {
        let cli = Cli::try_parse_from([&["chat-server"], args].concat()).unwrap();
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        settings(cli, variables).expect_err("nothing to start")
    }

    #[test]
    fn print_config_shows_what_is_in_effect_and_exits_with_0() {
        let args = ["--print-config", "--listen", "127.0.0.1:1", "--listen", "[::1]:1", "--data", "here"];
        let end = end(&args, &[("CHAT_OPERATOR__TOKEN", "op-secret")]);
        assert_eq!((end.code, end.stderr.as_str()), (0, ""));
        let head = "listen = [\"127.0.0.1:1\", \"[::1]:1\"]\ndata = \"here\"\n";
        assert!(end.stdout.starts_with(head), "{}", end.stdout);
        assert!(end.stdout.contains("token = \"<redacted>\"") && !end.stdout.contains("op-secret"));
    }

    #[test]
    fn wrong_settings_exit_with_2_on_standard_error() {
        let end = end(&["--print-config", "--listen", "0.0.0.0:1"], &[("CHAT_DAAT", "x")]);
        assert_eq!((end.code, end.stdout.as_str()), (2, ""));
        let expected = "chat-server: the configuration has 2 problems:\n  \
            CHAT_DAAT: unknown variable, did you mean CHAT_DATA?\n  \
            auth.kind: \"development\" lets anyone in as any user, and other machines reach 0.0.0.0:1: \
            set auth.kind to \"static\", \"jwt\" or \"http\", or listen on 127.0.0.1 only\n";
        assert_eq!(end.stderr, expected);
    }

    #[test]
    fn wrong_arguments_exit_with_2() {
        let error = Cli::try_parse_from(["chat-server", "--lisen", "127.0.0.1:1"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("a similar argument exists: '--listen'"), "{error}");
    }
}
