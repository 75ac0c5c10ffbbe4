"""What the public sees: in its language, without backends' names, without scripts; and true during an outage, in a real browser."""

import html
import json
import re
import subprocess

import pytest

from harness.consult import consult, patient
from harness.garde import LANGUAGES, PROCEDURE_TEXTS, SERVICE, TITLES
from harness.processes import wait_for

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="module")
def cluster(make_cluster):
    return make_cluster()


@pytest.fixture(scope="module")
def garde(cluster):
    return cluster.garde


@pytest.fixture(scope="module")
def outage(cluster):
    """All sites are away for the tests that use this; they come last."""
    with cluster.garde.client() as client:
        assert client.ask(consult(patient(5000))).status == 200
    for site in cluster.sites:
        site.faults({"kind": "refuse"})
    cluster.garde.wait_for_mode("degraded")
    wait_for(lambda: "degraded" in json.dumps(cluster.garde.health()), "the outage is announced", 5)


def page(garde, path="/", fields=()):
    reply = garde.status(path, fields)
    assert reply.status == 200, reply.head
    return reply


def check_public(text, cluster):
    """Nothing that the public must not see or run."""
    lowered = text.lower()
    assert "<script" not in lowered and "javascript:" not in lowered
    for site in cluster.sites:
        assert site.name not in lowered and str(site.port) not in lowered
    assert "127.0.0.1" not in lowered


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_four_languages(garde, cluster, language):
    by_header = page(garde, "/", [("Accept-Language", f"{language}-BE,{language};q=0.9,xx;q=0.1")])
    by_query = page(garde, f"/?lang={language}", [("Accept-Language", "xx")])
    for reply in (by_header, by_query):
        text = reply.body.decode()
        assert f'lang="{language}"' in text and TITLES[language] in text
        assert reply.get("Content-Type").lower() == "text/html; charset=utf-8"
        check_public(text, cluster)
    assert by_header.get("Content-Language") == language
    assert "accept-language" in by_header.get("Vary").lower()


def test_the_query_beats_the_header(garde):
    text = page(garde, "/?lang=de", [("Accept-Language", "nl")]).body.decode()
    assert TITLES["de"] in text and TITLES["nl"] not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_procedure_page_is_there_before_it_is_needed(garde, cluster, language):
    text = page(garde, f"/procedure/{SERVICE}?lang={language}").body.decode()
    for block in PROCEDURE_TEXTS[language].strip().split("\n\n"):
        assert block in html.unescape(text)
    check_public(text, cluster)


def test_security_headers(garde):
    reply = page(garde)
    assert "script-src" in reply.get("Content-Security-Policy") or "default-src 'none'" in reply.get("Content-Security-Policy")
    assert reply.get("X-Content-Type-Options") == "nosniff"


def test_health_is_json_for_machines(garde, cluster):
    reply = page(garde, "/v1/health")
    assert reply.get("Content-Type") == "application/json"
    document = json.loads(reply.body)
    assert document["status"] == "pass"
    check_public(reply.body.decode(), cluster)


def test_what_is_not_there(garde):
    assert garde.status("/nothing").status == 404
    assert garde.status("/procedure/nobody").status == 404
    assert garde.status("/", method="POST").status == 405
    assert garde.status("/?lang=%3Cscript%3Ealert(1)%3C/script%3E").body.count(b"alert") == 0


def test_head_requests(garde):
    reply = garde.status("/", method="HEAD")
    assert reply.status == 200 and reply.body == b""


def browse(url, folder, *how):
    """What a real browser says of the page."""
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run", "--disable-quic", f"--user-data-dir={folder}", *how, url],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def dump_dom(url, folder):
    """The page as a real browser renders it."""
    return browse(url, folder, "--dump-dom")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_procedure_prints_as_a_sheet(garde, tmp_path, language):
    sheet = tmp_path / "sheet.pdf"
    browse(f"http://localhost:{garde.status_port}/procedure/{SERVICE}?lang={language}", tmp_path / "profile",
           f"--print-to-pdf={sheet}", "--no-pdf-header-footer")
    pdf = sheet.read_bytes()
    assert pdf.startswith(b"%PDF-")
    # Links are written plainly: those to other languages, which nobody can follow on paper, are not there.
    assert b"lang=" in page(garde, f"/procedure/{SERVICE}?lang={language}").body
    assert b"lang=" not in pdf
    # One leaf, both sides at most. The page's tree is not packed.
    pages = [int(count) for count in re.findall(rb"/Type /Pages\s+/Count (\d+)", pdf)]
    assert pages and 1 <= max(pages) <= 2


def test_the_outage_changes_the_page_and_the_health(garde, cluster, outage):
    text = page(garde, "/?lang=en").body.decode()
    assert f"procedure/{SERVICE}" in text
    check_public(text, cluster)
    assert garde.health()["status"] in ("warn", "fail")
    check_public(json.dumps(garde.health()), cluster)


def test_a_browser_shows_the_outage(garde, outage, tmp_path):
    dom = dump_dom(f"http://localhost:{garde.status_port}/?lang=en", tmp_path)
    assert TITLES["en"] in dom
    assert "limited" in dom.lower()
    assert f"procedure/{SERVICE}" in dom
