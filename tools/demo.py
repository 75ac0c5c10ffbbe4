#!/usr/bin/python3
"""`./dev run`: three simulated backends and garde on loopback, until Ctrl-C.

Usage: tools/demo.py BUILD_DIR
"""

import pathlib
import re
import select
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PKI = ROOT / "certs" / "dev"
SITES = [("dc1", 9441, 9541), ("dc2", 9442, 9542), ("dc3", 9443, 9543)]

TRY = """
garde is up. The pharmacies' side: https://127.0.0.1:8443   status page: http://127.0.0.1:8080   admin: https://127.0.0.1:8444
Five commands to try in another terminal, in {root}:

 1. Ask whether an invented patient is insured (look at Garde-Mode):
      ask() {{ sed "s/{{date}}/$(date +%F)/" | curl -si --cacert certs/dev/ca.pem --cert certs/dev/pharmacy-1.pem \\
        --key certs/dev/pharmacy-1.key -H 'Content-Type: text/xml' --data-binary @- https://127.0.0.1:8443/Insurability/v2; }}
      ask < conf/probes/assurability.xml
 2. Kill the primary, then repeat 1: the backup answers, nothing is lost:
      kill -9 {primary}
 3. Take both backups away as well, then repeat 1: the cache answers; another patient gets the emergency procedure:
      for port in 9542 9543; do curl -s -X PUT -d '{{"faults":[{{"kind":"refuse"}}]}}' http://127.0.0.1:$port/faults; done
      sed 's/{patient}/00000000142/' conf/probes/assurability.xml | ask
 4. As an operator ask why, then pin emergency mode, look, and give it back:
      G='{garde} ctl'; A='--config conf/garde.toml --ca certs/dev/ca.pem --token-file certs/dev/admin.token'
      $G explain $A assurability
      $G mode $A assurability emergency --reason 'trying it out' --for 5m; $G services $A
      $G mode $A assurability automatic --reason 'done'
 5. Read what happened, and check that nobody has polished it:
      {garde} journal show --last 5 --folder var/journal; {garde} journal verify --folder var/journal

Ctrl-C ends everything. What was killed is not started again: run ./dev run anew.
"""


def probe_patient():
    """The national number (invented) that the probe asks about."""
    message = (ROOT / "conf/probes/assurability.xml").read_text()
    return re.findall(r"CareReceiver>\s*<[a-z0-9]+:Ssin>(\d+)<", message)[0]


def start(command):
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True)


def wait_ready(process, what):
    """Each program prints one line when it is ready, or ends."""
    ready, _, _ = select.select([process.stdout], [], [], 30)
    line = process.stdout.readline() if ready else b""
    if not line:
        sys.exit(f"{what} did not start; see its message above")


def stop(processes):
    for process in reversed(processes):
        if process.poll() is None:
            process.terminate()
    for process in reversed(processes):
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main():
    build = pathlib.Path(sys.argv[1])
    garde = build / "garde"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell started us with it ignored
    subprocess.run([ROOT / "certs" / "make-dev-pki", PKI], check=True)
    processes = []
    try:
        for site, port, control in SITES:
            command = [build / "tests/tools/garde-sim", "--site", site, "--listen", f"127.0.0.1:{port}"]
            command += ["--control", f"127.0.0.1:{control}", "--certificate", PKI / "backend.pem", "--key", PKI / "backend.key"]
            processes.append(start(command))
            wait_ready(processes[-1], f"simulated backend {site}")
        processes.append(start([garde, "run", "--config", "conf/garde.toml"]))
        wait_ready(processes[-1], "garde")
        print(TRY.format(root=ROOT, primary=processes[0].pid, garde=garde, patient=probe_patient()), flush=True)
        code = processes[-1].wait()
        sys.exit(f"garde ended with exit code {code}")
    except KeyboardInterrupt:
        print("\nending", flush=True)
    finally:
        stop(processes)


if __name__ == "__main__":
    main()
