"""The strictest reader of HTTP/1.1 requests that there can be: one reading or none. It shares nothing with garde.

What a real server might forgive is an error here: a bare CR or LF, a control byte, a field name that is no token, several
lengths, any Transfer-Encoding, a length with a sign or a leading zero, no Host or two.
"""

import re
from dataclasses import dataclass

START_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) HTTP/1\.1")
FIELD_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")
LENGTH = re.compile(rb"0|[1-9][0-9]{0,9}")


class NotStrict(Exception):
    """The bytes can be read in two ways, or in none."""


@dataclass
class Request:
    method: str
    target: str
    fields: list  # (name, value), as received
    body: bytes = b""

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    @property
    def names(self):
        return [name.lower() for name, _ in self.fields]


def read_head(data):
    """(Request without its body, bytes of the head, length of the body), or None while the head is incomplete."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        if b"\n" in data.replace(b"\r\n", b""):
            raise NotStrict(f"bare LF: {data!r}")
        return None
    start, *lines = data[:end].split(b"\r\n")
    matched = START_LINE.fullmatch(start)
    if not matched:
        raise NotStrict(f"start line: {start!r}")
    fields = []
    for line in lines:
        field = FIELD_LINE.fullmatch(line)
        if not field:
            raise NotStrict(f"field line: {line!r}")
        fields.append((field[1].decode(), (field[2] or b"").decode("latin-1")))
    request = Request(matched[1].decode(), matched[2].decode(), fields)
    return request, end + 4, _body_length(request)


def _body_length(request):
    for name in ("Transfer-Encoding", "Content_Length", "Transfer_Encoding"):
        if request.all(name):
            raise NotStrict(f"{name} is there: {request.fields}")
    if len(request.all("Host")) != 1:
        raise NotStrict(f"{len(request.all('Host'))} Host fields: {request.fields}")
    lengths = request.all("Content-Length")
    if len(lengths) > 1 or not all(LENGTH.fullmatch(length.encode("latin-1")) for length in lengths):
        raise NotStrict(f"lengths {lengths}")
    return int(lengths[0]) if lengths else 0


def take_request(data):
    """(the first request, the bytes behind it), or None while it is incomplete."""
    head = read_head(data)
    if head is None:
        return None
    request, begin, length = head
    if len(data) < begin + length:
        return None
    request.body = data[begin : begin + length]
    return request, data[begin + length :]
