"""A small blocking HTTP/1.1 client that hides nothing: exact bytes out, exact head and body bytes in."""

import socket
import ssl
from dataclasses import dataclass, field

from .consult import SOAP_ACTION

CONSULT_PATH = "/insurability/v2"


class ConnectionEnded(Exception):
    """The connection ended before the reply was complete."""


@dataclass
class Reply:
    status: int
    reason: str
    fields: list = field(repr=False)
    head: bytes = field(repr=False)  # from the status line to the empty line
    body: bytes = field(repr=False)  # without chunked framing

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name):
        """The field's value; several are joined as a list; None without any."""
        values = self.all(name)
        return ", ".join(values) if values else None

    @property
    def mode(self):
        return self.get("Garde-Mode")


def tls_context(ca, certificate=None):
    """Trusts the CA; shows the certificate (an object with .certificate and .key) where one is given."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca)
    if certificate is not None:
        context.load_cert_chain(certificate.certificate, certificate.key)
    return context


def build_request(method, path, fields=(), body=None, host="localhost"):
    """The request's bytes; Content-Length is added where there is a body."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in fields)]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


class Connection:
    """One connection; `tls` is an ssl.SSLContext, or None for plain text."""

    def __init__(self, port, tls=None, timeout=15.0, server_name="localhost"):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            try:
                self._socket = tls.wrap_socket(self._socket, server_hostname=server_name)
            except OSError:
                self._socket.close()
                raise
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def send(self, data):
        self._socket.sendall(data)

    def request(self, method, path, fields=(), body=None):
        self.send(build_request(method, path, fields, body))
        return self.read_reply(method)

    def ask(self, consult, path=CONSULT_PATH, fields=()):
        """Sends a consult and reads its answer."""
        self.send_consult(consult, path, fields)
        return self.read_reply("POST")

    def send_consult(self, consult, path=CONSULT_PATH, fields=()):
        soap = (("Content-Type", "text/xml; charset=utf-8"), ("SOAPAction", f'"{SOAP_ACTION}"'))
        self.send(build_request("POST", path, (*soap, *fields), consult.body))

    def read_reply(self, method="GET"):
        head = self._read_until(b"\r\n\r\n")
        lines = head[:-4].decode("latin-1").split("\r\n")
        version, status, reason = (lines[0].split(" ", 2) + [""])[:3]
        if version != "HTTP/1.1":
            raise ConnectionEnded(f"no HTTP/1.1 reply: {head[:100]!r}")
        fields = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
        reply = Reply(int(status), reason, fields, head, b"")
        if reply.status < 200:
            return self.read_reply(method)
        reply.body = self._read_body(reply, method)
        return reply

    def read_interim(self):
        """The head of an interim response and nothing behind it."""
        return self._read_until(b"\r\n\r\n")

    def nothing_within(self, seconds):
        """True when nothing arrives for so long: for what must not come before this side goes on."""
        before = self._socket.gettimeout()
        self._socket.settimeout(seconds)
        try:
            return not self._buffer and not self._receive()
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(before)

    def ended(self):
        """True when the other side closes (or resets, or sends a fatal alert) without saying anything more."""
        try:
            return not self._buffer and self._socket.recv(1) == b""
        except (ConnectionError, ssl.SSLError):
            return True

    def _read_body(self, reply, method):
        if method == "HEAD" or reply.status in (204, 304):
            return b""
        if (reply.get("Transfer-Encoding") or "").lower() == "chunked":
            return self._read_chunks()
        length = reply.get("Content-Length")
        if length is not None:
            return self._take(int(length))
        while self._receive():
            pass
        return self._take(len(self._buffer))

    def _read_chunks(self):
        parts = []
        while size := int(self._read_until(b"\r\n").split(b";")[0], 16):
            data = self._take(size + 2)
            if data[-2:] != b"\r\n":
                raise ConnectionEnded("a chunk has no end")
            parts.append(data[:-2])
        while self._read_until(b"\r\n") != b"\r\n":
            pass  # trailer fields
        return b"".join(parts)

    def _read_until(self, mark):
        while mark not in self._buffer:
            if not self._receive():
                raise ConnectionEnded(f"ended after {self._buffer[:100]!r}")
        return self._take(self._buffer.index(mark) + len(mark))

    def _take(self, size):
        if len(self._buffer) < size:
            parts, have = [self._buffer], len(self._buffer)
            while have < size:
                data = self._socket.recv(65536)
                if not data:
                    raise ConnectionEnded(f"{have} of {size} bytes came")
                parts.append(data)
                have += len(data)
            self._buffer = b"".join(parts)
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def _receive(self):
        data = self._socket.recv(65536)
        self._buffer += data
        return bool(data)


class Client:
    """Keeps a connection open and makes a new one when the last reply closed it, or when asked to."""

    def __init__(self, port, tls=None, timeout=15.0):
        self._make = lambda: Connection(port, tls, timeout)
        self._connection = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.renew()

    def renew(self):
        """The next request gets a new connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def request(self, method, path, fields=(), body=None):
        return self._use(lambda connection: connection.request(method, path, fields, body))

    def ask(self, consult, path=CONSULT_PATH, fields=()):
        return self._use(lambda connection: connection.ask(consult, path, fields))

    def _use(self, action):
        if self._connection is None:
            self._connection = self._make()
        try:
            reply = action(self._connection)
        except BaseException:
            self.renew()
            raise
        if (reply.get("Connection") or "").lower() == "close":
            self.renew()
        return reply
