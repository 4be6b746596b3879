//! `GET /healthz`: for load balancers and supervisors, without credentials.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chat_server_core::Health;
use serde::Serialize;

use crate::edge::Edge;

#[derive(Debug, Serialize)]
pub(crate) struct HealthBody {
    status: &'static str,
}

pub(crate) async fn healthz(State(edge): State<Arc<Edge>>) -> (StatusCode, Json<HealthBody>) {
    let (code, status) = answer(edge.server.health());
    (code, Json(HealthBody { status }))
}

fn answer(health: Health) -> (StatusCode, &'static str) {
    match health {
        Health::Serving => (StatusCode::OK, "serving"),
        Health::Degraded => (StatusCode::SERVICE_UNAVAILABLE, "degraded"),
        Health::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_serving_server_is_healthy() {
        assert_eq!(answer(Health::Serving), (StatusCode::OK, "serving"));
        assert_eq!(answer(Health::Degraded), (StatusCode::SERVICE_UNAVAILABLE, "degraded"));
        assert_eq!(answer(Health::Draining), (StatusCode::SERVICE_UNAVAILABLE, "draining"));
    }
}
