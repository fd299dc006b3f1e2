"""Puts load on one server and tells what it cost: `wrk` for saturation, `h2load` for fixed rates and HTTP/2."""

import os
import re
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass

from . import measure

# What a current browser sends with a script's request.
BROWSER = [
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Accept: */*",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Accept-Language: en-US,en;q=0.9",
    "Origin: https://app.example",
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Mode: cors",
    "Sec-Fetch-Dest: script",
]
CONNECTIONS = 64

PERCENTILES = """
done = function(summary, latency, requests)
  io.write(string.format("figures %d %d %d %d %d %d\\n", summary.requests,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout + summary.errors.status,
    summary.duration, latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
"""


@dataclass
class Run:
    """What one run came to."""
    requests: int
    errors: int
    seconds: float
    cpu_microseconds: float
    p50: float
    p99: float
    p999: float

    @property
    def rate(self):
        return self.requests / self.seconds


def checked(server, case, run):
    """A run with errors measures something else; only closed connections may be read as ends by `wrk`."""
    if run.requests == 0 or run.errors > run.requests / 1000:
        sys.exit(f"{server.name}, {case}: {run.requests} requests, {run.errors} errors")
    return run


def saturation(server, url, fields, seconds, core, folder, connections=CONNECTIONS, lua=""):
    """As many requests as the server answers. `lua` may define `request`, for requests that differ."""
    script = os.path.join(folder, "load.lua")
    with open(script, "w", encoding="ascii") as file:
        file.write(lua + PERCENTILES)
    words = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{seconds}", "-s", script, url]
    for line in fields:
        words += ["-H", line]
    before = measure.cpu_seconds(server.pid)
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    used = measure.cpu_seconds(server.pid) - before
    count, errors, duration, p50, p99, p999 = map(int, re.search(r"figures (.*)", text).group(1).split())
    return Run(count, errors, duration / 1e6, used * 1e6 / max(1, count), p50, p99, p999)


def h2load(server, url, fields, seconds, core, folder, *, h1, rate=None, connections=CONNECTIONS, streams=1):
    """HTTP/2, or a fixed rate."""
    log = os.path.join(folder, "h2load.log")
    if os.path.exists(log):
        os.unlink(log)
    words = ["taskset", "-c", str(core), "h2load", "-t1", f"-c{connections}", f"-m{streams}", f"-D{seconds}",
             f"--log-file={log}", *(["--h1"] if h1 else [])]
    if rate:
        words.append(f"--rps={max(1, round(rate / connections))}")
    for line in fields:
        words += ["-H", line]
    before = measure.cpu_seconds(server.pid)
    text = subprocess.run([*words, url], capture_output=True, text=True, check=True).stdout
    used = measure.cpu_seconds(server.pid) - before
    times, bad = [], 0
    with open(log, encoding="ascii") as file:
        for line in file:
            _, status, took = line.split()
            times.append(int(took))
            bad += status not in ("200", "304")
    if not times:
        sys.exit(f"h2load measured nothing: {text}")
    return Run(len(times), bad, float(seconds), used * 1e6 / len(times), measure.percentile(times, 0.5),
               measure.percentile(times, 0.99), measure.percentile(times, 0.999))


def resumptions(server, path, fields, seconds, core):
    """TLS 1.3 connections one after another, each resuming the last one's session, with one request each."""
    os.sched_setaffinity(0, {core})
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.set_alpn_protocols(["http/1.1"])
        request = "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *fields, "Connection: close", "", ""]).encode()
        session, times, errors, resumed = None, [], 0, 0
        before, start = measure.cpu_seconds(server.pid), time.perf_counter()
        while time.perf_counter() - start < seconds:
            began = time.perf_counter()
            with socket.create_connection(("127.0.0.1", server.tls_port), timeout=10) as plain:
                # As browsers do: a request held back until the last flight is acknowledged would measure 40 ms timers.
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with context.wrap_socket(plain, session=session, suppress_ragged_eofs=True) as connection:
                    resumed += connection.session_reused
                    connection.sendall(request)
                    data = b""
                    while piece := connection.recv(65536):
                        data += piece
                    session = connection.session
            errors += not data.startswith(b"HTTP/1.1 200")
            times.append((time.perf_counter() - began) * 1e6)
        took = time.perf_counter() - start
        used = measure.cpu_seconds(server.pid) - before
    finally:
        os.sched_setaffinity(0, range(os.cpu_count()))
    if resumed < len(times) - 1:
        sys.exit(f"{server.name}: only {resumed} of {len(times)} TLS connections resumed a session")
    return Run(len(times), errors, took, used * 1e6 / len(times), *(measure.percentile(times, s) for s in (0.5, 0.99, 0.999)))
