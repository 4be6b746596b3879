//! Bodies and parameters of HTTP requests and answers, of all formats.
//!
//! Every type reads every input: a body that one of them takes is what others should refuse in peace.
#![no_main]

mod http {
    pub(crate) mod bodies;
    pub(crate) mod parameters;
}

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    http::bodies::read(input);
    if let Ok(text) = std::str::from_utf8(input) {
        http::parameters::read(text);
    }
});
