"""Reads our OTLP with OpenTelemetry's own package, and writes it again for us to read.

Of each model there are NAME.pb and NAME.json. Both must decode without an unknown field, and to the same
message; the JSON must keep the rules that OTLP adds to protobuf's own mapping (hex ids, integer enums, 64-bit
integers as strings, lowerCamelCase). Model 0 must be what tests/fixtures/otlp says it is, and have the values below.

usage: otlp_decode.py SAMPLES MODELS FIXTURES
"""

import base64
import copy
import json
import math
import pathlib
import sys

from google.protobuf import json_format, text_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

SIGNALS = {
    "traces": (TracesData, ExportTraceServiceRequest),
    "metrics": (MetricsData, ExportMetricsServiceRequest),
    "logs": (LogsData, ExportLogsServiceRequest),
}

ID_BYTES = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}

LONG = {
    FieldDescriptor.TYPE_INT64,
    FieldDescriptor.TYPE_UINT64,
    FieldDescriptor.TYPE_SINT64,
    FieldDescriptor.TYPE_FIXED64,
    FieldDescriptor.TYPE_SFIXED64,
}


class Wrong(Exception):
    """What we wrote is not what it should be."""


def expect(condition, what):
    if not condition:
        raise Wrong(what)


def bytes_of(message):
    """Compares equal for equal messages, those with NaN too."""
    return message.SerializeToString(deterministic=True)


def check_no_unknown_fields(message, where):
    expect(len(UnknownFieldSet(message)) == 0, f"{where}: unknown fields")
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for item in value if field.is_repeated else [value]:
                check_no_unknown_fields(item, f"{where}.{field.name}")


def check_scalar(field, value, where):
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    if field.name in ID_BYTES:
        expect(isinstance(value, str) and len(value) == 2 * ID_BYTES[field.name], f"{where}: {value!r} is no id")
        expect(set(value) <= set("0123456789abcdef"), f"{where}: {value!r} is not lower-case hex")
    elif field.type in LONG:
        expect(isinstance(value, str) and str(int(value)) == value, f"{where}: {value!r} is no decimal string")
    elif field.type == FieldDescriptor.TYPE_ENUM:
        expect(is_integer, f"{where}: {value!r} is no integer, and enums must be")
    elif field.type == FieldDescriptor.TYPE_BYTES:
        expect(base64.b64encode(base64.b64decode(value, validate=True)).decode() == value, f"{where}: no base64")
    elif field.type == FieldDescriptor.TYPE_DOUBLE:
        expect(is_integer or isinstance(value, float) or value in ("NaN", "Infinity", "-Infinity"),
               f"{where}: {value!r} is no number")
    elif field.type == FieldDescriptor.TYPE_BOOL:
        expect(isinstance(value, bool), f"{where}: {value!r} is no boolean")
    elif field.type == FieldDescriptor.TYPE_STRING:
        expect(isinstance(value, str), f"{where}: {value!r} is no string")
    else:
        expect(is_integer, f"{where}: {value!r} is no integer")


def check_rules(descriptor, value, where):
    """The rules of OTLP/JSON, field by field."""
    expect(isinstance(value, dict), f"{where}: no object")
    fields = {field.camelcase_name: field for field in descriptor.fields}
    for key, inner in value.items():
        expect(key in fields, f"{where}: {descriptor.full_name} has no {key!r}")
        field = fields[key]
        expect(isinstance(inner, list) or not field.is_repeated, f"{where}.{key}: no array")
        for item in inner if field.is_repeated else [inner]:
            if field.type == FieldDescriptor.TYPE_MESSAGE:
                check_rules(field.message_type, item, f"{where}.{key}")
            else:
                check_scalar(field, item, f"{where}.{key}")


def with_ids(value, change):
    """A copy with `change` applied to all ids: protobuf's own mapping has them in base64."""
    if isinstance(value, list):
        return [with_ids(item, change) for item in value]
    if not isinstance(value, dict):
        return value
    ids = {"traceId", "spanId", "parentSpanId"}
    return {key: change(inner) if key in ids else with_ids(inner, change) for key, inner in value.items()}


def hex_to_base64(text):
    return base64.b64encode(bytes.fromhex(text)).decode()


def base64_to_hex(text):
    return base64.b64decode(text).hex()


def no_duplicates(pairs):
    expect(len({key for key, _ in pairs}) == len(pairs), f"a key comes twice: {[key for key, _ in pairs]}")
    return dict(pairs)


