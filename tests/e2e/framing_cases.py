"""Raw requests that parsers have read in two ways, or might, and what garde must do with each: refuse it, or relay one reading.

The seeds of the fuzzers are made from this table too (tests/fuzz/make_seeds.py).
"""

from dataclasses import dataclass

HEAD_LIMIT = 16 * 1024
BODY_LIMIT = 64 * 1024

# What a smuggler hides behind, or inside, a request: it must never be a request of its own.
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: localhost\r\nX-Hidden: yes\r\n\r\n"


@dataclass(frozen=True)
class Relayed:
    """The one reading that must reach the backend: and these fields with these values, and none of those."""

    target: str = "/case"
    body: bytes = b""
    method: str = "POST"
    fields: tuple = ()
    absent: tuple = ()


@dataclass(frozen=True)
class Case:
    name: str
    raw: bytes
    expected: object  # a status, or Relayed


def post(fields, behind=b"", start="POST /case HTTP/1.1", host="Host: localhost"):
    """A request of these field lines; all text is Latin-1, so that every byte can stand anywhere."""
    lines = [start, *([host] if host else []), *fields]
    return "".join(line + "\r\n" for line in lines).encode("latin-1") + b"\r\n" + behind


def get(target="/case", fields=(), version="HTTP/1.1", host="Host: localhost", method="GET"):
    return post(fields, b"", f"{method} {target} {version}", host)


def chunked(behind, *fields):
    return post(["Transfer-Encoding: chunked", *fields], behind)


GOOD_CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"
# Read as chunked, the body ends at once and what is hidden follows; read by its length, it is inside.
END_AND_HIDDEN = b"0\r\n\r\n" + HIDDEN
LENGTH_OF_ALL = f"Content-Length: {len(END_AND_HIDDEN)}"


def coding(name, *lines):
    """An obfuscated coding whose body ends at once for who sees `chunked` in it."""
    return Case(f"coding: {name}", post(lines, END_AND_HIDDEN), 400)


def length(name, *lines, status=400):
    return Case(f"length: {name}", post(lines, b"hello" + HIDDEN), status)


def chunk(name, behind, status=400):
    return Case(f"chunk: {name}", chunked(behind), status)


LENGTH_AND_CODING = [
    Case("cl.te", post([LENGTH_OF_ALL, "Transfer-Encoding: chunked"], END_AND_HIDDEN), 400),
    Case("te.cl", post(["Transfer-Encoding: chunked", "Content-Length: 4"], b"%x\r\n" % len(HIDDEN) + HIDDEN + b"\r\n0\r\n\r\n"), 400),
    Case("cl.te with a length of nothing", post(["Content-Length: 0", "Transfer-Encoding: chunked"], END_AND_HIDDEN), 400),
    Case("cl.te that agree", post(["Content-Length: 15", "Transfer-Encoding: chunked"], GOOD_CHUNKS), 400),
    Case("te.cl in other letters", post(["TRANSFER-ENCODING: Chunked", "content-length: 4"], END_AND_HIDDEN), 400),
    Case("cl with an unknown coding", post([LENGTH_OF_ALL, "Transfer-Encoding: x"], END_AND_HIDDEN), 400),
    Case("cl with identity", post([LENGTH_OF_ALL, "Transfer-Encoding: identity"], END_AND_HIDDEN), 400),
    Case("cl.te hidden from each other by Connection",
         post([LENGTH_OF_ALL, "Transfer-Encoding: chunked", "Connection: Content-Length, Transfer-Encoding"], END_AND_HIDDEN), 400),
]

