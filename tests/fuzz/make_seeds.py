#!/usr/bin/python3
"""Writes the fuzzers' seeds: tests/fuzz/corpus/{requests,responses,chunks,consults}/*, from the e2e tests' table, the fixtures and by hand.

Usage: tests/fuzz/make_seeds.py. Files that are there and not of these names (what fuzzing found) stay.
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from framing_cases import CASES  # noqa: E402

LONGEST = 700  # larger ones only slow the fuzzers down: their limits are smaller than garde's defaults
HOST = b"Host: a.test\r\n"

REQUESTS = {
    "pipelined": b"GET /1 HTTP/1.1\r\n" + HOST + b"\r\nPOST /2 HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\n\r\nhi"
    b"\r\nPOST /3 HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nHEAD /4 HTTP/1.0\r\n\r\n",
    "expect": b"POST / HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
    "options": b"OPTIONS http://a.test HTTP/1.1\r\n" + HOST + b"\r\nOPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "absolute": b"GET https://a.test:443?q HTTP/1.1\r\n" + HOST + b"\r\n",
    "forwarded": b"GET / HTTP/1.1\r\n" + HOST + b"Via: 1.0 p\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For:\r\n"
    b"Forwarded: for=192.0.2.1\r\nConnection: via, x\r\nX: y\r\n\r\n",
    "trace": b"GET / HTTP/1.1\r\n" + HOST + b"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
    b"tracestate: a=b\r\nGarde-Mode: x\r\n\r\n",
    "ipv6": b"GET / HTTP/1.1\r\nHost: [2001:db8::1]:8443\r\n\r\n",
    "trailers": b"POST / HTTP/1.1\r\n" + HOST + b"Trailer: a, B\r\nTransfer-Encoding: chunked\r\n\r\n0;x\r\nA: 1\r\nb: 2\r\n\r\n",
}

RESPONSES = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "length-twice": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "length-list": b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
    "length-and-chunked": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n",
    "chunked-trailers": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
    "chunked-cut": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    "chunked-in-10": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "gzip": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "until-close": b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
    "until-close-10": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nuntil the end",
    "empty-until-close": b"HTTP/1.1 200 OK\r\n\r\n",
    "interim": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "interim-only": b"HTTP/1.1 100 Continue\r\n\r\n",
    "interim-many": b"HTTP/1.1 102 Processing\r\n\r\n" * 17,
    "interim-with-length": b"HTTP/1.1 103 Early Hints\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\n\r\n",
    "switching": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "204": b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "204-with-length": b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
    "304": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: \"x\"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    "no-space": b"HTTP/1.1 204\r\nX-A: 1\r\n\r\n",
    "no-reason": b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
    "long-reason": b"HTTP/1.1 500 An \xe9rror\twith tabs\r\nContent-Length: 0\r\n\r\n",
    "status-999": b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
    "status-099": b"HTTP/1.1 099 Odd\r\n\r\n",
    "folded": b"HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n",
    "bare-lf": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "nul": b"HTTP/1.1 200 OK\r\nX: a\x00\r\n\r\n",
    "hop-by-hop": b"HTTP/1.1 200 OK\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=1\r\nVia: 1.1 far\r\nContent-Length: 0\r\n\r\n",
    "cookies": b"HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nGarde-Mode: forged\r\nAge: 5\r\nContent-Length: 1\r\n\r\nx",
    "two": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno",
    "no-http": b"SSH-2.0-x\r\n\r\n",
    "http-2": b"HTTP/2.0 200 OK\r\n\r\n",
}

CHUNKS = {
    "one": b"5\r\nhello\r\n0\r\n\r\n",
    "none": b"0\r\n\r\n",
    "many": b"".join(b"%x\r\n%s\r\n" % (n, b"x" * n) for n in range(1, 17)) + b"0\r\n\r\n",
    "zeros": b"0000000000000005\r\nhello\r\n0000\r\n\r\n",
    "extensions": b'5 ; a = "b\\"c" ;d=e;f\r\nhello\r\n0;g="\t"\r\n\r\n',
    "trailers": b"0\r\nX-T: 1\r\nx-t:\r\n\r\n",
    "unannounced": b"0\r\nX-U: 1\r\n\r\n",
    "behind": b"1\r\nx\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    "cut-in-size": b"5\r\nhello\r\n1",
    "cut-in-end": b"5\r\nhello\r\n0\r\n\r",
    "cr-in-data": b"3\r\n\r\n\r\r\n0\r\n\r\n",
    "limit": b"200\r\n" + b"x" * 512 + b"\r\n0\r\n\r\n",
    "over-the-limit": b"201\r\n" + b"x" * 513 + b"\r\n0\r\n\r\n",
}


def consults():
    """Questions and answers without their long parts, and what must not be kept, one change each."""
    fixtures = HERE.parent / "fixtures"

    def body(name):
        text = (fixtures / name).read_text()
        text = re.sub(r"<(soapenv|soap):Header>.*?</\1:Header>", "", text, flags=re.S)
        text = re.sub(r"<p:ExtendedInformation>.*?</p:ExtendedInformation>", "", text, flags=re.S)
        return re.sub(r">\s+<", "><", text)

    question, answer = body("consult-request.xml"), body("consult-reply.xml")
    generic, flat = body("generic-request.xml"), body("generic-reply.xml")
    bodies = {"question": question, "answer": answer, "generic-question": generic, "generic-answer": flat}
    change = {
        "reference": (question, "<c:Ssin>", '<c:Ssin Ref="#x">'),
        "value-reference": (question, "<c:Date>", '<c:Date ValueRef="#x">'),
        "unknown-element": (question, "<c:RequestType>", "<c:Other/><c:RequestType>"),
        "unknown-attribute": (question, "<c:Date>", '<c:Date other="1">'),
        "extended": (question, "</p:InsurabilityRequest>", "</p:InsurabilityRequest><p:ExtendedInformation>x</p:ExtendedInformation>"),
        "doctype": (question, "<soapenv:Envelope", '<!DOCTYPE x [<!ENTITY a "b">]><soapenv:Envelope'),
        "bomb": (question, "<soapenv:Envelope", '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]><soapenv:Envelope'),
        "entity": (question, ">00000000101</c:Ssin>", ">&a;</c:Ssin>"),
        "character-reference": (question, ">00000000101</c:Ssin>", ">0&#48;0&#x30;0000101</c:Ssin>"),
        "section": (question, ">00000000101</c:Ssin>", "><![CDATA[00000000101]]></c:Ssin>"),
        "comment-in-value": (question, ">00000000101</c:Ssin>", ">000000<!-- -->00101</c:Ssin>"),
        "two-patients": (question, "</c:Ssin>", "</c:Ssin><c:Ssin>00000000102</c:Ssin>"),
        "registration": (question, "<c:Ssin>00000000101</c:Ssin>", "<c:RegNrWithMut>1</c:RegNrWithMut><c:Mutuality>100</c:Mutuality>"),
        "half-registration": (question, "<c:Ssin>00000000101</c:Ssin>", "<c:RegNrWithMut>1</c:RegNrWithMut>"),
        "test": (question, ">false<", ">true<"),
        "no-date": (question, "<c:Date>2018-08-09</c:Date>", "<c:Date>2018-02-30</c:Date>"),
        "cut": (question, "</soapenv:Body>", ""),
        "deep": (question, "<c:Ssin>", "<a>" * 70 + "<c:Ssin>"),
        "default-namespace": (question.replace("p:", ""), "xmlns:p=", "xmlns="),
        "flagged": (generic, 'TestFlag="false"', 'TestFlag="true"'),
        "two-days": (generic, "2018-08-10", "2018-08-08"),
        "deceased": (answer, "<c:Sex>", "<c:Deceased>2018-08-10</c:Deceased><c:Sex>"),
        "no-coverage": (answer, "c:Coverage>", "c:Other>"),
        "several-insurers": (answer, "<p:ReturnInfo>", "<p:ReturnInfo><c:MultipleIO/>"),
        "status": (answer, ">200<", ">201<"),
        "related": (answer, "<soapenv:Header/>", '<soapenv:Header><a:RelatesTo xmlns:a="urn:a">x</a:RelatesTo></soapenv:Header>'),
    }
    for name, (text, old, new) in change.items():
        if old not in text:
            sys.exit(f"{name}: nothing to change")
        bodies[name] = text.replace(old, new)
    return {name: text.encode() for name, text in bodies.items()}


def slug(name):
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def write(corpus, seeds):
    folder = HERE / "corpus" / corpus
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in seeds.items():
        (folder / name).write_bytes(data)
    print(f"{corpus}: {len(seeds)} seeds, {sum(map(len, seeds.values()))} bytes")


def main():
    cases = [case for case in CASES if len(case.raw) <= LONGEST]
    chunks = {slug(case.name): case.raw.partition(b"\r\n\r\n")[2] for case in cases if case.name.startswith("chunk:")}
    # Every second one: the others differ from their neighbours by a byte or two, which mutation finds.
    heads = {slug(case.name): case.raw for case in [case for case in cases if not case.name.startswith("chunk:")][::2]}
    write("requests", {**heads, **REQUESTS})
    write("responses", RESPONSES)
    write("chunks", {**chunks, **CHUNKS})
    write("consults", consults())


if __name__ == "__main__":
    main()
