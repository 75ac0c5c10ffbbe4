"""Receivers of checkpoints: syslog over TLS and a webhook; and an independent check of what they get."""

import base64
import hashlib
import hmac
import http.server
import json
import re
import socket
import ssl
import threading
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


@dataclass(frozen=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes


def verify_checkpoint(note, verifier_key):
    """Reads a signed note (c2sp.org/signed-note) as a checkpoint; raises when the key has not signed it."""
    name, key_hash, key = verifier_key.split("+", 2)
    key = base64.b64decode(key, validate=True)
    assert key[0] == 1 and len(key) == 33
    assert hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() == key_hash
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    lines = signatures.splitlines()
    assert len(lines) == 1 and lines[0].startswith(f"\u2014 {name} "), signatures
    signature = base64.b64decode(lines[0].split(" ")[2], validate=True)
    assert signature[:4].hex() == key_hash
    Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature[4:], text.encode())
    origin, size, root = text.splitlines()
    return Checkpoint(origin, int(size), base64.b64decode(root, validate=True))


def server_context(pair, client_ca=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@dataclass(frozen=True)
class SyslogMessage:
    priority: int
    host: str
    kind: str  # MSGID
    text: str

    @property
    def document(self):
        return json.loads(self.text)


HEADER = re.compile(r"<(\d{1,3})>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (\S+) garde (\d+) (\S+) - (.*)", re.S)


class SyslogReceiver:
    """RFC 5425 on one port, which stays the same over stop and start."""

    def __init__(self, pair, client_ca=None):
        self._context = server_context(pair, client_ca)
        self.port = 0
        self.messages, self.problems = [], []

    def start(self):
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
        return self

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def of(self, kind):
        assert not self.problems, self.problems
        return [message for message in list(self.messages) if message.kind == kind]

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        try:
            with self._context.wrap_socket(sock, server_side=True) as tls:
                received = b""
                while data := tls.recv(65536):
                    received += data
        except ssl.SSLError:
            return  # a client that showed no certificate
        except OSError as problem:
            self.problems.append(problem)
            return
        try:
            while received:
                size, _, rest = received.partition(b" ")
                message, received = rest[: int(size)], rest[int(size) :]
                assert len(message) == int(size), "a frame was cut off"
                priority, host, _, kind, text = HEADER.fullmatch(message.decode("ascii")).groups()
                self.messages.append(SyslogMessage(int(priority), host, kind, text))
        except Exception as problem:  # told by of()
            self.problems.append(problem)


class WebhookReceiver:
    """HTTPS; checks each message as Standard Webhooks says before it keeps it."""

    def __init__(self, pair, secret):
        self._context = server_context(pair)
        self._secret = secret
        self.port = 0
        self.status = 204
        self.messages, self.ids, self.problems = [], [], []

    def start(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver._take(self.headers, body)
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.socket = self._context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def taken(self):
        assert not self.problems, self.problems
        return list(self.messages)

    def _take(self, headers, body):
        try:
            signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
            mac = base64.b64encode(hmac.new(self._secret, signed, hashlib.sha256).digest()).decode()
            assert headers["webhook-signature"] == f"v1,{mac}"
            assert headers["Content-Type"] == "application/json"
            if self.status < 300:
                self.messages.append(json.loads(body))
            self.ids.append(headers["webhook-id"])
        except Exception as problem:  # told by taken()
            self.problems.append(problem)
