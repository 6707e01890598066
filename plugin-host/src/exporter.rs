//! Serves the figures of this process to Prometheus.
//!
//! # Failure
//! A reader that sends nonsense, or nothing, costs its own connection. When the server's socket fails, the log says so and nothing is served
//! any more.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tiny_http::{Header, Method, Request, Response, Server};

use crate::metering::{Figures, record_metrics};

/// How long a reader waits for the end of a frame.
const PATIENCE: Duration = Duration::from_secs(1);

/// Upper bounds of the histograms' buckets, in seconds: from a call of a microsecond to an edge that holds a frame.
const BUCKETS: [f64; 12] = [1e-7, 3e-7, 1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 1e-1];

/// Why figures can't be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The address can't be listened on.
    #[error("figures cannot be served at {address}: {source}; choose another address, or end the program that uses it")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The process has a recorder already.
    #[error("figures cannot be served: {0}; a process has one recorder")]
    Recorder(#[from] BuildError),
    /// There is no thread to serve them.
    #[error("figures cannot be served: no thread can be started: {0}")]
    Thread(std::io::Error),
}

/// A server of figures; it ends when this is dropped.
#[derive(Debug)]
pub struct Exporter {
    address: SocketAddr,
    server: Arc<Stop>,
    figures: Arc<Mutex<Option<Figures>>>,
    thread: Option<JoinHandle<()>>,
}

/// The server, without its contents in `Debug`.
struct Stop(Server);

impl std::fmt::Debug for Stop {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Server")
    }
}

impl Exporter {
    /// Installs the process's recorder, and serves its figures at `http://ADDRESS/metrics`. Call it before plugins are loaded. Anybody who
    /// reaches the address may read: choose a loopback address unless others shall.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn start(address: SocketAddr) -> Result<Self, ExportError> {
        let listen = |source| ExportError::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(|error| listen(error.into()))?;
        let address = listener.local_addr().map_err(|error| listen(error.into()))?;
        let server = Arc::new(Stop(Server::from_listener(listener, None).map_err(listen)?));
        let recorder = PrometheusBuilder::new().set_buckets(&BUCKETS)?.install_recorder()?;
        record_metrics();
        let figures = Arc::<Mutex<Option<Figures>>>::default();
        let (served, asked) = (server.clone(), figures.clone());
        let thread = Builder::new()
            .name("hotframe-metrics".to_owned())
            .spawn(move || serve(&served.0, &asked, &recorder))
            .map_err(ExportError::Thread)?;
        tracing::info!("figures are served at http://{address}/metrics");
        Ok(Self { address, server, figures, thread: Some(thread) })
    }

    /// Serves the figures of this host, too; see [`Host::figures`](crate::Host::figures). An earlier host's stay as they are.
    pub fn attach(&self, figures: Figures) {
        *self.figures.lock().unwrap_or_else(PoisonError::into_inner) = Some(figures);
    }

    /// The address, with the port that the system chose if port 0 was given.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.server.0.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(server: &Server, figures: &Mutex<Option<Figures>>, recorder: &PrometheusHandle) {
    for request in server.incoming_requests() {
        let figures = figures.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // The reader may be gone.
        let _ = answer(request, figures.as_ref(), recorder);
    }
}

fn answer(request: Request, figures: Option<&Figures>, recorder: &PrometheusHandle) -> std::io::Result<()> {
    let is_read = matches!(request.method(), Method::Get | Method::Head);
    if !is_read || !matches!(request.url().split('?').next(), Some("/" | "/metrics")) {
        return request.respond(Response::from_string("figures are at /metrics\n").with_status_code(404));
    }
    if let Some(figures) = figures {
        figures.refresh(PATIENCE);
    }
    recorder.run_upkeep();
    let response = Response::from_string(recorder.render());
    let kind = Header::from_bytes("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    request.respond(kind.into_iter().fold(response, Response::with_header))
}
