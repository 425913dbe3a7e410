// The reference span through the Rust OpenTelemetry SDK, for scale: recording it (into a processor that only
// keeps it), and turning it into OTLP bytes. One thread; medians over batches, as in bench/record.c.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry::trace::{Span, SpanKind, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanProcessor};
use prost::Message;

const BATCHES: usize = 200;
const BATCH: usize = 256;

#[derive(Debug, Default, Clone)]
struct Keep(Arc<Mutex<Vec<SpanData>>>);

impl SpanProcessor for Keep {
    fn on_start(&self, _span: &mut opentelemetry_sdk::trace::Span, _cx: &Context) {}
    fn on_end(&self, span: SpanData) {
        self.0.lock().unwrap().push(span);
    }
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }
    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

fn record(tracer: &opentelemetry_sdk::trace::SdkTracer) {
    let mut span = tracer.span_builder("chat gpt-4o-mini").with_kind(SpanKind::Client).start(tracer);
    span.set_attribute(KeyValue::new("gen_ai.operation.name", "chat"));
    span.set_attribute(KeyValue::new("gen_ai.provider.name", "openai".to_string()));
    span.set_attribute(KeyValue::new("gen_ai.request.model", "gpt-4o-mini".to_string()));
    span.set_attribute(KeyValue::new("gen_ai.response.model", "gpt-4o-mini-2024-07-18".to_string()));
    span.set_attribute(KeyValue::new("gen_ai.response.id", "chatcmpl-DD5ZUiYP51qTz4XJPEDCGl0fdcHEm".to_string()));
    span.set_attribute(KeyValue::new("server.address", "api.openai.com".to_string()));
    span.set_attribute(KeyValue::new("server.port", 443));
    span.set_attribute(KeyValue::new("gen_ai.request.max_tokens", 1000));
    span.set_attribute(KeyValue::new("gen_ai.request.seed", 42));
    span.set_attribute(KeyValue::new("gen_ai.request.top_k", 40));
    span.set_attribute(KeyValue::new("gen_ai.request.choice.count", 2));
    span.set_attribute(KeyValue::new("http.response.status_code", 200));
    for i in 1..=3 {
        span.add_event(
            "gen_ai.retry",
            vec![
                KeyValue::new("retry.reason", "rate_limit"),
                KeyValue::new("retry.attempt", i),
                KeyValue::new("retry.delay_ms", 1000),
            ],
        );
    }
    span.end();
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap());
    values[values.len() / 2]
}

fn main() {
    let keep = Keep::default();
    let provider = SdkTracerProvider::builder().with_span_processor(keep.clone()).build();
    let tracer = provider.tracer("bench");
    let resource = ResourceAttributesWithSchema::default();
    let (mut recording, mut encoding, mut bytes) = (vec![], vec![], 0);

    for _ in 0..BATCHES {
        let start = Instant::now();
        for _ in 0..BATCH {
            record(&tracer);
        }
        recording.push(start.elapsed().as_nanos() as f64 / BATCH as f64);
        let spans: Vec<SpanData> = keep.0.lock().unwrap().drain(..).collect();
        let start = Instant::now();
        let request = ExportTraceServiceRequest {
            resource_spans: group_spans_by_resource_and_scope(spans, &resource),
        };
        let body = request.encode_to_vec();
        encoding.push(start.elapsed().as_nanos() as f64 / BATCH as f64);
        bytes = body.len() / BATCH;
    }
    println!("for scale: the Rust SDK (opentelemetry_sdk), the same span");
    println!("  {:<52} {:>9.1} ns", "record it", median(recording));
    println!("  {:<52} {:>9.1} ns    {} bytes", "turn it into OTLP bytes", median(encoding), bytes);
}