def decode(folder, signal, number):
    """The one message that both encodings of a model are."""
    message_type, request_type = SIGNALS[signal]
    name = f"{signal}-{number}"
    raw = (folder / f"{name}.pb").read_bytes()
    text = (folder / f"{name}.json").read_text(encoding="utf-8")

    message = message_type.FromString(raw)
    check_no_unknown_fields(message, name)
    expect(bytes_of(request_type.FromString(raw)) == bytes_of(message), f"{name}: the export request differs")

    expect("\n" not in text, f"{name}: the JSON is more than a line")
    parsed = json.loads(text, object_pairs_hook=no_duplicates)
    check_rules(message_type.DESCRIPTOR, parsed, name)
    from_json = json_format.ParseDict(with_ids(copy.deepcopy(parsed), hex_to_base64), message_type())
    if bytes_of(from_json) != bytes_of(message):
        print(text_format.MessageToString(message), file=sys.stderr)
        print(text_format.MessageToString(from_json), file=sys.stderr)
        raise Wrong(f"{name}: the JSON (below) is another message than the protobuf (above)")
    return message


def write_again(folder, signal, number, message):
    """As the official package writes it, with the hex rule on top."""
    name = f"{signal}-{number}.official"
    parsed = json_format.MessageToDict(message, use_integers_for_enums=True)
    (folder / f"{name}.pb").write_bytes(message.SerializeToString())
    (folder / f"{name}.json").write_text(json.dumps(with_ids(parsed, base64_to_hex), indent=1), encoding="utf-8")


def check_traces(data):
    """Model 0, beside tests/otlp/sample.c."""
    expect(len(data.resource_spans) == 3, "model 0 has three resources")
    scope = data.resource_spans[0].scope_spans[0]
    span = scope.spans[0]
    values = {pair.key: pair.value for pair in span.attributes}
    expect(scope.scope.name == "genspan" and scope.scope.version == "0.1.0", "scope")
    expect(scope.schema_url == "https://opentelemetry.io/schemas/1.37.0", "schema_url")
    expect(span.trace_id.hex() == "5b8efff798038103d269b633813fc60c", "trace_id")
    expect(span.span_id.hex() == "eee19b7ec3c1b174", "span_id")
    expect(span.parent_span_id.hex() == "eee19b7ec3c1b173", "parent_span_id")
    expect(span.name == "chat gpt-x" and span.kind == span.SPAN_KIND_CLIENT, "name and kind")
    expect(span.end_time_unix_nano - span.start_time_unix_nano == 1999999999, "duration")
    expect(span.status.code == span.status.STATUS_CODE_ERROR and span.status.message == 'it "broke"\n', "status")
    expect(span.flags == 0x301 and span.trace_state == "a=1", "flags and trace state")
    expect([event.name for event in span.events] == ["gen_ai.choice", "last", "", ""], "events")
    expect(span.events[1].time_unix_nano == 2**64 - 1, "an event's time")
    expect([link.span_id[7] for link in span.links] == [0xCD, 0xFF, 0], "links")
    expect(span.dropped_attributes_count == 5 and span.dropped_events_count == 6, "dropped")
    expect(span.dropped_links_count == 2**32 - 1, "dropped links")
    expect(len(values) == 28 and values[""].string_value == "a key may be empty", "attributes")
    expect(values["text.escaped"].string_value.endswith("bell \a nul \0 del \x7f"), "escapes")
    expect(values["text.wide"].string_value == "caf\u00e9 \u20ac \U0001f600", "wide text")
    expect(values["int.min"].int_value == -(2**63) and values["int.max"].int_value == 2**63 - 1, "integers")
    expect(values["double.least"].double_value == 5e-324 and math.isnan(values["double.nan"].double_value), "doubles")
    expect(math.copysign(1, values["double.minus_zero"].double_value) == -1, "minus zero")
    expect(values["bytes.3"].bytes_value == b"\xfb\xff\x00", "bytes")
    expect(values["list"].array_value.values[3].kvlist_value.values[0].key == "list", "nested values")
    expect(values["bool.false"].WhichOneof("value") == "bool_value", "false is a value")
    expect(values["none"].WhichOneof("value") is None, "no value is none")


