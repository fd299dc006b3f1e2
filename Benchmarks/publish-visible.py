#!/usr/bin/env python3
"""Measures how long a publish through the socket takes to be visible at the edge.

Starts a server of its own on a new data directory, adds a partner and a client, then publishes small content again and
again while a second connection asks for the snippet without pause. Two times are told for each publish:

  whole     from sending the publish to the socket until an answer of the edge carries its text; it includes making the
            scripts, their gzip and Brotli codings, and two commits with their syncs
  after     from the server's acknowledgement until that answer; 0 where it was visible before

Example:
  swift build -c release --product waymark
  Benchmarks/publish-visible.py --waymark .build/release/waymark --count 1000
"""

import argparse
import base64
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--waymark", required=True, help="the binary to measure")
    parser.add_argument("--count", type=int, default=1000, help="publishes to time (default: 1000)")
    parser.add_argument("--clients", type=int, default=1000, help="clients beside the one that publishes (default: 1000)")
    parser.add_argument("--limit", type=float, default=10, help="fail where p99 of `whole` passes it, ms (default: 10)")
    parser.add_argument("--data", help="where to make the data directory (default: the system's temporary directory)")
    return parser.parse_args()


class Edge:
    """Asks for one snippet again and again, and keeps the time at which each new text was first seen."""

    def __init__(self, port, path):
        self.request = f"GET {path} HTTP/1.1\r\nHost: edge\r\n\r\n".encode()
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.seen = {}
        self.asked = 0
        self.stop = False
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def answer(self):
        self.socket.sendall(self.request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.socket.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += self.socket.recv(65536)
        return body

    def run(self):
        while not self.stop:
            body = self.answer()
            now = time.perf_counter()
            self.asked += 1
            start = body.find(b"publish-number-")
            if start >= 0:
                number = int(body[start + 15 : start + 21])
                with self.changed:
                    if number not in self.seen:
                        self.seen[number] = now
                        self.changed.notify_all()
            time.sleep(0.0005)

    def wait(self, number):
        with self.changed:
            if not self.changed.wait_for(lambda: number in self.seen, timeout=10):
                sys.exit(f"publish {number} was not visible within 10 s")
            return self.seen[number]


def item(number):
    text = f"publish-number-{number:06d}. Before you submit, check that every receipt is attached and readable."
    return {"kind": "shoutOut", "name": "Benchmark", "title": {"en": "Expense policy"}, "text": {"en": text}}


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="waymark-bench-", dir=options.data) as folder:
        data = os.path.join(folder, "data")
        run = lambda *words: subprocess.run([options.waymark, *words, "--data", data], check=True, capture_output=True)
        run("partner", "add", "Bench", "--system-variable", "sapUserId", "--key", "bench")
        lines = os.path.join(folder, "clients.ndjson")
        with open(lines, "w", encoding="utf-8") as file:
            for number in range(options.clients + 1):
                client = {"partner": "bench", "name": f"Client {number}", "system": "sap-concur"}
                file.write(json.dumps(client | {"systemClientId": f"client-{number}", "admins": ["a@b.example"]}) + "\n")
        run("import", lines)
        server = subprocess.Popen(
            [options.waymark, "serve", "--data", data, "--edge", "127.0.0.1:0", "--control", "127.0.0.1:0",
             "--ops", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        try:
            port = int(server.stdout.readline().rsplit(":", 1)[1])
            edge = Edge(port, "/v1/bench/snippets/sapUserId/client-0.js")
            control = socket.socket(socket.AF_UNIX)
            control.connect(os.path.join(data, "waymark.sock"))
            replies = control.makefile("rb")
            whole, after, commit = [], [], []
            for number in range(options.count + 20):
                content = base64.b64encode(json.dumps(item(number)).encode()).decode()
                request = {"operation": "PublishItems", "input": {
                    "files": [{"path": "items/one.json", "bytes": content}],
                    "partner": "bench", "client": "client-0", "environment": "production"}}
                line = json.dumps(request).encode() + b"\n"
                start = time.perf_counter()
                control.sendall(line)
                reply = json.loads(replies.readline())
                acknowledged = time.perf_counter()
                if "answer" not in reply:
                    sys.exit(f"publish {number} was refused: {reply}")
                visible = edge.wait(number)
                if number >= 20:  # the first ones warm up
                    whole.append((visible - start) * 1000)
                    commit.append((acknowledged - start) * 1000)
                    after.append(max(0, visible - acknowledged) * 1000)
            edge.stop = True
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)
        print(f"{len(whole)} publishes, {options.clients + 1} clients, {os.cpu_count()} cores {platform.machine()}, "
              f"{edge.asked} snippet requests meanwhile")
        print(f"{'ms':<28}{'p50':>8}{'p90':>8}{'p99':>8}{'max':>8}")
        for name, values in [("whole: sent to visible", whole), ("sent to acknowledged", commit),
                             ("after: acknowledged to visible", after)]:
            row = "".join(f"{percentile(values, share):8.2f}" for share in (0.5, 0.9, 0.99, 1))
            print(f"{name:<28}{row}" if len(name) <= 28 else f"{name:<30}{row[2:]}")
        if percentile(whole, 0.99) > options.limit:
            sys.exit(f"p99 of whole passes {options.limit} ms")


if __name__ == "__main__":
    main()
