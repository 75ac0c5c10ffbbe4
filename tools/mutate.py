#!/usr/bin/python3
"""Whether the tests of the brain notice when a guard is wrong: negates each condition in turn, and runs test_continuity.

A guard is the condition of an if, a while, a ?: or a compound for, what a predicate returns, and what a bool is set to; where
it is made of several with && or ||, each of them is one too. A mutant that no test notices survives, and fails the
command unless tools/mutants.toml accepts it with a reason: it changes nothing that can be seen.

Usage: tools/mutate.py [--minutes N] [--afresh] [--list] [FILE…]
  --minutes N  stops after so long; the next run goes on where this one ended, as long as the sources are the same
  --afresh     forgets what became of mutants before: needed when tests were taken away (survivors are tried again anyway when
               the tests have changed)
  --list       shows the guards and ends
  FILE         names of files in src/continuity without .cpp; all that decide when none is given
It needs the tree built in build/mutate (./dev mutate does that). Unit tests run first, the explorations only for what is
left, with a bound on the number of states. Exits 1 when a mutant survives that is not accepted, or one that is accepted does not.
"""

import argparse
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ROOT / "src/continuity"
BUILD = ROOT / "build/mutate"
ACCEPTED = ROOT / "tools/mutants.toml"
DECIDING = "failure_window failure_detector domain_watch mode_machine procedure_flag routing attempt_plan brain exercise".split()
SLOW_TESTS = "*exploration*:*brain_lives*:*august*"
TEST_SECONDS = 240  # a mutant that takes longer hangs, and is noticed
EXPLORED_STATES = "20000"

OPEN, CLOSE = "([{", ")]}"
COMPARISON = re.compile(r" (==|!=|<|>|<=|>=|&&|\|\|) ")


def blanked(text):
    """The same length without comments and literals, so that brackets and operators in them are not seen."""
    blank = lambda match: re.sub(r"[^\n]", " ", match[0])
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', blank, text, flags=re.DOTALL)


def closing(code, start):
    """Where the bracket that opens at `start` is closed."""
    depth = 0
    for at in range(start, len(code)):
        depth += (code[at] in OPEN) - (code[at] in CLOSE)
        if depth == 0:
            return at
    raise ValueError("a bracket is not closed")


def top_level(code, start, end, wanted):
    """Positions between `start` and `end`, outside of any bracket, at which one of `wanted` stands."""
    depth, at = 0, start
    while at < end:
        depth += (code[at] in OPEN) - (code[at] in CLOSE)
        found = next((one for one in wanted if depth == 0 and code.startswith(one, at)), None)
        if found:
            yield at, found
        at += len(found) if found else 1


def operands(code, start, end):
    """The parts of a condition with && or ||, and the parts of those."""
    for separator in (" || ", " && "):
        cuts = [at for at, _ in top_level(code, start, end, [separator])]
        if not cuts:
            continue
        bounds = [start, *[b for at in cuts for b in (at, at + len(separator))], end]
        for first, last in zip(bounds[::2], bounds[1::2]):
            yield first, last
            yield from operands(code, first, last)
        return
    while start < end and code[start] in " !\n":
        start += 1
    if start < end and code[start] == "(" and closing(code, start) == end - 1:
        yield from operands(code, start + 1, end - 1)


def conditions(code):
    """Start and end of every condition; a declaration in one is left out of it."""
    for match in re.finditer(r"\b(if|while) \(", code):
        start, end = match.end(), closing(code, match.end() - 1)
        for at, _ in top_level(code, start, end, ["; "]):
            start = at + 2
        yield start, end
    for match in re.finditer(r"\bfor \(", code):
        end = closing(code, match.end() - 1)
        cuts = [at for at, _ in top_level(code, match.end(), end, [";"])]
        if len(cuts) == 2 and COMPARISON.search(code[cuts[0] : cuts[1]]) and " && " in code[cuts[0] : cuts[1]]:
            yield cuts[0] + 2, cuts[1]
    for match in re.finditer(r"(\breturn|[^=!<>+\-*/|&]=)\s", code):
        end = next((at for at, _ in top_level(code, match.end(), len(code), [";"])), None)
        if end is None or "{" in code[match.end() : end]:
            continue
        whole = [found for _, found in top_level(code, match.end(), end, [" == ", " != ", " < ", " > ", " <= ", " >= ", " && ", " || "])]
        question = next(top_level(code, match.end(), end, [" ? ", "\n? "]), None)
        if (whole or code[match.end()] == "!") and not question and not inside_for(code, match.start()):
            yield match.end(), end
    for match in re.finditer(r"\s\?\s", code):
        yield question_start(code, match.start()), match.start()


