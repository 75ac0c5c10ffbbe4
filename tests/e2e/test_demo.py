"""What `./dev run` tells people to try: its first command, as it is printed, gets an answer."""

import runpy
import subprocess

import pytest

from harness import paths
from harness.garde import ROUTES


@pytest.fixture(scope="module")
def cluster(make_cluster):
    return make_cluster()


def first_command(garde):
    """With this garde and its certificates instead of those of `./dev run`."""
    text = runpy.run_path(str(paths.PROJECT / "tools" / "demo.py"))["TRY"].format(root="", primary=0, garde="", patient="")
    command = text[text.index("ask()"):text.index(" 2. ")]
    assert "https://127.0.0.1:8443/Insurability/v2" in command and "certs/dev/" in command
    return command.replace("127.0.0.1:8443/Insurability/v2", f"localhost:{garde.port}{ROUTES[0]['path']}").replace(
        "certs/dev/", f"{garde.pki.folder}/")


def test_the_question_of_the_demo_is_answered_by_the_primary(cluster):
    done = subprocess.run(["/bin/bash", "-c", first_command(cluster.garde)], cwd=paths.PROJECT, capture_output=True, text=True, timeout=60)
    assert "HTTP/1.1 200 OK" in done.stdout, done.stdout + done.stderr
    assert "Garde-Mode: primary" in done.stdout
