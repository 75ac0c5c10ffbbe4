"""`garde check`: what is wrong is named with file and line, all at once; what is shipped is right."""

import json
import re
import shutil
import subprocess

import pytest

from harness import paths
from harness.garde import SERVICE, Garde
from harness.processes import free_port

CONFIG_ERRORS = 3


class NoSite:
    """A backend's place in a configuration that is only read."""

    def __init__(self, name):
        self.name, self.port = name, free_port()


@pytest.fixture
def garde(pki, tmp_path):
    garde = Garde(pki, tmp_path, [NoSite("dc1"), NoSite("dc2")])
    garde.port, garde.admin_port, garde.status_port = free_port(), free_port(), free_port()
    garde.write_config()
    return garde


def check(garde, expect=CONFIG_ERRORS):
    return garde.command("check", "--config", garde.config, expect=expect)


def break_line(garde, old, new):
    """Replaces the first occurrence of a whole line; returns its number."""
    lines = garde.config.read_text().splitlines()
    number = next(n for n, line in enumerate(lines) if re.fullmatch(old, line))
    lines[number] = new
    garde.config.write_text("\n".join(lines) + "\n")
    return number + 1


def test_a_good_file_passes(garde):
    assert "0 errors" in check(garde, expect=0)


# What is broken: the line that is replaced, what by, and a word of the message.
MISTAKES = {
    "not TOML": (r"workers = 2", "workers = = 2", ""),
    "an unknown key": (r"workers = 2", "wrokers = 2", "workers"),
    "an unknown table": (r"\[limits\]", "[limmits]", "limits"),
    "a wrong type": (r"workers = 2", 'workers = "two"', "workers"),
    "a word that is none": (r'log_level = "debug"', 'log_level = "loud"', "log_level"),
    "a duration without unit": (r'interval = ".*"', 'interval = "250"', "interval"),
    "a negative duration": (r'interval = ".*"', 'interval = "-1s"', "interval"),
    "an address without port": (r'address = "127.0.0.1:\d+"', 'address = "127.0.0.1"', "port"),
    "an address by name": (r'address = "127.0.0.1:\d+"', 'address = "localhost:8443"', "name"),
    "a certificate that is not there": (r'certificate = ".*"', 'certificate = "nowhere.pem"', "nowhere.pem"),
    "a certificate that is none": (r'certificate = ".*"', 'certificate = "garde.toml"', "garde.toml"),
    "a key that does not belong": (r'key = ".*garde.key"', 'key = "{pki}/backend.key"', "backend.key"),
    "a client CA that is not there": (r'client_ca = ".*"', 'client_ca = "nowhere.pem"', "nowhere.pem"),
    "no token file": (r'tokens = ".*"', 'tokens = "nowhere"', "nowhere"),
    "a public URL that is none": (r'public_url = ".*"', 'public_url = "status"', "public_url"),
    "a receipts key that is none": (r'key = ".*receipts.key"', 'key = "garde.toml"', "garde.toml"),
    "two primaries": (r'role = "backup"', 'role = "primary"', "primary"),
    "a role that is none": (r'role = "backup"', 'role = "spare"', "spare"),
    "a path without slash": (r'path = "/insurability/v2"', 'path = "insurability/v2"', "path"),
    "a route kind that is none": (r'kind = "http"', 'kind = "ftp"', "kind"),
    "a probe body that is not there": (r'body_file = ".*"', 'body_file = "nowhere.xml"', "nowhere.xml"),
    "a probe body that is no SOAP": (r'body_file = ".*"', 'body_file = "garde.toml"', "garde.toml"),
    "a timeout over the interval": (r'timeout = "200ms"', 'timeout = "5s"', "timeout"),
    "an attempt over the exchange": (r'attempt_timeout = ".*"', 'attempt_timeout = "1m"', "attempt_timeout"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_named_with_its_line(garde, pki, name):
    old, new, word = MISTAKES[name]
    line = break_line(garde, old, new.replace("{pki}", str(pki.folder)))
    text = check(garde)
    named = [said for said in text.splitlines() if re.match(rf"{re.escape(str(garde.config))}:{line}: error: ", said)]
    assert named, text
    assert any(word in said for said in named), named


def test_a_backend_twice_is_named_by_its_table(garde):
    line = break_line(garde, r'name = "dc2"', 'name = "dc1"')
    assert f'{garde.config}:{line - 1}: error: backend "dc1" is there twice' in check(garde)


def test_backups_that_share_everything_are_no_backups(garde):
    text = garde.config.read_text()
    for kind in ("site", "storage", "network", "power", "supplier"):
        text = re.sub(rf'{kind} = ".*dc2"', f'{kind} = "{kind}-dc1"', text)
        text = re.sub(rf'{kind} = ".*dc1"', f'{kind} = "{kind}-dc1"', text)
    garde.config.write_text(text)
    assert "one failure takes both" in check(garde)


def test_what_one_failure_takes_together_is_told_in_words(pki, tmp_path):
    """Backups among each other, too; and that nothing is shared where nothing is."""
    garde = Garde(pki, tmp_path, [NoSite("dc1"), NoSite("dc2"), NoSite("dc3")])
    garde.port, garde.admin_port, garde.status_port = free_port(), free_port(), free_port()
    settings = garde.settings()
    garde.write_config(settings)
    assert f"no failure that the configuration knows of takes two backends of {SERVICE}" in check(garde, expect=0)
    primary, second, third = (backend["domains"] for backend in settings["service"][0]["backend"])
    second["storage"] = primary["storage"]
    third["power"] = second["power"]
    del third["supplier"]
    garde.write_config(settings)
    text = check(garde, expect=0)
    for said in ('backup "dc2" shares storage "storage-dc1" with primary "dc1"; one failure there takes both',
                 'backup "dc3" shares power "power-dc2" with backup "dc2"',
                 'only one of backup "dc3" and primary "dc1" names its supplier, and unknown counts as shared',
                 f"one failure takes several backends of {SERVICE}:",
                 '  - power "power-dc2": backup "dc2" and backup "dc3"\n',
                 '  - storage "storage-dc1": primary "dc1" and backup "dc2"\n',
                 '  - supplier: backup "dc3" does not say, and unknown counts as shared with all\n'):
        assert said in text, text
    told = json.loads(garde.command("check", "--json", "--config", garde.config))
    assert {"service": SERVICE, "kind": "storage", "name": "storage-dc1",
            "backends": ['primary "dc1"', 'backup "dc2"']} in told["shared_faults"]


def test_all_mistakes_are_named_together(garde):
    lines = [break_line(garde, r"workers = 2", "wrokers = 2"), break_line(garde, r'kind = "http"', 'kind = "ftp"'),
             break_line(garde, r'interval = ".*"', 'interval = "soon"')]
    text = check(garde)
    for line in lines:
        assert f"{garde.config}:{line}: error: " in text


def test_a_mistake_in_the_token_file_is_named_there_without_its_content(garde):
    tokens = garde.folder / "admin-tokens"
    tokens.write_text("# operators\noperator-a this-is-the-token-itself\n")
    text = check(garde)
    assert f"{tokens}:2: error: " in text
    assert "this-is-the-token-itself" not in text


def test_a_backend_without_a_role_is_named_by_its_table(garde):
    line = break_line(garde, r'role = "backup"', "")
    assert f'{garde.config}:{line - 2}: error: [[service.backend]] "dc2" role is missing' in check(garde)


def test_a_missing_language_is_named_where_the_procedure_is(garde):
    (garde.folder / "procedures" / f"{SERVICE}.de.txt").unlink()
    text = check(garde)
    assert f"{SERVICE}.de.txt" in text and f"{SERVICE}.nl.txt" not in text
    assert re.search(rf"^{re.escape(str(garde.config))}:\d+: error: .*{SERVICE}\.de\.txt", text, re.MULTILINE)


def test_a_file_that_is_not_there(garde):
    garde.config.unlink()
    assert str(garde.config) in check(garde)


def test_the_same_as_json(garde):
    break_line(garde, r"workers = 2", "wrokers = 2")
    assert '"errors":1' in garde.command("check", "--json", "--config", garde.config, expect=CONFIG_ERRORS)


def test_limits_of_single_callers_are_told_in_words_and_as_json(garde):
    settings = garde.settings()
    settings["caller"] = [{"name": "one", "known_as": ["CN=one"], "requests": 1}]
    settings["group"] = [{"name": "all", "members": ["*"], "connections": 7}]
    garde.write_config(settings)
    assert '  - caller "one" (the certificate CN=one): 1 request\n' in check(garde, expect=0)
    told = json.loads(garde.command("check", "--json", "--config", garde.config, expect=0))
    assert told["caller_limits"] == [{"who": 'caller "one" (the certificate CN=one)', "requests": 1},
                                     {"who": 'each of group "all" (every caller who shows who it is)', "connections": 7}]


def test_limits_that_only_assertions_could_match_are_refused(garde):
    settings = garde.settings()
    settings["group"] = [{"name": "signers", "members": ["issuer:urn:example:sts"], "requests": 1}]
    garde.write_config(settings)
    assert '[[group]] "signers" requests holds for nobody' in check(garde)


def test_run_refuses_what_check_refuses(garde):
    line = break_line(garde, r"workers = 2", "wrokers = 2")
    assert f"{garde.config}:{line}: error: " in garde.command("run", "--config", garde.config, expect=CONFIG_ERRORS)


def test_the_shipped_configuration_passes_as_it_is(tmp_path):
    """In a copy of the tree, with the development PKI beside it."""
    shutil.copytree(paths.CONF, tmp_path / "conf")
    (tmp_path / "certs").mkdir()
    script = shutil.copy2(paths.PKI_SCRIPT, tmp_path / "certs")
    subprocess.run([script], check=True, capture_output=True, timeout=120)
    done = subprocess.run([paths.GARDE, "check", "--config", tmp_path / "conf" / "garde.toml"], capture_output=True, text=True,
                          timeout=60)
    wrong = [line for line in done.stderr.splitlines() if ": error: " in line and "in use" not in line]
    assert not wrong and (done.returncode == 0 or "in use" in done.stderr), done.stderr