def inside_for(code, at):
    line = code.rfind("\n", 0, at) + 1
    return re.match(r"\s*for \(", code[line:at]) is not None


def question_start(code, end):
    """Where the condition before a `?` begins."""
    depth = 0
    for at in range(end - 1, 0, -1):
        if code[at] in CLOSE:
            depth += 1
        elif code[at] in OPEN:
            if depth == 0:
                return at + 1
            depth -= 1
        elif depth == 0 and (code[at] in ",;" or re.match(r" [=?:] ", code[at : at + 3]) or re.match(r"return\s", code[at:])):
            length = 1 if code[at] in ",;" else 7 if code[at] == "r" else 3
            return at + length
    raise ValueError("a ? without a beginning")


def guards(name):
    """Each guard of a file, as (line, text as written, the whole file with that guard negated)."""
    text = (SOURCES / f"{name}.cpp").read_text()
    code = blanked(text)
    seen = set()
    for whole in conditions(code):
        for start, end in [whole, *operands(code, *whole)]:
            while text[start].isspace():
                start += 1
            if (start, end) in seen:
                continue
            seen.add((start, end))
            written = re.sub(r"\s+", " ", text[start:end])
            declared = re.match(r"(?:const )?auto\*? (\w+) = ", written)
            negated = f"{text[start:end]}; !{declared[1]}" if declared else f"!({text[start:end]})"
            yield text.count("\n", 0, start) + 1, written, text[:start] + negated + text[end:]


def numbered(name):
    """Guards by their name: the text, and which one of that text it is where there are several."""
    count = {}
    for line, written, mutant in sorted(guards(name), key=lambda one: one[0]):
        count[written] = count.get(written, 0) + 1
        key = written if count[written] == 1 else f"{written} #{count[written]}"
        yield line, key, mutant


