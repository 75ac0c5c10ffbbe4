#!/usr/bin/python3
"""Runs test programs and test folders and counts: the last line is `N passed, N failed`.

Usage: tools/run_tests.py SUITE…   with SUITE one of
  unit:BUILD_DIR[:name,name…]   the test_* programs of a build (all, or those named)
  e2e:BUILD_DIR                 tests/e2e against the binaries of a build
Skipped tests count as failed: a test that does not run shows nothing.
"""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM_SECONDS = 300
E2E_SECONDS = 2400
E2E_TEST_SECONDS = 240  # one that hangs is told by its name, and the others run
# Under a sanitizer, explorations find no states that the plain build does not, and take ten times as long.
SANITIZED_STATES = {"GARDE_EXPLORED_STATES": "20000"}
SANITIZERS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


def run_program(program, settings):
    """One GoogleTest program: (name, passed, failed, output, seconds); `settings` are further variables of its environment."""
    began = time.monotonic()
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        try:
            done = subprocess.run(
                [program, f"--gtest_output=json:{report.name}"],
                env={**SANITIZERS, **settings, **os.environ},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=PROGRAM_SECONDS,
            )
        except subprocess.TimeoutExpired as hung:
            output = (hung.stdout or b"").decode(errors="replace")
            return program.name, 0, 1, f"{output}\nended after {PROGRAM_SECONDS} s", time.monotonic() - began
        try:
            counts = json.loads(pathlib.Path(report.name).read_text())
            skipped = sum(t.get("result") == "SKIPPED" for s in counts["testsuites"] for t in s["testsuite"])
            failed = counts["failures"] + counts.get("errors", 0) + skipped
            passed = counts["tests"] - failed
        except (ValueError, KeyError):  # it died before it could report
            passed, failed = 0, 1
    if done.returncode != 0 and failed == 0:
        failed = 1
    return program.name, passed, failed, done.stdout.decode(errors="replace"), time.monotonic() - began


def run_units(build, names):
    programs = sorted(p for p in (ROOT / build).glob("**/test_*") if p.is_file() and os.access(p, os.X_OK))
    if names:
        programs = [p for p in programs if p.name.removeprefix("test_") in names]
    if not programs:
        print(f"no test programs in {build}")
        return 0, 1
    totals = [0, 0]
    settings = {} if build == "build/debug" else SANITIZED_STATES
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, passed, failed, output, seconds in pool.map(lambda program: run_program(program, settings), programs):
            print(f"  {build} {name}: {passed} passed, {failed} failed ({seconds:.1f} s)", flush=True)
            if failed:
                print(output)
            totals[0] += passed
            totals[1] += failed
    return totals


def run_e2e(build):
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.xml"
        subprocess.run(
            ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--timeout={E2E_TEST_SECONDS}",
             f"--junitxml={report}", "tests/e2e"],
            cwd=ROOT,
            env={**SANITIZERS, **os.environ, "GARDE_BUILD": str(ROOT / build), "PYTHONDONTWRITEBYTECODE": "1"},
            timeout=E2E_SECONDS,
        )
        if not report.exists():
            return 0, 1
        suite = xml.etree.ElementTree.parse(report).getroot().find("testsuite")
        total = int(suite.get("tests"))
        failed = sum(int(suite.get(kind, 0)) for kind in ("failures", "errors", "skipped"))
        print(f"  {build} e2e: {total - failed} passed, {failed} failed ({float(suite.get('time')):.1f} s)", flush=True)
        return total - failed, failed


def main():
    passed = failed = 0
    for suite in sys.argv[1:]:
        kind, build, *names = suite.split(":")
        if kind == "unit":
            counts = run_units(build, names[0].split(",") if names else [])
        else:
            counts = run_e2e(build)
        passed += counts[0]
        failed += counts[1]
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
