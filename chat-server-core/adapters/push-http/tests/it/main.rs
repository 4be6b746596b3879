//! Against a real server on loopback: what it is posted, and what its answers mean.

mod latency;
mod peer;
mod pushes;
mod services;
mod webhooks;

mod conformance {
    use crate::peer::Service;
    chat_server_core::push_conformance!(Service::start());
}