class Workshop:
    """Compiles one mutant, links it before the library that has the sound file, and runs the tests."""

    def __init__(self):
        self.folder = BUILD / "mutant"
        self.folder.mkdir(parents=True, exist_ok=True)
        entries = json.loads((BUILD / "compile_commands.json").read_text())
        self.compile = {pathlib.Path(e["file"]): (shlex.split(e["command"]), e["directory"]) for e in entries}
        lines = subprocess.run(["ninja", "-C", str(BUILD), "-t", "commands", "test_continuity"], check=True, capture_output=True, text=True)
        self.link = next(line for line in reversed(lines.stdout.splitlines()) if "test_continuity" in line and " -c " not in line)
        self.environment = dict(os.environ, GARDE_EXPLORED_STATES=EXPLORED_STATES, GARDE_SEED="1", CCACHE_DISABLE="1")

    def build(self, name, mutant):
        copy, object_file = self.folder / f"{name}.cpp", self.folder / f"{name}.o"
        copy.write_text(mutant)
        command, directory = self.compile[SOURCES / f"{name}.cpp"]
        command = [str(copy) if one.endswith(f"/{name}.cpp") else one for one in command]
        command[command.index("-o") + 1] = str(object_file)
        done = subprocess.run([*command, "-w"], cwd=directory, capture_output=True, env=self.environment)
        if done.returncode != 0:
            return False
        link = self.link.replace(" -o tests/test_continuity ", f" {object_file} -o {self.folder}/test ")
        if link == self.link:
            raise RuntimeError("the link command of test_continuity is not what it was: look at Workshop.build")
        subprocess.run(link, shell=True, cwd=BUILD, check=True, capture_output=True)
        return True

    def passes(self, chosen, *more):
        try:
            done = subprocess.run([str(self.folder / "test"), "--gtest_brief=1", "--gtest_fail_fast", f"--gtest_filter={chosen}", *more],
                                  cwd=BUILD, capture_output=True, env=self.environment, timeout=TEST_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def fate(self, name, mutant):
        if not self.build(name, mutant):
            return "does not compile"
        if not self.passes(f"*-{SLOW_TESTS}"):
            return "noticed"
        return "survived" if self.passes(SLOW_TESTS) else "noticed by explorations"


def digest_of(*folders):
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted((ROOT / folder).iterdir()):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


class Results:
    """What became of the mutants so far."""

    def __init__(self, afresh):
        self.path = BUILD / "mutants.json"
        self.sources = digest_of("src/continuity", "include/garde/continuity")
        self.tests = digest_of("tests/continuity")
        kept = json.loads(self.path.read_text()) if self.path.exists() and not afresh else {}
        self.fates = kept.get("fates", {}) if kept.get("sources") == self.sources else {}
        if kept.get("tests") != self.tests:
            self.fates = {label: fate for label, fate in self.fates.items() if fate != "survived"}

    def keep(self, key, fate):
        self.fates[key] = fate
        self.path.write_text(json.dumps({"sources": self.sources, "tests": self.tests, "fates": self.fates}, indent=1))


def accepted():
    entries = tomllib.loads(ACCEPTED.read_text()).get("accepted", []) if ACCEPTED.exists() else []
    for entry in entries:
        if not entry.get("why"):
            sys.exit(f"tools/mutants.toml: {entry['file']}: `{entry['guard']}` needs a `why`")
    return {f"{entry['file']}: {entry['guard']}": entry["why"] for entry in entries}


def run(names, deadline, afresh):
    workshop, results = Workshop(), Results(afresh)
    sound = (SOURCES / f"{names[0]}.cpp").read_text()
    if (fate := workshop.fate(names[0], sound)) != "survived":
        sys.exit(f"the tests fail with the sources as they are ({fate}): mend that first")
    for name in names:
        for line, key, mutant in numbered(name):
            label = f"{name}: {key}"
            if label in results.fates:
                continue
            if time.monotonic() > deadline:
                return results, False
            fate = workshop.fate(name, mutant)
            results.keep(label, fate)
            print(f"{name}.cpp:{line}: {fate}: {key}", flush=True)
    return results, True


def report(names, results, complete):
    fates = {label: fate for label, fate in results.fates.items() if label.split(":")[0] in names}
    reasons = accepted()
    survivors = [label for label, fate in fates.items() if fate == "survived"]
    open_ones = [label for label in survivors if label not in reasons]
    stale = [label for label in reasons if label.split(":")[0] in names and complete and label not in survivors]
    for label in open_ones:
        print(f"survived: {label}")
    for label in stale:
        print(f"accepted in tools/mutants.toml, but it does not survive, or there is no such guard: {label}")
    count = lambda *wanted: sum(fate in wanted for fate in fates.values())
    print(f"mutants: {len(fates)}, {count('noticed')} noticed by unit tests, {count('noticed by explorations')} by explorations, "
          f"{count('does not compile')} do not compile, {len(survivors) - len(open_ones)} accepted, {len(open_ones)} survived"
          + ("" if complete else "; not all were tried: run it again to go on"))
    return 1 if open_ones or stale else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=1e6)
    parser.add_argument("--afresh", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("files", nargs="*")
    asked = parser.parse_args()
    names = asked.files or DECIDING
    if unknown := [name for name in names if name not in DECIDING]:
        parser.error(f"no such file among those that decide: {unknown[0]}; there are {', '.join(DECIDING)}")
    if asked.list:
        for name in names:
            for line, key, _ in numbered(name):
                print(f"{name}.cpp:{line}: {key}")
        return 0
    if not (BUILD / "compile_commands.json").exists():
        sys.exit("nothing is built in build/mutate: run ./dev mutate")
    results, complete = run(names, time.monotonic() + asked.minutes * 60, asked.afresh)
    return report(names, results, complete)


if __name__ == "__main__":
    sys.exit(main())
