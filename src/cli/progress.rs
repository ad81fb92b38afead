//! How far it is: a line on a terminal that is rewritten, and what happened as log lines.
//!
//! [`Event`]s of a run -> standard error. The line shows only where standard error is a terminal, and
//! only once a run has lasted a second; log lines where they were asked for.

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing::subscriber::set_global_default;
use tracing::{Level, info, warn};

use crate::report::terminal::{count, size};
use crate::resources::{self, resident_bytes};
use crate::watch::{Event, Phase};

/// How much a command tells of itself.
#[derive(Args, Clone, Debug)]
pub struct Telling {
    /// Say nothing but what was asked for
    ///
    /// No progress, no notes on standard error, and not what a writing command did. Errors are told.
    #[arg(short, long, global = true, help_heading = "Messages")]
    quiet: bool,
    /// Log phases and skipped records to standard error; -vv in detail
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet", help_heading = "Messages")]
    verbose: u8,
    /// Log lines as text, or as JSON for machines
    ///
    /// JSON logs phases and skipped records even without -v, and the error that ends a run.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, hide_short_help = true, help_heading = "Messages")]
    log_format: LogFormat,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line for people
    Text,
    /// An object of JSON
    Json,
}

/// A second passes before anything is shown.
const PATIENCE: Duration = Duration::from_secs(1);
/// The line is rewritten so often.
const TICK: Duration = Duration::from_millis(200);

/// Tells a person how far a run is, and a log what happened.
pub struct Progress {
    bar: ProgressBar,
    telling: Telling,
    /// Whether anything is shown or logged.
    listens: bool,
    /// Dropped at the end, which ends the wait of the thread that would have shown the line.
    _patience: Option<Sender<()>>,
    state: Mutex<State>,
}

/// The phase at work.
struct State {
    phase: Option<Phase>,
    began: Instant,
    at_bytes: u64,
    records: u64,
}

impl Progress {
    /// Sets up the line and the log. `busy` tells that standard output will stream to a terminal, where
    /// a line that is rewritten would get mixed up with it.
    pub fn new(telling: &Telling, busy: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let shown = !telling.quiet && !busy && io::stderr().is_terminal();
        let patience = shown.then(|| show_later(bar.clone()));
        telling.start_log(bar.clone());
        let state = State { phase: None, began: Instant::now(), at_bytes: 0, records: 0 };
        let listens = shown || telling.level() > Level::ERROR;
        Self { bar, telling: telling.clone(), listens, _patience: patience, state: Mutex::new(state) }
    }

    /// Takes the line away; what is printed next begins at the margin.
    pub fn clear(&self) {
        self.ends();
        self.bar.finish_and_clear();
    }

    /// The line, for whom must take it away in a hurry.
    pub fn line(&self) -> ProgressBar {
        self.bar.clone()
    }

    /// Whether a run need tell anything at all.
    pub fn listens(&self) -> bool {
        self.listens
    }

    /// Whether nothing but what was asked for is to be said.
    pub fn is_quiet(&self) -> bool {
        self.telling.quiet
    }

    /// Whether errors are log lines.
    pub fn logs_json(&self) -> bool {
        self.telling.log_format == LogFormat::Json
    }

    /// Work that is no part of a run begins.
    pub fn says(&self, what: &'static str) {
        self.bar.set_style(style("{spinner} {msg}"));
        self.bar.set_message(what);
    }

    /// Hears what a run tells.
    pub fn hear(&self, event: Event) {
        match event {
            Event::Begins { phase, len_bytes } => {
                self.ends();
                let Ok(mut state) = self.state.lock() else { return };
                *state = State { phase: Some(phase), began: Instant::now(), at_bytes: 0, records: 0 };
                let bar = if len_bytes.is_some() {
                    "{spinner} {prefix} {bar:20} {wide_msg}"
                } else {
                    "{spinner} {prefix} {wide_msg}"
                };
                self.bar.set_style(style(bar));
                self.bar.reset();
                self.bar.set_length(len_bytes.unwrap_or(0));
                self.bar.set_message(memory().unwrap_or_default());
                self.bar.set_prefix(phase.name());
                tracing::debug!(phase = phase.name(), expected_bytes = len_bytes, "begins");
            }
            Event::Read { at_bytes, records } => {
                let Ok(mut state) = self.state.lock() else { return };
                (state.at_bytes, state.records) = (at_bytes, records);
                if self.bar.is_hidden() {
                    return;
                }
                self.bar.set_position(at_bytes);
                self.bar.set_message(told(&state, self.bar.length().unwrap_or(0)));
            }
            Event::Skipped { source, line, why } => warn!(source, line, why, "record skipped"),
        }
    }

