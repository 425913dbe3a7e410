"""A backend made of OpenTelemetry's own package: takes what we send over HTTP, and keeps it for us to read.

Each request must have the path, the content type and the encoding of its signal, decode without an unknown field,
and keep the rules of OTLP/JSON. It is answered as the package answers, and kept as FOLDER/NUMBER.SIGNAL.pb,
written by the package. The first fault ends it with FOLDER/fault, and answers 400.

usage: otlp_receive.py FOLDER        its port goes to FOLDER/port
"""

import copy
import gzip
import http.server
import json
import pathlib
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from otlp_decode import SIGNALS, Wrong, check_no_unknown_fields, check_rules, expect, hex_to_base64, no_duplicates, with_ids

RESPONSES = {
    "traces": ExportTraceServiceResponse,
    "metrics": ExportMetricsServiceResponse,
    "logs": ExportLogsServiceResponse,
}


def read(signal, content_type, body):
    request_type = SIGNALS[signal][1]
    if content_type == "application/x-protobuf":
        message = request_type.FromString(body)
    else:
        expect(content_type == "application/json", f"content type {content_type!r}")
        parsed = json.loads(body.decode("utf-8"), object_pairs_hook=no_duplicates)
        check_rules(request_type.DESCRIPTOR, parsed, signal)
        message = json_format.ParseDict(with_ids(copy.deepcopy(parsed), hex_to_base64), request_type())
    check_no_unknown_fields(message, signal)
    return message


class Backend(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder = None
    n_requests = 0

    def do_POST(self):
        content_type = self.headers["Content-Type"]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            expect(self.path.startswith("/v1/") and self.path[4:] in SIGNALS, f"path {self.path!r}")
            signal = self.path[4:]
            encoding = self.headers.get("Content-Encoding")
            expect(encoding in (None, "gzip"), f"encoding {encoding!r}")
            message = read(signal, content_type, gzip.decompress(body) if encoding else body)
        except (Wrong, ValueError, OSError, json_format.ParseError) as fault:
            (self.folder / "fault").write_text(f"request {Backend.n_requests} to {self.path}: {fault}\n")
            self.send_error(400)
            return
        (self.folder / f"{Backend.n_requests}.{signal}.pb").write_bytes(message.SerializeToString())
        Backend.n_requests += 1
        response = RESPONSES[signal]()
        answer = (json_format.MessageToJson(response).encode() if content_type == "application/json"
                  else response.SerializeToString())
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format, *args):
        pass


def main():
    Backend.folder = pathlib.Path(sys.argv[1])
    # requests come one after the other, but each signal has a connection of its own, which is kept
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    (Backend.folder / "port.new").write_text(str(server.server_port))
    (Backend.folder / "port.new").rename(Backend.folder / "port")
    server.serve_forever()


if __name__ == "__main__":
    main()
