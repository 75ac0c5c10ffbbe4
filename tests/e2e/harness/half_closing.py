"""A client that can say "no more from me" and still listen, which Python's own TLS sockets cannot: they close both ways."""

import socket
import ssl

from .client import Connection


class HalfClosingConnection(Connection):
    def __init__(self, port, tls, timeout=5.0, server_name="localhost"):
        super().__init__(port, None, timeout)
        self._socket = _TlsInMemory(self._socket, tls, server_name)

    def half_close(self, notify):
        """Ends this side's half of the TCP connection; `notify`: and tells so within TLS before."""
        self._socket.half_close(notify)


class _TlsInMemory:
    """As much of a socket as Connection uses."""

    def __init__(self, plain, tls, server_name):
        self._plain = plain
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = tls.wrap_bio(self._in, self._out, server_hostname=server_name)
        self._run(self._tls.do_handshake)

    def sendall(self, data):
        self._run(lambda: self._tls.write(data))

    def recv(self, size):
        try:
            return self._run(lambda: self._tls.read(size))
        except ssl.SSLZeroReturnError:
            return b""

    def half_close(self, notify):
        if notify:
            try:
                self._tls.unwrap()
            except ssl.SSLWantReadError:
                pass  # for the other side's notice, which comes when it has answered
            self._flush()
        self._plain.shutdown(socket.SHUT_WR)

    def close(self):
        self._plain.close()

    def _run(self, step):
        while True:
            try:
                result = step()
                self._flush()
                return result
            except ssl.SSLWantReadError:
                self._flush()
                data = self._plain.recv(65536)
                if data:
                    self._in.write(data)
                else:
                    self._in.write_eof()

    def _flush(self):
        if self._out.pending:
            self._plain.sendall(self._out.read())