def check_metrics(data):
    metrics = {metric.name: metric for metric in data.resource_metrics[0].scope_metrics[0].metrics}
    gauge = metrics["g"].gauge.data_points
    total = metrics["s"].sum
    histogram = metrics["h"].histogram
    exponential = metrics["e"].exponential_histogram
    summary = metrics["q"].summary.data_points
    expect(len(data.resource_metrics) == 3, "model 0 has three resources")
    expect(gauge[0].as_int == -42 and gauge[1].as_double == 0.5 and math.isnan(gauge[2].as_double), "gauge")
    expect(gauge[4].WhichOneof("value") is None and gauge[4].flags == 1, "a point without a value")
    expect(gauge[5].WhichOneof("value") == "as_int", "0 is a value")
    expect(gauge[0].exemplars[0].span_id.hex() == "0102030405060708", "exemplar")
    expect(gauge[0].exemplars[1].as_int == -(2**63), "exemplar")
    expect(total.is_monotonic and total.aggregation_temporality == 2 and metrics["s"].unit == "{token}", "sum")
    expect(metrics["u"].sum.aggregation_temporality == 1 and not metrics["u"].sum.is_monotonic, "delta sum")
    expect(list(histogram.data_points[0].bucket_counts) == [0, 1, 127, 128, 2**64 - 1], "bucket counts")
    expect(list(histogram.data_points[0].explicit_bounds) == [-1, 0, 0.25, 1e6], "bounds")
    expect(not histogram.data_points[1].HasField("sum") and histogram.data_points[2].HasField("sum"), "sums")
    expect(histogram.data_points[2].HasField("min") and histogram.data_points[2].max == 0, "min and max")
    expect(exponential.data_points[0].scale == -11 and exponential.data_points[0].zero_count == 4, "scale")
    expect(exponential.data_points[0].positive.offset == 40, "positive buckets")
    expect(list(exponential.data_points[0].positive.bucket_counts) == [0, 127, 128, 2**64 - 1, 5], "positive buckets")
    expect(exponential.data_points[1].negative.offset == -(2**31), "negative buckets")
    expect(summary[0].count == 9 and summary[0].sum == 1.25, "summary")
    expect([q.quantile for q in summary[0].quantile_values] == [0, 0.5, 1, 0.99, 0], "quantiles")
    expect(metrics["no points"].WhichOneof("data") == "gauge", "a metric without points")
    expect(metrics["no data"].WhichOneof("data") is None, "a metric without data")


def check_logs(data):
    expect(len(data.resource_logs) == 3, "model 0 has three resources")
    scope = data.resource_logs[0].scope_logs[0]
    records = scope.log_records
    bodies = [record.body for record in records]
    first = records[0]
    expect(scope.schema_url == "https://opentelemetry.io/schemas/1.41.0", "schema_url")
    expect(first.time_unix_nano == 1700000000000000001, "time")
    expect(first.observed_time_unix_nano == 1700000000000000002, "observed time")
    expect(first.severity_number == 9 and first.severity_text == "INFO", "severity")
    expect(first.event_name == "gen_ai.client.inference.operation.details", "event name")
    expect(first.body.string_value == 'caf\u00e9 "quoted"\n\0', "a text as body")
    expect(first.trace_id.hex() == "5b8efff798038103d269b633813fc60c", "trace_id")
    expect(first.span_id.hex() == "eee19b7ec3c1b174", "span_id")
    expect(len(first.attributes) == 28 and first.dropped_attributes_count == 3 and first.flags == 1, "attributes")
    expect(bodies[1].kvlist_value.values[0].key == "list" and records[1].flags == 2**32 - 1, "a map as body")
    expect(len(bodies[2].array_value.values) == 8 and records[2].span_id == b"", "an array as body")
    expect(bodies[3].bytes_value == b"\x00\xff" and records[3].trace_id == b"", "bytes as body")
    kinds = [body.WhichOneof("value") for body in bodies]
    expect(kinds[4:13] == ["bytes_value", "string_value", "bool_value", "int_value", "int_value", "double_value",
                           "double_value", "array_value", "kvlist_value"], "what is empty is a value")
    expect(not records[13].HasField("body") and records[13].trace_id == bytes(16), "no body, and an id of zeros")
    expect(len(records) == 15 and records[14].ByteSize() == 0, "an empty record")


def main():
    folder, n_models, fixtures = pathlib.Path(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
    checks = {"traces": check_traces, "metrics": check_metrics, "logs": check_logs}
    try:
        for signal, (message_type, _) in SIGNALS.items():
            for number in range(n_models):
                message = decode(folder, signal, number)
                write_again(folder, signal, number, message)
                if number == 0:
                    expected = text_format.Parse((fixtures / f"{signal}.txt").read_text(), message_type())
                    expect(bytes_of(message) == bytes_of(expected), f"{signal}-0 is not what the fixture says")
                    checks[signal](message)
    except (Wrong, json_format.ParseError, text_format.ParseError, ValueError) as fault:
        print(f"otlp_decode: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