    /// Logs the phase that is over.
    fn ends(&self) {
        let Ok(mut state) = self.state.lock() else { return };
        let Some(phase) = state.phase.take() else { return };
        let State { at_bytes, records, began, .. } = *state;
        let memory_bytes = resident_bytes();
        info!(
            phase = phase.name(),
            bytes = at_bytes,
            records,
            seconds = began.elapsed().as_secs_f64(),
            memory_bytes,
            "done"
        );
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Telling {
    fn level(&self) -> Level {
        match (self.quiet, self.verbose, self.log_format) {
            (true, ..) => Level::ERROR,
            // A skipped record is counted in what a command prints; only a log names each.
            (_, 0, LogFormat::Text) => Level::ERROR,
            (_, 0 | 1, _) => Level::INFO,
            _ => Level::DEBUG,
        }
    }

    fn start_log(&self, bar: ProgressBar) {
        let lines = move || BesideTheLine(bar.clone());
        let log = tracing_subscriber::fmt().with_max_level(self.level()).with_target(false).with_writer(lines);
        // A process has one log: of two, the first holds.
        let _ = match self.log_format {
            LogFormat::Json => set_global_default(log.json().flatten_event(true).finish()),
            LogFormat::Text => set_global_default(log.without_time().with_ansi(has_colour()).finish()),
        };
    }
}

/// Log lines, above the line that is rewritten.
struct BesideTheLine(ProgressBar);

impl Write for BesideTheLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().lock().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn has_colour() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

/// Shows the line after a while, unless the sender is dropped before.
fn show_later(bar: ProgressBar) -> Sender<()> {
    let (sender, ended) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
            bar.enable_steady_tick(TICK);
        }
    });
    sender
}

fn style(template: &str) -> ProgressStyle {
    // The templates are ours; a wrong one would show in the first test.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─")
}

/// `62 % · 3 s left · 180 MB/s · 56,000 records/s · 412 MiB memory`
fn told(state: &State, len_bytes: u64) -> String {
    let seconds = state.began.elapsed().as_secs_f64().max(1e-3);
    let per_second = |n: u64| (n as f64 / seconds) as u64;
    if state.at_bytes == 0 {
        return memory().unwrap_or_default();
    }
    // A narrow terminal cuts the end off.
    let mut parts = Vec::new();
    if len_bytes > 0 {
        let share = state.at_bytes as f64 / len_bytes as f64;
        parts.push(format!("{:.0} %", (share * 100.0).floor()));
        parts.push(format!("{} left", span_of_time(seconds * (1.0 / share - 1.0))));
    }
    parts.push(format!("{}/s", size(per_second(state.at_bytes))));
    parts.push(format!("{}/s", count(per_second(state.records), "record")));
    parts.extend(memory());
    parts.join(" · ")
}

fn memory() -> Option<String> {
    resident_bytes().map(|bytes| format!("{} memory", resources::size(bytes)))
}

/// `3 s`, `2 min`, `1 h 20 min`
fn span_of_time(seconds: f64) -> String {
    match seconds.ceil() as u64 {
        s @ 0..100 => format!("{s} s"),
        s @ 100..5_400 => format!("{} min", s.div_ceil(60)),
        s => format!("{} h {} min", s / 3_600, s % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_has_rates_and_what_is_left() {
        let began = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        let state = State { phase: Some(Phase::Survey), began, at_bytes: 250_000_000, records: 50_000 };
        let told = told(&state, 1_000_000_000);
        assert!(told.starts_with("25 % · 3"), "{told}");
        assert!(told.contains(" s left · 2") && told.contains(" MB/s · ") && told.contains(" records/s"), "{told}");
    }

    #[test]
    fn times_are_rounded_to_what_one_waits_for() {
        for (seconds, expect) in [(0.2, "1 s"), (99.0, "99 s"), (100.0, "2 min"), (7_300.0, "2 h 1 min")] {
            assert_eq!(span_of_time(seconds), expect);
        }
    }
}
