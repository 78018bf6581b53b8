//! One direction of a connection: how many bytes may pass now, and when the next.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tokio::time::{Sleep, sleep};

use crate::moment::{Direction, Latency, Line, Slices, Stall};

/// A slowed connection moves this part of a second's bytes at once.
const SLICES_PER_SECOND: u64 = 20;

/// One direction of a connection.
#[derive(Debug)]
pub(super) struct Lane {
    /// Bytes so far.
    passed: u64,
    /// What is done to them; `None` = nothing, which is asked first.
    rules: Option<Box<Rules>>,
}

#[derive(Debug)]
struct Rules {
    /// No byte passes behind this one.
    end: Option<u64>,
    rate: Option<u64>,
    latency: Option<Latency>,
    slices: Option<Slices>,
    stall: Option<Stall>,
    /// Nothing passes before this is over.
    pause: Option<Pin<Box<Sleep>>>,
    /// The latency of the write at hand is over.
    waited: bool,
    /// The slice that was drawn last.
    slice: usize,
    chance: ChaCha8Rng,
}

impl Lane {
    pub(super) fn new(line: &Line, direction: Direction) -> Self {
        let end = line.ending.filter(|ending| ending.direction == direction);
        let is_ours = |of: Option<Direction>| of.is_none_or(|of| of == direction);
        let mut rules = Rules {
            end: end.map(|ending| ending.after),
            rate: line.rates.of(direction),
            latency: line.latency.filter(|_| direction == Direction::Outbound),
            slices: line.slices.filter(|slices| is_ours(slices.direction)),
            stall: line.stall.filter(|stall| stall.direction == direction),
            pause: None,
            waited: false,
            slice: 0,
            chance: ChaCha8Rng::seed_from_u64(line.seed ^ direction as u64),
        };
        if let Some(slices) = rules.slices {
            rules.slice = slices.draw(&mut rules.chance);
        }
        let does_something = rules.end.is_some()
            || rules.rate.is_some()
            || rules.latency.is_some()
            || rules.slices.is_some()
            || rules.stall.is_some();
        Self {
            passed: 0,
            rules: does_something.then(|| Box::new(rules)),
        }
    }

    /// Ready when bytes may pass.
    pub(super) fn poll_free(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let is_over = self.left() == 0;
        let Some(rules) = self.rules.as_mut().filter(|_| !is_over) else {
            return Poll::Ready(());
        };
        if let Some(stall) = rules.stall.take_if(|stall| stall.after <= self.passed) {
            rules.pause = Some(Box::pin(sleep(stall.lasts)));
        }
        ready!(rules.poll_pause(cx));
        if let (Some(latency), false) = (rules.latency, rules.waited) {
            rules.waited = true;
            let late = latency.draw(&mut rules.chance);
            rules.pause_for(late);
            ready!(rules.poll_pause(cx));
        }
        Poll::Ready(())
    }

    /// Bytes that may still pass before the line's end.
    pub(super) fn left(&self) -> u64 {
        let end = self.rules.as_ref().and_then(|rules| rules.end);
        end.map_or(u64::MAX, |end| end.saturating_sub(self.passed))
    }

    /// How many of `wanted` bytes may pass now.
    pub(super) fn allowance(&self, wanted: usize) -> usize {
        let Some(rules) = &self.rules else {
            return wanted;
        };
        let by_rate = rules.rate.map(|rate| (rate / SLICES_PER_SECOND).max(1));
        let by_slice = rules.slices.map(|_| rules.slice as u64);
        let by_stall = rules.stall.map(|stall| stall.after - self.passed);
        let limits = [by_rate, by_slice, by_stall].into_iter().flatten();
        let most = limits.fold(self.left(), u64::min);
        usize::try_from(most).unwrap_or(usize::MAX).min(wanted)
    }

    /// Notes that bytes passed, and arms the pause before the next.
    pub(super) fn pass(&mut self, count: usize) {
        self.passed += count as u64;
        let Some(rules) = &mut self.rules else {
            return;
        };
        rules.waited = false;
        if count == 0 {
            return;
        }
        let mut pause = match rules.rate {
            Some(rate) => Duration::from_secs_f64(count as f64 / rate.max(1) as f64),
            None => Duration::ZERO,
        };
        if let Some(slices) = rules.slices {
            pause += slices.pause;
            rules.slice = slices.draw(&mut rules.chance);
        }
        rules.pause_for(pause);
    }
}

impl Rules {
    fn pause_for(&mut self, time: Duration) {
        if !time.is_zero() {
            self.pause = Some(Box::pin(sleep(time)));
        }
    }

    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        Poll::Ready(())
    }
}
