"""Starts the servers that are measured, each pinned to one core, and stops exactly those."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field

PARTNER = "bench"
VARIABLE = "sapUserId"
CLIENT = "0b6f8f6e-2f0c-4a7d-8c55-6a1d3f7f9b21"
PATH = f"/v1/{PARTNER}/snippets/{VARIABLE}/{CLIENT}.js"
UNKNOWN = PATH.replace(CLIENT, "9d0c2a11-77e4-4f0b-9c36-2b1e5d8a4c07")


def need(*programs):
    """Ends with a sentence where a program is missing."""
    missing = [name for name in programs if not shutil.which(name)]
    if missing:
        sys.exit(f"{', '.join(missing)} not found; install what is measured and what measures:\n"
                 "  apt-get install nginx-light h2o wrk nghttp2-client openssl gcc")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process):
    """Returns when something accepts on the port; ends where the process ends first."""
    for _ in range(500):
        if process.poll() is not None:
            sys.exit(f"a server ended at once: {' '.join(process.args)}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit(f"no server on port {port} after 10 s: {' '.join(process.args)}")


@dataclass
class Server:
    """A process under measurement."""
    name: str
    process: subprocess.Popen
    port: int
    tls_port: int = 0
    ops_port: int = 0
    control_port: int = 0
    closing_port: int = 0
    tag: str = ""

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def pinned(core, *words):
    return ["taskset", "-c", str(core), *words] if core is not None else list(words)


def certificate(folder):
    """A self-signed P-256 certificate for `localhost`; paths of certificate and key."""
    paths = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-out", paths[0], "-keyout", paths[1]], check=True, capture_output=True)
    return paths


@dataclass
class Deployment:
    """A data directory with one partner whose standard content is a fixture; `admin` is whom it invites, if anybody."""
    waymark: str
    data: str
    clients: int = 1
    environment: dict = field(default_factory=dict)
    admin: str = ""

    def run(self, *words):
        """Runs a command; what it prints."""
        done = subprocess.run([self.waymark, *words, "--data", self.data], capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"waymark {' '.join(words)}: {done.stderr or done.stdout}")
        return done.stdout

    def make(self, solution):
        invited = ["--admin", self.admin] if self.admin else []
        self.run("partner", "add", "Bench", "--system-variable", VARIABLE, "--key", PARTNER, *invited)
        lines = self.data + ".ndjson"
        with open(lines, "w", encoding="utf-8") as file:
            for number in range(self.clients):
                file.write(json.dumps({
                    "partner": PARTNER, "name": f"Client {number}", "system": "sap-concur",
                    "systemClientId": CLIENT if number == 0 else f"client-{number}", "admins": ["a@b.example"],
                }) + "\n")
        self.run("import", lines)
        self.run("gallery", "publish", solution, "--partner", PARTNER, "--standard")
        return self

    def serve(self, *words, core=None, name="waymark", port=0, prefix=(), ready_seconds=30):
        """Starts `waymark serve` and waits until it is ready."""
        port, control, ops = port or free_port(), free_port(), free_port()
        process = subprocess.Popen(
            pinned(core, *prefix, self.waymark, "serve", "--data", self.data, "--edge", f"127.0.0.1:{port}",
                   "--control", f"127.0.0.1:{control}", "--ops", f"127.0.0.1:{ops}", "--log-level", "error", *words),
            stdout=subprocess.DEVNULL, env={**os.environ, **self.environment})
        server = Server(name, process, port, port, ops, control)
        for _ in range(ready_seconds * 50):
            if process.poll() is not None:
                sys.exit("waymark serve ended at once")
            try:
                with socket.create_connection(("127.0.0.1", ops), timeout=1) as probe:
                    probe.sendall(b"GET /readyz HTTP/1.1\r\nHost: ops\r\nConnection: close\r\n\r\n")
                    if b" 200 " in probe.recv(64):
                        return server
            except OSError:
                pass
            time.sleep(0.02)
        sys.exit(f"waymark serve was not ready after {ready_seconds} s")


def fetch(port, path=PATH, fields=()):
    """One answer over a fresh connection: status, fields as a list of pairs, body."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", *fields, "Connection: close", "", ""]
        connection.sendall("\r\n".join(lines).encode())
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536) or sys.exit(f"no whole answer from port {port}: {data}")
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("ascii").split("\r\n")
        pairs = [tuple(line.split(": ", 1)) for line in lines[1:]]
        length = int({name.lower(): value for name, value in pairs}.get("content-length", 0))
        while len(body) < length:
            body += connection.recv(65536) or sys.exit(f"half an answer from port {port}")
    return int(lines[0].split()[1]), pairs, body


