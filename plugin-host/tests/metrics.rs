//! Figures of plugins and of the host, read over HTTP as Prometheus does, and parsed by a parser of its format.
//!
//! One test: a process has one recorder.

#[path = "support/fixtures.rs"]
mod fixtures;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use plugin_host::{Exporter, ExportsOnly, Host, library_path};
use prometheus_parse::{Scrape, Value};
use shm_bus::Bus;

/// A longer wait is a failure, not a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Sends a request; returns head and body of the answer.
fn request(address: SocketAddr, line: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    stream.write_all(format!("{line} HTTP/1.0\r\n\r\n").as_bytes()).expect("a request can be sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer comes");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head ends with an empty line");
    (head.to_owned(), body.to_owned())
}

struct Reading(Scrape);

impl Reading {
    /// Reads while the host plays frames.
    fn take(host: &mut Host, address: SocketAddr) -> Self {
        let (sender, answered) = channel();
        let reader = thread::spawn(move || {
            let answer = request(address, "GET /metrics");
            sender.send(()).expect("the host waits for it");
            answer
        });
        while answered.try_recv().is_err() {
            host.frame_edge(&mut ExportsOnly);
            host.end_frame();
            thread::yield_now();
        }
        let (head, body) = reader.join().expect("it does not panic");
        assert!(head.starts_with("HTTP/1.0 200") && head.contains("text/plain; version=0.0.4"), "{head}");
        Self(Scrape::parse(body.lines().map(|line| Ok(line.to_owned()))).expect("Prometheus's format"))
    }

    /// Reads until the host was in time to record its figures after this many loads and refusals: it has only a second for each reading.
    fn take_after(host: &mut Host, address: SocketAddr, loads: f64, refusals: f64) -> Self {
        loop {
            let reading = Self::take(host, address);
            let is = |metric, count| {
                let of = reading.0.samples.iter().find(|sample| sample.metric == metric);
                of.is_some_and(|sample| matches!(sample.value, Value::Counter(value) if value == count))
            };
            if is("hotframe_loads_total", loads) && is("hotframe_refusals_total", refusals) {
                return reading;
            }
        }
    }

    fn value(&self, metric: &str, labels: &[(&str, &str)]) -> &Value {
        let fits = |sample: &&prometheus_parse::Sample| {
            sample.metric == metric && labels.iter().all(|(name, value)| sample.labels.get(name) == Some(value))
        };
        let found: Vec<_> = self.0.samples.iter().filter(fits).collect();
        assert_eq!(found.len(), 1, "{metric} {labels:?} in {:#?}", self.0.samples);
        &found[0].value
    }

    fn counter(&self, metric: &str, labels: &[(&str, &str)]) -> f64 {
        match self.value(metric, labels) {
            Value::Counter(value) => *value,
            other => panic!("{metric} is no counter: {other:?}"),
        }
    }

    fn gauge(&self, metric: &str, labels: &[(&str, &str)]) -> f64 {
        match self.value(metric, labels) {
            Value::Gauge(value) => *value,
            other => panic!("{metric} is no gauge: {other:?}"),
        }
    }

    /// Number of values below each bound.
    fn histogram(&self, metric: &str, labels: &[(&str, &str)]) -> f64 {
        match self.value(metric, labels) {
            Value::Histogram(counts) => counts.iter().map(|bucket| bucket.count).fold(0.0, f64::max),
            other => panic!("{metric} is no histogram: {other:?}"),
        }
    }
}

fn generation(host: &Host) -> u32 {
    host.stats().find(|(plugin, _)| *plugin == "meters").map_or(0, |(_, stats)| stats.generation)
}

/// Writes `bytes` as the plugin's file, and plays edges until `done`.
fn put(host: &mut Host, bytes: &[u8], done: impl Fn(&Host) -> bool) {
    let path = library_path(host.folder(), "meters");
    let aside = path.with_extension("new");
    fs::write(&aside, bytes).expect("a file in the folder");
    fs::rename(aside, path).expect("it is renamed");
    while !done(host) {
        assert!(host.wait_for_change(PATIENCE), "the file is noticed");
        host.frame_edge(&mut ExportsOnly);
        host.end_frame();
    }
}

#[test]
fn figures_of_plugins_and_of_the_host_are_read_over_http() {
    let place = tempfile::tempdir().expect("a folder for one test");
    let folder = place.path().join("plugins");
    fs::create_dir(&folder).expect("a new folder");
    fs::copy(fixtures::library("meters"), library_path(&folder, "meters")).expect("a plugin in the folder");
    let bus = Bus::builder("game").folder(place.path().join("bus")).open().expect("a bus of one test");
    let exporter = Exporter::start("127.0.0.1:0".parse().expect("an address")).expect("it serves");
    let address = exporter.address();
    assert!(request(address, "GET /metrics").0.starts_with("HTTP/1.0 200"), "also without a host");
    let mut host = Host::start(&folder, bus).expect("a host over a folder");
    exporter.attach(host.figures());
    host.load_present(&mut ExportsOnly).expect("the folder can be read");
    let plugins = host.plugins();
    let work = plugins.method("meters", "work").expect("it has it");
    (1..=4_u64).for_each(|pieces| work.call::<_, ()>((pieces,)).expect("it does not fail"));
    plugins.call::<(), ()>("meters", "panics", ()).expect_err("it panics");

    let one = Reading::take_after(&mut host, address, 1.0, 0.0);
    assert_eq!(one.counter("pieces_total", &[("plugin", "meters"), ("kind", "round")]), 10.0);
    assert_eq!(one.gauge("heat", &[("plugin", "meters")]), 22.0);
    assert_eq!(one.histogram("size", &[("plugin", "meters")]), 4.0);
    assert_eq!(one.histogram("hotframe_call_seconds", &[("plugin", "meters"), ("method", "work")]), 4.0);
    let figures = |reading: &Reading| {
        ["loads", "swaps", "refusals", "panics", "undelivered_records", "arena_refusals"]
            .map(|name| reading.counter(&format!("hotframe_{name}_total"), &[("plugin", "meters")]))
    };
    assert_eq!(figures(&one), [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    assert_eq!(one.gauge("hotframe_arena_peak_bytes", &[("plugin", "meters")]), 0.0);

    let mut other = fixtures::bytes("meters");
    other.push(0);
    put(&mut host, &other, |host| generation(host) == 2);
    put(&mut host, b"no library", |host| host.stats().any(|(_, stats)| stats.failed_loads == 1));
    work.call::<_, ()>((5_u64,)).expect("it does not fail");
    let two = Reading::take_after(&mut host, address, 2.0, 1.0);
    assert_eq!(figures(&two), [2.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
    assert_eq!(two.counter("pieces_total", &[("plugin", "meters"), ("kind", "round")]), 15.0, "it goes on over a swap");
    assert_eq!(two.histogram("hotframe_edge_held_seconds", &[("plugin", "meters")]), 1.0);

    assert!(request(address, "GET /elsewhere").0.starts_with("HTTP/1.0 404"));
    assert!(request(address, "POST /metrics").0.starts_with("HTTP/1.0 404"));
    let second = Exporter::start(address).expect_err("the address is in use").to_string();
    assert!(second.contains(&address.to_string()), "{second}");
}
