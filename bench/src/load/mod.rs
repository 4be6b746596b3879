//! The workloads.

pub(crate) mod disturbance;
pub(crate) mod fan_out;
pub(crate) mod formats;
pub(crate) mod growth;
pub(crate) mod history;
pub(crate) mod idle;
pub(crate) mod pairs;
pub(crate) mod resume;
pub(crate) mod storm;

use std::time::{Duration, Instant};

use crate::Failure;
use crate::process::Program;

/// Longest wait for readiness within a turn.
pub(crate) const WAIT: Duration = Duration::from_millis(50);

/// How thoroughly to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// How often each program is measured.
    pub(crate) repetitions: usize,
    /// How long each time.
    pub(crate) length: Duration,
}

/// A stretch of time and of a program's processor time.
pub(crate) struct Run {
    pub(crate) began: Instant,
    cpu: Duration,
}

impl Run {
    pub(crate) fn begin(program: &Program) -> Result<Self, Failure> {
        Ok(Self { cpu: program.cpu()?, began: Instant::now() })
    }

    /// Seconds, and seconds of the processor.
    pub(crate) fn end(&self, program: &Program) -> Result<(f64, f64), Failure> {
        let seconds = self.began.elapsed().as_secs_f64();
        Ok((seconds, (program.cpu()? - self.cpu).as_secs_f64()))
    }
}

/// Measures all programs in turns, each time beginning with another one: whatever the machine does meanwhile meets all.
pub(crate) fn alternate<S>(
    subjects: &mut [S],
    repetitions: usize,
    mut measure: impl FnMut(&mut S) -> Result<(), Failure>,
) -> Result<(), Failure> {
    for _ in 0..repetitions {
        subjects.iter_mut().try_for_each(&mut measure)?;
        subjects.rotate_left(subjects.len().min(1));
    }
    Ok(())
}
