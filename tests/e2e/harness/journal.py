"""Reads garde's journal, and verifies its proofs, without any of garde's code: from its documented form and from RFC 9162."""

import base64
import hashlib
import json

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def lines(folder):
    """The whole lines of all segments, as bytes."""
    out = []
    for segment in sorted(folder.glob("log-*.jsonl")):
        out += [line[:-1] for line in segment.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    return out


def records(folder, names_key=None):
    """The records so far; the configuration and the personal values that can be opened are among the attributes."""
    names = read_names(folder, names_key)
    out = []
    for line in lines(folder):
        record = json.loads(line)
        attributes = record["attributes"]
        if "configuration" in record:
            attributes["configuration"] = record["configuration"]
        for name, committed in record.get("hidden", {}).items():
            for salt, value in names.get((record["seq"], name), []):
                if commitment(salt, name, value) == committed:
                    attributes[name] = value
        out.append(record)
    return out


def commitment(salt, name, value):
    return encode(hashlib.sha256(salt + name.encode() + b"\0" + value.encode()).digest())


def read_names(folder, names_key=None):
    """What can be opened of the personal values: (seq, name) → [(salt, value)]."""
    out = {}
    key_file = names_key or folder / "names.key"
    if not key_file.exists():
        return out
    master = bytes.fromhex(key_file.read_text().strip())
    for wrapped in folder.glob("names-*-*.key"):
        volume = wrapped.stem
        try:
            key = open_sealed(master, f"garde journal {volume}", wrapped.read_text().strip())
            text = (folder / f"{volume}.jsonl").read_bytes()
        except (InvalidTag, FileNotFoundError):
            continue
        for line in text.splitlines(keepends=True):
            if line.endswith(b"\n"):
                entry = json.loads(line)
                for name, salt, value in json.loads(open_sealed(key, f"garde journal {volume} {entry['seq']}", entry["sealed"])):
                    out.setdefault((entry["seq"], name), []).append((decode(salt), value))
    return out


def open_sealed(key, context, text):
    sealed = decode(text)
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], context.encode())


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# --- RFC 9162, section 2.1


def leaf_hash(leaf):
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves):
    """MTH of 2.1.1, of the leaves' hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = 1
    while middle * 2 < len(leaves):
        middle *= 2
    return node_hash(root_of(leaves[:middle]), root_of(leaves[middle:]))


def included(leaf, index, size, path, root):
    """2.1.3.2"""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf_hash(leaf)
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def consistent(first, first_root, second, second_root, path):
    """2.1.4.2"""
    if first == second:
        return not path and first_root == second_root
    if not path:
        return False
    path = list(path)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root
