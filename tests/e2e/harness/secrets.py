"""Finds what must not be there: a text in bytes, in any of the forms in which software leaves texts behind, packed ones too."""

import base64
import functools
import html
import pathlib
import re
import subprocess
import tempfile
import urllib.parse
import zlib

from . import paths

ZSTD_FRAME = b"\x28\xb5\x2f\xfd"
# Of zlib, at its levels, and of gzip.
DEFLATE_HEADS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"\x1f\x8b\x08")
LEAST_UNPACKED = 16  # what happens to look packed gives less

# Shorter remains of a shifted base64 text would be found by chance.
LEAST_BASE64 = 7


def forms(secret):
    """Every form of the secret, by name."""
    raw = secret.encode()
    found = {
        "plain": raw,
        "lower hex": raw.hex().encode(),
        "upper hex": raw.hex().upper().encode(),
        "UTF-16": secret.encode("utf-16-le"),
        "URL": urllib.parse.quote(secret, safe="").encode(),
        "form": urllib.parse.quote_plus(secret).encode(),
        "all percent": "".join(f"%{byte:02X}" for byte in raw).encode(),
        "XML": html.escape(secret, quote=False).encode(),
        "reversed": raw[::-1],
    }
    for shift in range(3):
        # Only characters that depend on the secret alone: not those it shares with what stands before or behind.
        whole = base64.b64encode(b"\0" * shift + raw + b"\0" * ((-shift - len(raw)) % 3))
        text = whole[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]
        if len(text) >= LEAST_BASE64:
            found[f"base64, shifted by {shift}"] = text
            found[f"base64url, shifted by {shift}"] = text.replace(b"+", b"-").replace(b"/", b"_")
    return found


@functools.cache
def dictionary():
    """A file with what garde packs kept answers with."""
    source = (paths.PROJECT / "src" / "cache" / "reply_dictionary.cpp").read_text()
    numbers = source.partition("reply_dictionary_bytes{")[2].partition("}")[0]
    file = pathlib.Path(tempfile.mkdtemp(prefix="garde-dictionary-")) / "dictionary"
    file.write_bytes(bytes(int(number) for number in re.findall(r"\d+", numbers)))
    return file


def unpack_zstd(packed):
    """As far as it can be; empty when it is no frame."""
    tries = ([], ["-D", dictionary()])
    return b"".join(subprocess.run(["zstd", "-d", "-c", "-q", *options], input=packed, capture_output=True).stdout for options in tries)


def unpack_deflate(packed):
    try:
        return zlib.decompressobj(wbits=47).decompress(packed, 1 << 24)
    except zlib.error:
        return b""


def places_of(pattern, content):
    at = content.find(pattern)
    while at >= 0:
        yield at
        at = content.find(pattern, at + 1)


def unpacked(content):
    """(kind, bytes) of whatever in it looks packed."""
    for at in places_of(ZSTD_FRAME, content):
        yield "zstd", unpack_zstd(content[at:])
    for head in DEFLATE_HEADS:
        for at in places_of(head, content):
            out = unpack_deflate(content[at:])
            if len(out) >= LEAST_UNPACKED:
                yield "deflate", out


def search(folders_and_files, secrets):
    """(file, secret's name, form) of everything found. `secrets` maps names to texts; the texts themselves are never returned."""
    wanted = [(name, form, pattern) for name, text in secrets.items() for form, pattern in forms(text).items()]
    found = []
    for place in folders_and_files:
        for file in [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file()):
            content = file.read_bytes()
            found += [(str(file), name, form) for name, form, pattern in wanted if pattern in content]
            for kind, inside in unpacked(content):
                found += [(str(file), name, f"{kind}, {form}") for name, form, pattern in wanted if pattern in inside]
    return found
