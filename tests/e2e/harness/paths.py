"""Where things are. GARDE_BUILD names the build folder, relative to the project or absolute."""

import os
import pathlib

PROJECT = pathlib.Path(__file__).resolve().parents[3]
BUILD = PROJECT / os.environ.get("GARDE_BUILD", "build/debug")
GARDE = BUILD / "garde"
SIM = BUILD / "tests/tools/garde-sim"
PKI_SCRIPT = PROJECT / "certs/make-dev-pki"
CONF = PROJECT / "conf"
