#!/usr/bin/python3
"""Makes tests/caller/corpus: messages signed by common software, honest ones and forgeries of each known kind.

Needs, on Debian 12:   apt-get install xmlsec1 python3-lxml python3-xmlsec python3-zeep python3-cryptography nodejs
and node's SOAP client: npm install --prefix build/corpus soap@1.13.0 xml-crypto@6.3.2

Usage: tests/tools/make_corpus.py          makes all anew, with new keys, which are deleted at the end; then checks it
       tests/tools/make_corpus.py --check  only checks what is there, by another library than the one that signed

`./dev test` does not run this: it tests against the files, which are committed. corpus.json says when the messages were
made, what is wrong with each forgery, and whether a naive verifier accepts it.
"""

import argparse
import importlib
import json
import pathlib
import sys
import tempfile

from corpus import honest_soap, honest_xmlsec1, honest_zeep, naive
from corpus.forging import CASES, Workshop
from corpus.keys import usual_keys
from corpus.names import NOW, PROVIDER_ATTRIBUTE

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests/caller/corpus"
ISSUERS = ("sts-rsa", "sts-ec", "sts-former")
LARGEST = 1_500_000
# Modules that add to CASES when they are imported; in this order the forgeries are numbered.
FORGERIES = ("forge_body", "forge_assertion", "forge_signature", "forge_algorithm", "forge_token", "forge_text")


def make():
    for module in FORGERIES:
        importlib.import_module(f"corpus.{module}")
    with tempfile.TemporaryDirectory() as folder:
        keys = usual_keys(pathlib.Path(folder))
        honest = {name: made for by in (honest_xmlsec1, honest_zeep, honest_soap) for name, made in by.honest(keys)}
        disputed = {name: (made, why) for by in (honest_xmlsec1, honest_soap) for name, made, why in by.disputed(keys)}
        shop = Workshop(keys, {name: made.text for name, made in honest.items()})
        forged = {f"{number:03d}-{case.name}.xml": (case, case.make(shop)) for number, case in enumerate(CASES, 1)}
        issuer_pem = b"".join(keys[short].certificate.read_bytes() for short in ISSUERS)
    write_folder("honest", shop.honest)
    write_folder("disputed", {name: made.text for name, (made, _) in disputed.items()})
    write_folder("forged", {name: text for name, (_, text) in forged.items()})
    (CORPUS / "issuer.pem").write_bytes(issuer_pem)
    index = {
        "now": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
        "provider_attribute": PROVIDER_ATTRIBUTE,
        "honest": {name: made.facts() for name, made in honest.items()},
        "disputed": {name: made.facts() | {"why": why} for name, (made, why) in disputed.items()},
        "forged": {name: case.refusals if len(case.refusals) > 1 else case.refusals[0] for name, (case, _) in forged.items()},
        "base": {name: case.base for name, (case, _) in forged.items()},
        "naive_accepts": {name: case.holds for name, (case, _) in forged.items()},
    }
    (CORPUS / "corpus.json").write_text(json.dumps(index, indent=1) + "\n")


def write_folder(name, files):
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for file, text in files.items():
        (folder / file).write_bytes(text)


def check():
    """Prints what is not as corpus.json says; returns how much."""
    index = json.loads((CORPUS / "corpus.json").read_text())
    issuers = naive.issuer_keys((CORPUS / "issuer.pem").read_bytes())
    wrong = []
    for folder in ("honest", "disputed"):
        for name in index[folder]:
            if not naive.both_signatures_hold((CORPUS / folder / name).read_bytes(), issuers):
                wrong.append(f"{folder}/{name}: a signature does not hold")
    for name, claimed in index["naive_accepts"].items():
        if naive.accepts((CORPUS / "forged" / name).read_bytes(), issuers) != claimed:
            wrong.append(f"forged/{name}: corpus.json says naive_accepts {claimed}; it is not so")
    for folder in ("honest", "disputed", "forged"):
        for name in {file.name for file in (CORPUS / folder).iterdir()} ^ set(index[folder]):
            wrong.append(f"{folder}/{name}: only one of the folder and corpus.json has it")
    size = sum(file.stat().st_size for file in CORPUS.rglob("*") if file.is_file())
    if size > LARGEST:
        wrong.append(f"{CORPUS}: {size} bytes, more than {LARGEST}")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    accepted = sum(index["naive_accepts"].values())
    print(f"{len(index['honest'])} honest, {len(index['disputed'])} disputed, {len(index['forged'])} forged messages, of which a "
          f"naive verifier accepts {accepted}; {size} bytes; {len(wrong)} wrong")  # fmt: skip
    return len(wrong)


def main():
    arguments = argparse.ArgumentParser(description="makes or checks the corpus of signed messages")
    arguments.add_argument("--check", action="store_true", help="only check what is there")
    if not arguments.parse_args().check:
        make()
    sys.exit(1 if check() else 0)


if __name__ == "__main__":
    main()
