"""A plain backend that keeps every byte it receives and answers as its test says, and garde in front of it alone."""

import socket
import threading
from dataclasses import dataclass, field

from .garde import Garde
from .strict import NotStrict, Request, read_head


@dataclass
class Peer:
    """One connection that garde made, while a request on it is answered. Only the thread of the connection uses it."""

    sock: socket.socket
    request: Request = None
    body_left: int = 0  # of the request's body, not read yet
    received: bytes = b""  # and not taken yet
    closed: bool = False

    def receive(self):
        data = self.sock.recv(65536)
        self.received += data
        return bool(data)

    def read_body(self):
        """The whole body; what came before garde closed the connection if it did."""
        while len(self.received) < self.body_left and self.receive():
            pass
        body, self.received = self.received[: self.body_left], self.received[self.body_left :]
        self.body_left -= len(body)
        self.request.body += body
        return body

    def send(self, data):
        self.sock.sendall(data)

    def answer(self, body=b"", status="200 OK", fields=()):
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in fields), f"Content-Length: {len(body)}", "", ""]
        self.send("\r\n".join(lines).encode("latin-1") + body)

    def close(self):
        """At once and in order: all that was received is read first, so that garde gets no reset."""
        self.closed = True
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # garde was first


def name_the_request(peer):
    """The usual answer: what was asked, so that an answer to another question shows."""
    body = peer.read_body()
    peer.answer(f"{peer.request.method} {peer.request.target} {len(body)}".encode())


@dataclass
class Recorder:
    """`script` is called with a Peer for each head that came; it reads the body and answers."""

    name: str = "recorder"
    script: object = name_the_request
    requests: list = field(default_factory=list)  # as their heads came, over all connections
    problems: list = field(default_factory=list)  # bytes that have no strict reading, exceptions of scripts
    connections: int = 0  # that carried at least one byte

    def start(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._open = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def stop(self):
        # A listener that is only closed leaves a waiting accept where it is.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for sock in self._open:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # the other side was first

    def take(self):
        """The requests since the last call; none of the bytes so far may be without a strict reading."""
        taken, self.requests[:] = list(self.requests), []
        problems, self.problems[:] = list(self.problems), []
        assert not problems, problems
        return taken

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        peer = Peer(sock)
        try:
            with sock:
                self._serve_requests(peer)
        except ConnectionError:
            pass  # garde gave up, or its caller did
        except NotStrict as problem:
            self.problems.append(problem)
        except Exception as problem:  # a script's own
            self.problems.append(problem)
        finally:
            with self._lock:
                self._open.discard(sock)

    def _serve_requests(self, peer):
        first = True
        while not peer.closed:
            head = read_head(peer.received)
            if head is None:
                if not peer.receive():
                    if peer.received:
                        self.problems.append(f"ended inside a head: {peer.received!r}")
                    return
                self.connections += first
                first = False
                continue
            peer.request, size, peer.body_left = head
            peer.received = peer.received[size:]
            self.requests.append(peer.request)
            self.script(peer)
            if not peer.closed:
                peer.read_body()  # what a script answered without reading
        while peer.receive():
            pass


class RecordedGarde(Garde):
    """garde with one worker, so that all callers share its connections to the one backend, a Recorder."""

    def __init__(self, pki, folder, recorder, routes=None, **changes):
        """Everything is relayed by its status alone, unless there are `routes`."""
        super().__init__(pki, folder, [recorder], cache=False, procedure=False, **changes)
        self._routes = routes or [{"path": "/*", "kind": "http"}]

    def settings(self):
        tables = super().settings()
        tables["node"]["workers"] = 1
        service = tables["service"][0]
        del service["backend"][0]["ca"]
        service["backend"][0]["tls"] = False
        service["route"] = self._routes
        # Tests make the backend misbehave; it is the only one, and stays.
        service["probe"] = {"type": "tcp", "interval": "1s", "timeout": "900ms", "fall": 100}
        service["switchover"]["traffic_fall"] = 1000
        return tables
