#!/usr/bin/python3
"""Runs clang-tidy over the sources of the product and of its benchmarks (src/, bench/, and the headers they reach), and
remembers what was clean.

A file is checked again when it, a project header that it reaches, .clang-tidy or its command changed.
Usage: tools/tidy.py BUILD_DIR. Exits 1 when something was found.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

TIDY = "clang-tidy-19"
INCLUDE = re.compile(r'^\s*#include "([^"]+)"', re.MULTILINE)


class Fingerprints:
    """Hashes of files together with all project headers that they include, directly or not."""

    def __init__(self, root):
        self.root = root
        self.texts = {}

    def text(self, path):
        if path not in self.texts:
            self.texts[path] = path.read_text(errors="replace")
        return self.texts[path]

    def reached(self, path, seen):
        if path in seen:
            return
        seen.add(path)
        for name in INCLUDE.findall(self.text(path)):
            for folder in (path.parent, self.root / "include", self.root / "tests", self.root):
                candidate = (folder / name).resolve()
                if candidate.is_file():
                    self.reached(candidate, seen)
                    break

    def of(self, entry):
        seen = set()
        self.reached(pathlib.Path(entry["file"]), seen)
        digest = hashlib.sha256()
        for path in sorted(seen):
            digest.update(str(path.relative_to(self.root)).encode() + b"\0" + self.text(path).encode() + b"\0")
        digest.update((self.root / ".clang-tidy").read_bytes())
        flags = [f for f in entry["command"].split() if f.startswith(("-D", "-std", "-W"))]
        digest.update(" ".join(flags).encode())
        return digest.hexdigest()


def check(file, build):
    done = subprocess.run([TIDY, "-p", str(build), "--quiet", file], capture_output=True, text=True)
    return done.returncode, done.stdout + ("" if done.returncode == 0 else done.stderr)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    root = pathlib.Path(__file__).resolve().parent.parent
    entries = json.loads((build / "compile_commands.json").read_text())
    checked = (f"{root}/src/", f"{root}/bench/")
    entries = [e for e in entries if e["file"].startswith(checked) and not e["file"].endswith("boost_impl.cpp")]
    cache_folder = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "garde-lint"
    cache_folder.mkdir(parents=True, exist_ok=True)
    fingerprints = Fingerprints(root)

    todo = [(e, cache_folder / fingerprints.of(e)) for e in entries]
    todo = [(e, mark) for e, mark in todo if not mark.exists()]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        checks = {pool.submit(check, e["file"], build): (e, mark) for e, mark in todo}
        for done in concurrent.futures.as_completed(checks):
            entry, mark = checks[done]
            code, output = done.result()
            if code == 0:
                mark.touch()
            else:
                failed += 1
                print(output, flush=True)
    print(f"clang-tidy: {len(entries)} files, {len(todo)} checked, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