CODINGS = [
    coding("identity", "Transfer-Encoding: identity"),
    coding("chunked, identity", "Transfer-Encoding: chunked, identity"),
    coding("identity, chunked", "Transfer-Encoding: identity, chunked"),
    coding("gzip, chunked", "Transfer-Encoding: gzip, chunked"),
    coding("gzip", "Transfer-Encoding: gzip"),
    coding("chunked twice in a list", "Transfer-Encoding: chunked, chunked"),
    coding("chunked in two fields", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    coding("te.te, the second unknown", "Transfer-Encoding: chunked", "Transfer-Encoding: cow"),
    coding("te.te, the first unknown", "Transfer-Encoding: x", "Transfer-Encoding: chunked"),
    coding("xchunked", "Transfer-Encoding: xchunked"),
    coding("chunkedx", "Transfer-Encoding: chunkedx"),
    coding("with a parameter", "Transfer-Encoding: chunked;q=1"),
    coding("with a comma in front", "Transfer-Encoding: , chunked"),
    coding("with a comma behind", "Transfer-Encoding: chunked,"),
    coding("in quotes", 'Transfer-Encoding: "chunked"'),
    coding("in single quotes", "Transfer-Encoding: 'chunked'"),
    coding("empty", "Transfer-Encoding:"),
    coding("with a vertical tab", "Transfer-Encoding:\x0bchunked"),
    coding("with a form feed behind", "Transfer-Encoding: chunked\x0c"),
    coding("with a no-break space", "Transfer-Encoding:\xa0chunked"),
    coding("with a no-break space behind", "Transfer-Encoding: chunked\xa0"),
    coding("with a NUL behind", "Transfer-Encoding: chunked\x00"),
    coding("with a bare CR behind", "Transfer-Encoding: chunked\r"),
    coding("behind a bare CR", "X: y\rTransfer-Encoding: chunked"),
    coding("behind a bare LF", "X: y\nTransfer-Encoding: chunked"),
    coding("folded", "Transfer-Encoding:", " chunked"),
    coding("folded behind another value", "Transfer-Encoding: x", "\tchunked"),
    coding("a space before the colon", "Transfer-Encoding : chunked"),
    coding("a tab before the colon", "Transfer-Encoding\t: chunked"),
    coding("a space before the name", " Transfer-Encoding: chunked"),
    coding("an underscore", "Transfer_Encoding: chunked"),
    coding("a space in the name", "Transfer Encoding: chunked"),
    coding("a byte over ASCII in the name", "Transfer\xadEncoding: chunked"),
    coding("no colon", "Transfer-Encoding chunked"),
    Case("coding: chunked in HTTP/1.0", post(["Transfer-Encoding: chunked"], END_AND_HIDDEN, "POST /case HTTP/1.0"), 400),
    Case("coding: chunked in HTTP/1.0 with keep-alive",
         post(["Connection: keep-alive", "Transfer-Encoding: chunked"], END_AND_HIDDEN, "POST /case HTTP/1.0"), 400),
]

LENGTHS = [
    length("with a plus", "Content-Length: +5"),
    length("with a minus", "Content-Length: -5"),
    length("in hex", "Content-Length: 0x5"),
    length("with a fraction", "Content-Length: 5.0"),
    length("with an exponent", "Content-Length: 5e0"),
    length("with an underscore inside", "Content-Length: 1_0"),
    length("with a space inside", "Content-Length: 5 5"),
    length("empty", "Content-Length:"),
    length("a list of the same", "Content-Length: 5, 5"),
    length("a list of others", "Content-Length: 5, 60"),
    length("a comma behind", "Content-Length: 5,"),
    length("in two fields that agree", "Content-Length: 5", "Content-Length: 5"),
    length("in two fields that differ", "Content-Length: 5", "Content-Length: 60"),
    length("in two fields, one empty", "Content-Length: 5", "Content-Length:"),
    length("over 64 bits", "Content-Length: 18446744073709551621"),
    length("of many digits", "Content-Length: " + "9" * 200),
    length("in other digits", "Content-Length: \xb2"),
    length("a space before the colon", "Content-Length : 5"),
    length("an underscore in the name", "Content_Length: 5"),
    length("folded", "Content-Length:", " 5"),
    length("behind a bare LF", "X: y\nContent-Length: 5"),
    length("behind a bare CR", "X: y\rContent-Length: 5"),
    length("with a NUL behind", "Content-Length: 5\x00"),
    length("over the limit", f"Content-Length: {BODY_LIMIT + 1}", status=413),
    length("of all 64 bits", "Content-Length: 18446744073709551615", status=413),
]

CHUNKS = [
    chunk("no size", b"\r\nhello\r\n0\r\n\r\n"),
    chunk("no hex", b"g\r\nhello\r\n0\r\n\r\n"),
    chunk("0x", b"0x5\r\nhello\r\n0\r\n\r\n"),
    chunk("a plus", b"+5\r\nhello\r\n0\r\n\r\n"),
    chunk("a minus", b"-5\r\nhello\r\n0\r\n\r\n"),
    chunk("an underscore", b"0_5\r\nhello\r\n0\r\n\r\n"),
    chunk("a space in front", b" 5\r\nhello\r\n0\r\n\r\n"),
    chunk("a space behind", b"5 \r\nhello\r\n0\r\n\r\n"),
    chunk("a tab behind", b"5\t\r\nhello\r\n0\r\n\r\n"),
    chunk("over 64 bits", b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
    chunk("over 64 bits by far", b"f" * 40 + b"\r\nhello\r\n0\r\n\r\n"),
    chunk("hidden in zeros", b"0" * 30 + b"5\r\nhello\r\n0\r\n\r\n"),
    chunk("over the limit", b"%x\r\n" % (BODY_LIMIT + 1), 413),
    chunk("of all 64 bits", b"ffffffffffffffff\r\nhello", 413),
    chunk("together over the limit", b"8000\r\n" + b"a" * 0x8000 + b"\r\n8001\r\n", 413),
    chunk("longer than its size", b"5\r\nhello!\r\n0\r\n\r\n"),
    chunk("no line end behind the data", b"5\r\nhello0\r\n\r\n"),
    chunk("bare LF behind the size", b"5\nhello\r\n0\r\n\r\n"),
    chunk("bare LF behind the data", b"5\r\nhello\n0\r\n\r\n"),
    chunk("bare CR behind the size", b"5\rhello\r\n0\r\n\r\n"),
    chunk("two CR behind the size", b"5\r\r\nhello\r\n0\r\n\r\n"),
    chunk("bare CR in the extension", b"5;a\rb\r\nhello\r\n0\r\n\r\n"),
    chunk("bare LF in the extension", b"5;a\nhello\r\n0\r\n\r\n"),
    chunk("bare LF in quotes in the extension", b'5;a="\n"\r\nhello\r\n0\r\n\r\n'),
    chunk("NUL in the extension", b"5;a\x00\r\nhello\r\n0\r\n\r\n"),
    chunk("control byte in quotes in the extension", b'5;a="\x08"\r\nhello\r\n0\r\n\r\n'),
    chunk("quotes in the extension left open", b'5;a="\r\nhello\r\n0\r\n\r\n'),
    chunk("quotes that close in the next line", b'0;a="\r\n\r\n' + b'";b\r\n' + HIDDEN),
    chunk("an extension without name", b"5;=b\r\nhello\r\n0\r\n\r\n"),
    chunk("a very long extension", b"5;a=" + b"b" * 5000 + b"\r\nhello\r\n0\r\n\r\n"),
    chunk("a long extension in pieces", b"".join(b"1;a=" + b"b" * 300 + b"\r\nh\r\n" for _ in range(5)) + b"0\r\n\r\n"),
    chunk("an unannounced trailer", b"0\r\nX-Trailer: 1\r\n\r\n"),
    chunk("a length as trailer", b"0\r\nContent-Length: 5\r\n\r\nhello"),
    chunk("a coding as trailer", b"0\r\nTransfer-Encoding: chunked\r\n\r\n" + GOOD_CHUNKS),
    chunk("a request line as trailer", b"0\r\n" + HIDDEN),
    Case("chunk: a trailer other than announced", chunked(b"0\r\nX-Other: 1\r\n\r\n", "Trailer: X-Trailer"), 400),
    Case("chunk: an announced length as trailer", chunked(b"0\r\nContent-Length: 5\r\n\r\nhello", "Trailer: Content-Length"), 400),
    Case("chunk: a folded trailer", chunked(b"0\r\nX-Trailer: 1\r\n 2\r\n\r\n", "Trailer: X-Trailer"), 400),
    Case("chunk: a bare LF behind a trailer", chunked(b"0\r\nX-Trailer: 1\nX: 2\r\n\r\n", "Trailer: X-Trailer, X"), 400),
    Case("chunk: a space before a trailer's colon", chunked(b"0\r\nX-Trailer : 1\r\n\r\n", "Trailer: X-Trailer"), 400),
    Case("chunk: too long trailers", chunked(b"0\r\nX-Trailer: " + b"a" * 9000 + b"\r\n\r\n", "Trailer: X-Trailer"), 400),
]

LINES = [
    Case("lines: LF only", b"GET /case HTTP/1.1\nHost: localhost\n\n", 400),
    Case("lines: LF behind the start line", b"GET /case HTTP/1.1\nHost: localhost\r\n\r\n", 400),
    Case("lines: LF as the head's end", b"GET /case HTTP/1.1\r\nHost: localhost\r\n\n", 400),
    Case("lines: CR only", b"GET /case HTTP/1.1\rHost: localhost\r\r", 400),
    Case("lines: CR CR LF", b"GET /case HTTP/1.1\r\nHost: localhost\r\r\n\r\n", 400),
    Case("lines: CR in a value", get(fields=["X: a\rX-Hidden: yes"]), 400),
    Case("lines: LF in a value", get(fields=["X: a\nX-Hidden: yes"]), 400),
    Case("lines: NUL in a value", get(fields=["X: a\x00b"]), 400),
    Case("lines: NUL in a name", get(fields=["X\x00: a"]), 400),
    Case("lines: NUL in the target", get("/case\x00"), 400),
    Case("lines: DEL in a value", get(fields=["X: a\x7fb"]), 400),
    Case("lines: escape in a value", get(fields=["X: \x1b[2J"]), 400),
    Case("lines: a folded value", get(fields=["X: a", " b"]), 400),
    Case("lines: a folded value with a tab", get(fields=["X: a", "\tb"]), 400),
    Case("lines: a line of white space", get(fields=["X: a", " "]), 400),
    Case("lines: white space before the first field", b"GET /case HTTP/1.1\r\n Host: localhost\r\n\r\n", 400),
    Case("lines: a name with a space", get(fields=["X Y: a"]), 400),
    Case("lines: a name without characters", get(fields=[": a"]), 400),
    Case("lines: a name in quotes", get(fields=['"X": a']), 400),
    Case("lines: a field without colon", get(fields=["X"]), 400),
    Case("lines: two empty lines in front", b"\r\n\r\n" + get(), 400),
    Case("lines: a head over the limit", get(fields=["X: " + "a" * HEAD_LIMIT]), 431),
    Case("lines: many fields over the limit", get(fields=[f"X-{n}: a" for n in range(300)]), 431),
    Case("lines: a target over the limit", get("/" + "a" * HEAD_LIMIT), 414),
]

STARTS = [
    Case("start: HTTP/0.9", b"GET /case\r\n\r\n", 400),
    Case("start: HTTP/0.9 by name", get(version="HTTP/0.9"), 505),
    Case("start: HTTP/1.2", get(version="HTTP/1.2"), 505),
    Case("start: HTTP/2.0", get(version="HTTP/2.0"), 505),
    Case("start: the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00", 505),
    Case("start: http in small letters", get(version="http/1.1"), 400),
    Case("start: HTTP/1.1x", get(version="HTTP/1.1x"), 400),
    Case("start: HTTP/01.1", get(version="HTTP/01.1"), 400),
    Case("start: HTTP/1.10", get(version="HTTP/1.10"), 400),
    Case("start: a space behind", get(version="HTTP/1.1 "), 400),
    Case("start: a space in front", b" " + get(), 400),
    Case("start: two spaces", get(" /case"), 400),
    Case("start: tabs", b"GET\t/case\tHTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    Case("start: a space in the target", get("/case /hidden"), 400),
    Case("start: a second request line in the target", get("/case HTTP/1.1 GET /hidden"), 400),
    Case("start: bytes over ASCII in the target", get("/caf\xe9"), 400),
    Case("start: a fragment", get("/case#x"), 400),
    Case("start: a target without slash", get("case"), 400),
    Case("start: an asterisk with GET", get("*"), 400),
    Case("start: a method that is no token", get(method="GE(T"), 400),
    Case("start: no method", b"/case HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    Case("start: CONNECT", get("localhost:443", method="CONNECT"), 501),
    Case("start: TRACE", get(method="TRACE"), 501),
    Case("start: TRACE with a body", post(["Content-Length: 5"], b"hello", "TRACE /case HTTP/1.1"), 501),
]

HOSTS = [
    Case("host: none", get(host=None), 400),
    Case("host: none but an X-Forwarded-Host", get(host=None, fields=["X-Forwarded-Host: localhost"]), 400),
    Case("host: two that agree", get(fields=["Host: localhost"]), 400),
    Case("host: two that differ", get(fields=["host: other"]), 400),
    Case("host: a list", get(host="Host: localhost, other"), 400),
    Case("host: empty", get(host="Host:"), 400),
    Case("host: with a user", get(host="Host: other@localhost"), 400),
    Case("host: with a path", get(host="Host: localhost/case"), 400),
    Case("host: with a space", get(host="Host: localhost other"), 400),
    Case("host: a port that is none", get(host="Host: localhost:8o"), 400),
    Case("host: a port that is too large", get(host="Host: localhost:65537"), 400),
    Case("host: a space before the colon", get(host="Host : localhost"), 400),
    Case("host: folded", get(host="Host:\r\n localhost"), 400),
    Case("host: another than the target's", get("http://other/case"), 400),
    Case("host: another port than the target's", get("http://localhost:8080/case"), 400),
    Case("host: a target with a user", get("http://localhost@other/case"), 400),
    Case("host: a target without host", get("http:///case"), 400),
    Case("host: a target of another scheme", get("ftp://localhost/case"), 400),
]

# One reading, whatever stands in it; garde writes the framing anew and drops what concerns one hop.
ACCEPTED = [
    Case("good: GET", get(), Relayed(method="GET")),
    Case("good: a length", post(["Content-Length: 5"], b"hello"), Relayed(body=b"hello")),
    Case("good: a length of nothing", post(["Content-Length: 0"]), Relayed(fields=(("Content-Length", "0"),))),
    Case("good: a length with zeros in front", post(["Content-Length: 0005"], b"hello"), Relayed(body=b"hello")),
    Case("good: a length in white space", post(["Content-Length: \t 5 \t"], b"hello"), Relayed(body=b"hello")),
    Case("good: chunks", chunked(b"2\r\nhe\r\n03\r\nllo\r\n0\r\n\r\n"), Relayed(body=b"hello")),
    Case("good: no chunk", chunked(b"0\r\n\r\n"), Relayed(fields=(("Content-Length", "0"),))),
    Case("good: chunks in other letters", post(["tRANSFER-eNCODING:CHUNKED"], b"5\r\nhello\r\n0\r\n\r\n"), Relayed(body=b"hello")),
    Case("good: chunk sizes in both letters", chunked(b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"), Relayed(body=b"0123456789" * 2)),
    Case("good: short extensions", chunked(b'5;a=b;c="d;\\"e"\r\nhello\r\n0;f\r\n\r\n'), Relayed(body=b"hello")),
    Case("good: an announced trailer", chunked(b"5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n", "Trailer: x-trailer"),
         Relayed(body=b"hello", absent=("X-Trailer", "Trailer"))),
    Case("good: an announced trailer that does not come", chunked(GOOD_CHUNKS, "Trailer: X-Trailer"), Relayed(body=b"hello")),
    Case("good: cl.0, a GET with a request as its body", post([f"Content-Length: {len(HIDDEN)}"], HIDDEN, "GET /case HTTP/1.1"),
         Relayed(method="GET", body=HIDDEN, fields=(("Content-Length", str(len(HIDDEN))),))),
    Case("good: a request as its body", post([f"Content-Length: {len(HIDDEN)}"], HIDDEN), Relayed(body=HIDDEN)),
    Case("good: a request in chunks", chunked(b"%x\r\n" % len(HIDDEN) + HIDDEN + b"\r\n0\r\n\r\n"), Relayed(body=HIDDEN)),
    Case("good: the end of chunks as its body", post(["Content-Length: 5"], b"0\r\n\r\n"), Relayed(body=b"0\r\n\r\n")),
    Case("good: chunks inside a chunk", chunked(b"f\r\n" + GOOD_CHUNKS + b"\r\n0\r\n\r\n"), Relayed(body=GOOD_CHUNKS)),
    Case("good: a body of all bytes", post(["Content-Length: 256"], bytes(range(256))), Relayed(body=bytes(range(256)))),
    Case("good: Connection names Host", get(fields=["Connection: Host"]), Relayed(method="GET")),
    Case("good: Connection names Content-Length", post(["Connection: Content-Length", "Content-Length: 5"], b"hello"), Relayed(body=b"hello")),
    Case("good: Connection names Transfer-Encoding", chunked(GOOD_CHUNKS, "Connection: Transfer-Encoding"), Relayed(body=b"hello")),
    Case("good: Connection names Via and X-Forwarded-For", get(fields=["Connection: Via, X-Forwarded-For", "Via: 1.1 forged", "X-Forwarded-For: 192.0.2.1"]),
         Relayed(method="GET", fields=(("Via", "1.1 garde-test"), ("X-Forwarded-For", "127.0.0.1")))),
    Case("good: Connection names a field", get(fields=["Connection: close, X-Hop", "X-Hop: 1", "X-Kept: 2"]),
         Relayed(method="GET", fields=(("X-Kept", "2"),), absent=("X-Hop",))),
    Case("good: fields of one hop", get(fields=["Keep-Alive: timeout=5", "TE: trailers", "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic eA=="]),
         Relayed(method="GET", absent=("Proxy-Authorization",))),
    Case("good: an upgrade to another protocol", get(fields=["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"]),
         Relayed(method="GET", absent=("HTTP2-Settings",))),
    Case("good: an upgrade to websocket", get(fields=["Connection: Upgrade", "Upgrade: websocket"]), Relayed(method="GET")),
    Case("good: what only garde may say", get(fields=["Garde-Mode: forged"]), Relayed(method="GET", absent=("Garde-Mode",))),
    Case("good: HTTP/1.0", get(version="HTTP/1.0", host=None), Relayed(method="GET")),
    Case("good: HTTP/1.0 with a length", post(["Content-Length: 5"], b"hello", "POST /case HTTP/1.0"), Relayed(body=b"hello")),
    Case("good: a target with its host", get("http://LOCALHOST/case?q"), Relayed("/case?q", method="GET")),
    Case("good: a target with its host and no path", get("http://localhost"), Relayed("/", method="GET")),
    Case("good: one empty line in front", b"\r\n" + get(), Relayed(method="GET")),
    Case("good: an unknown method", get(method="GETX"), Relayed(method="GETX")),
    Case("good: bytes over ASCII in a value", get(fields=["X: caf\xe9"]), Relayed(method="GET", fields=(("X", "caf\xe9"),))),
    Case("good: a percent-encoded line end in the target", get("/case%0d%0aX:%20y"), Relayed("/case%0d%0aX:%20y", method="GET")),
]

CASES = [*LENGTH_AND_CODING, *CODINGS, *LENGTHS, *CHUNKS, *LINES, *STARTS, *HOSTS, *ACCEPTED]