def nginx(folder, core, body, fields, no_op, tls, etag):
    """nginx with the answer as a file and, on a second port, from its configuration.

    The inline body is as long, but of letters: nginx expands `$` in configured text. It takes 4 kB at most there.
    """
    inline = "x" * min(len(body), 4000)
    root = os.path.join(folder, "files")
    os.makedirs(os.path.dirname(root + PATH), exist_ok=True)
    with open(root + PATH, "wb") as file:
        file.write(body)
    ports = [free_port() for _ in range(3)]
    shown = {name: value for name, value in fields if name not in ("Date", "Content-Length", "Content-Type", "Connection")}
    lines = lambda names: "\n".join(f"add_header {name} '{shown[name]}' always;" for name in shown if name in names)
    all_but_tag = lines([name for name in shown if name != "ETag"])
    files = f"""
            root {root};
            default_type 'text/javascript; charset=utf-8';
            types {{}}
            open_file_cache max=100;
            open_file_cache_valid 60s;
            etag on;
            {all_but_tag}
    """
    configuration = f"""
        daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
        events {{ worker_connections 16384; }}
        http {{
            access_log off; server_tokens off; keepalive_requests 1000000000; keepalive_timeout 75s;
            sendfile on; tcp_nopush off;
            client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
            uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
            ssl_certificate {tls[0]}; ssl_certificate_key {tls[1]}; ssl_protocols TLSv1.2 TLSv1.3;
            ssl_session_cache shared:a:10m; ssl_session_tickets on;
            server {{ listen 127.0.0.1:{ports[0]} backlog=1024; {files} }}
            server {{ listen 127.0.0.1:{ports[2]} ssl http2 backlog=1024; {files} }}
            server {{
                listen 127.0.0.1:{ports[1]} backlog=1024;
                default_type 'text/javascript; charset=utf-8';
                {all_but_tag}
                location = {PATH} {{
                    add_header ETag '{etag}';
                    {all_but_tag}
                    if ($http_if_none_match = '{etag}') {{ return 304; }}
                    return 200 '{inline}';
                }}
                location / {{ return 200 '{'x' * len(no_op)}'; }}
            }}
        }}"""
    path = os.path.join(folder, "nginx.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(configuration)
    process = subprocess.Popen(pinned(core, "nginx", "-c", path, "-p", folder), stderr=subprocess.DEVNULL)
    wait_for(ports[0], process)
    return Server("nginx files", process, ports[0], ports[2]), Server("nginx inline", process, ports[1])


def h2o(folder, core, fields, tls):
    """H2O with the answer as a file; `nginx` has made the file."""
    ports = [free_port() for _ in range(2)]
    shown = [(name, value) for name, value in fields
             if name not in ("Date", "Content-Length", "Content-Type", "Connection", "ETag", "Accept-Ranges")]
    headers = "\n".join(f"        header.set: '{name}: {value}'" for name, value in shown)
    paths = f"""
    paths:
      "/":
        file.dir: {folder}/files
{headers}"""
    configuration = f"""
user: {'root' if os.geteuid() == 0 else os.environ.get('USER', '')}
num-threads: 1
pid-file: {folder}/h2o.pid
error-log: {folder}/h2o.log
file.mime.addtypes:
  "text/javascript; charset=utf-8": ".js"
hosts:
  "localhost:{ports[0]}":
    listen: {{ host: 127.0.0.1, port: {ports[0]} }}{paths}
  "localhost:{ports[1]}":
    listen: {{ host: 127.0.0.1, port: {ports[1]}, ssl: {{ certificate-file: {tls[0]}, key-file: {tls[1]} }} }}{paths}
"""
    path = os.path.join(folder, "h2o.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(configuration)
    process = subprocess.Popen(pinned(core, "h2o", "-m", "worker", "-c", path), stderr=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL)
    wait_for(ports[0], process)
    return Server("H2O files", process, ports[0], ports[1])


def bare_epoll(folder, core, body, fields):
    """The C responder beside this folder: it sends the same bytes to whatever comes, and parses nothing."""
    source = os.path.join(os.path.dirname(os.path.dirname(__file__)), "bare-epoll.c")
    program = os.path.join(folder, "bare-epoll")
    subprocess.run(["gcc", "-O2", "-Wall", "-Werror", "-o", program, source], check=True)
    stays = "\r\n".join(["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in fields if name != "Connection")])
    words = []
    for name, head in (("answer", stays), ("last-answer", stays + "\r\nConnection: close")):
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(head.encode() + b"\r\n\r\n" + body)
        words += [str(free_port()), path]
    process = subprocess.Popen(pinned(core, program, *words))
    wait_for(int(words[0]), process)
    return Server("bare epoll", process, int(words[0]), closing_port=int(words[2]))
