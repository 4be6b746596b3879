//! The in-memory gateway passes the suite, and each case of it fails on a gateway that breaks its guarantee.

use std::time::Duration;

use async_trait::async_trait;
use chat_server_core::conformance::push::{Behaviour, Received, Rig, SUITE, sample, subject};
use chat_server_core::push::memory::MemoryGateway;
use chat_server_core::push::{Push, PushGateway, PushOutcome};

use crate::suites::each_fault_fails_its_case;

mod memory {
    use chat_server_core::push::memory::MemoryGateway;
    chat_server_core::push_conformance!(MemoryGateway::default());
}

#[test]
fn every_case_fails_on_the_gateway_that_breaks_it_and_no_other() {
    each_fault_fails_its_case(&SUITE, &[], |fault| {
        subject(Broken { fault, inner: MemoryGateway::default() })
    });
}

/// The memory gateway with one fault, named like the case that must find it.
struct Broken {
    fault: &'static str,
    inner: MemoryGateway,
}

#[async_trait]
impl PushGateway for Broken {
    async fn push(&self, batch: &[Push]) -> Vec<PushOutcome> {
        let retry = PushOutcome::Retry(Some(Duration::from_secs(1)));
        let mut given = batch.to_vec();
        match self.fault {
            "a_batch_of_any_size_is_answered" => given.truncate(self.max_batch()),
            "a_push_arrives_as_it_was_given" => given.iter_mut().for_each(|push| push.silent = false),
            _ => {}
        }
        let mut answers = self.inner.push(&given).await;
        for answer in &mut answers {
            match (self.fault, *answer) {
                ("a_refused_push_is_told", PushOutcome::Refused) => *answer = PushOutcome::Gone,
                ("a_busy_service_is_given_its_time", PushOutcome::Retry(Some(_))) => *answer = retry,
                ("an_unreachable_service_is_tried_again", PushOutcome::Retry(None)) => {
                    *answer = PushOutcome::Refused;
                }
                _ => {}
            }
        }
        match self.fault {
            // Sorted by token, as a gateway answers that groups a batch by service and forgets to put it back.
            "every_push_is_answered_in_order" if batch.len() == 12 => answers.reverse(),
            "a_gone_token_is_told" if batch.len() == 3 => {
                let told = answers.iter_mut().filter(|answer| **answer == PushOutcome::Gone);
                told.for_each(|answer| *answer = PushOutcome::Refused);
            }
            _ => {}
        }
        answers
    }
}

impl Rig for Broken {
    fn gateway(&self) -> &dyn PushGateway {
        self
    }

    fn behave(&self, token: &str, behaviour: Behaviour) {
        self.inner.behave(token, behaviour);
    }

    fn cut(&self) {
        self.inner.cut();
    }

    fn received(&self) -> Vec<Received> {
        let mut received = Rig::received(&self.inner);
        match self.fault {
            // A gateway that knocks at its service to see whether it is there.
            "an_empty_batch_sends_nothing" if received.is_empty() => received.push(knock()),
            "a_repeat_has_the_same_name" => {
                for of in received.iter_mut().filter(|of| of.badge == 999) {
                    of.id.push('2');
                }
            }
            _ => {}
        }
        received
    }
}

fn knock() -> Received {
    Received::of(&sample())
}
