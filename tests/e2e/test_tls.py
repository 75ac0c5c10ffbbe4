"""The listener's TLS with the real binary: certificates by name, revoked clients, stapling, resumed sessions."""

import ssl
import subprocess

import pytest

from harness.client import Connection, build_request
from harness.garde import Garde
from harness.pki import KeyPair
from harness.processes import free_port

CONFIG_ERRORS = 3


class Authority:
    """One that can still sign: the development PKI throws its keys away."""

    def __init__(self, folder, name):
        self.folder, self.name = folder / name, name
        self.folder.mkdir()
        (self.folder / "index").write_text("")
        (self.folder / "number").write_text("01\n")
        (self.folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca = own\n[own]\ndatabase = index\nserial = number\ncrlnumber = crlnumber\nnew_certs_dir = .\n"
            "certificate = ca.pem\nprivate_key = ca.key\ndefault_md = sha256\ndefault_days = 30\ndefault_crl_days = 1\n"
            "policy = any\ncopy_extensions = copy\nunique_subject = no\n[any]\ncommonName = supplied\n")
        self._openssl("req", "-new", "-x509", "-days", "30", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", "ca.key", "-out", "ca.pem")
        self.certificate = self.folder / "ca.pem"

    def issue(self, name, alternative_names="DNS:nobody.example"):
        self._openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                      "-addext", f"subjectAltName={alternative_names}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self._openssl("ca", "-batch", "-config", "ca.cnf", "-notext", "-in", f"{name}.csr", "-out", f"{name}.pem",
                      "-rand_serial")
        # Its own certificate, then its issuer: what an OCSP response is checked with.
        chain = self.folder / f"{name}.chain.pem"
        chain.write_text((self.folder / f"{name}.pem").read_text() + self.certificate.read_text())
        (self.folder / f"{name}.key").chmod(0o600)
        return KeyPair(chain, self.folder / f"{name}.key")

    def revoke(self, name):
        self._openssl("ca", "-config", "ca.cnf", "-revoke", f"{name}.pem")

    def write_list(self, *validity):
        self._openssl("ca", "-config", "ca.cnf", "-gencrl", *validity, "-out", "ca.crl")
        return self.folder / "ca.crl"

    def write_answer(self, name):
        self._openssl("ocsp", "-index", "index", "-CA", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key", "-issuer", "ca.pem",
                      "-cert", f"{name}.pem", "-ndays", "1", "-respout", f"{name}.ocsp")
        return self.folder / f"{name}.ocsp"

    def _openssl(self, *words):
        if not (self.folder / "crlnumber").exists():
            (self.folder / "crlnumber").write_text("01\n")
        done = subprocess.run(["openssl", *words], cwd=self.folder, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"openssl {' '.join(words)}: {done.stderr}"


class NoSite:
    def __init__(self, name):
        self.name, self.port = name, free_port()


class GardeWithTls(Garde):
    """No site behind it answers: what is asked here ends in the handshake or in the emergency procedure."""

    listener = {}

    def settings(self):
        out = super().settings()
        out["listener"].update(self.listener)
        return out


@pytest.fixture(scope="module")
def server_ca(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authorities"), "servers")


@pytest.fixture(scope="module")
def client_ca(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authorities"), "clients")


@pytest.fixture(scope="module")
def callers(client_ca):
    pairs = {name: client_ca.issue(name) for name in ("good", "revoked")}
    client_ca.revoke("revoked")
    return pairs


@pytest.fixture(scope="module")
def garde(pki, tmp_path_factory, server_ca, client_ca, callers):
    own, other = server_ca.issue("own", "DNS:garde.example"), server_ca.issue("other", "DNS:*.other.example")
    garde = GardeWithTls(pki, tmp_path_factory.mktemp("garde"), [NoSite("dc1"), NoSite("dc2")])
    garde.listener = {
        "certificate": own.certificate, "key": own.key, "ocsp_response": server_ca.write_answer("own"),
        "client_ca": client_ca.certificate, "client_crl": [str(client_ca.write_list())],
        "sni": [{"certificate": other.certificate, "key": other.key, "ocsp_response": server_ca.write_answer("other")}],
    }
    garde.start()
    yield garde
    garde.stop()


def context_for(server_ca, caller=None, version=ssl.TLSVersion.TLSv1_3):
    context = ssl.create_default_context(cafile=server_ca.certificate)
    context.minimum_version = context.maximum_version = version
    if caller is not None:
        context.load_cert_chain(caller.certificate, caller.key)
    return context


def names_shown(garde, context, name):
    with Connection(garde.port, context, server_name=name) as connection:
        return [value for _, value in connection._socket.getpeercert()["subjectAltName"]]


def test_the_name_that_is_asked_for_chooses_the_certificate(garde, server_ca):
    context = context_for(server_ca)
    assert names_shown(garde, context, "garde.example") == ["garde.example"]
    assert names_shown(garde, context, "a.other.example") == ["*.other.example"]


def test_an_unknown_name_gets_the_first_certificate(garde, server_ca):
    context = context_for(server_ca)
    context.check_hostname = False
    assert names_shown(garde, context, "unknown.example") == ["garde.example"]


def ask(garde, context, session=None):
    """A request's status, and the connection's session and whether it was resumed."""
    with Connection(garde.port, None) as plain:
        tls = context.wrap_socket(plain._socket, server_hostname="garde.example", session=session)
        plain._socket = tls
        plain.send(build_request("GET", "/nowhere"))
        return plain.read_reply().status, tls.session, tls.session_reused


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_revoked_caller_is_refused_and_others_are_not(garde, server_ca, callers, version):
    assert ask(garde, context_for(server_ca, callers["good"], version))[0] == 404
    assert ask(garde, context_for(server_ca, None, version))[0] == 404
    with pytest.raises(OSError):
        ask(garde, context_for(server_ca, callers["revoked"], version))


@pytest.mark.parametrize("caller", ["good", None])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_is_resumed(garde, server_ca, callers, version, caller):
    context = context_for(server_ca, callers.get(caller), version)
    _, session, resumed = ask(garde, context)
    assert not resumed
    for _ in range(3):
        status, session, resumed = ask(garde, context, session)
        assert (status, resumed) == (404, True)


def s_client(garde, server_ca, *words):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{garde.port}", "-CAfile", server_ca.certificate,
                           "-verify_return_error", *words], input="", capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["garde.example", "a.other.example"])
def test_the_ocsp_response_is_stapled_for_who_asks(garde, server_ca, name):
    assert "OCSP Response Status: successful" in s_client(garde, server_ca, "-servername", name, "-status")


def test_a_protocol_is_chosen_where_one_is_offered(garde, server_ca):
    assert "ALPN protocol: http/1.1" in s_client(garde, server_ca, "-servername", "garde.example", "-alpn", "h2,http/1.1")


def test_a_list_that_has_expired_is_told_of_and_does_not_keep_garde_from_starting_again(garde, server_ca, client_ca, callers):
    current = client_ca.folder / "ca.crl"
    kept = current.read_bytes()
    client_ca.write_list("-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200102000000Z")
    try:
        said = garde.command("check", "--config", garde.config, expect=CONFIG_ERRORS)
        assert f": expired: [listener] client_crl: {current} has expired on 2020-01-02" in said
        garde.restart_after_kill()
        assert ask(garde, context_for(server_ca, callers["good"]))[0] == 404
        with pytest.raises(OSError):
            ask(garde, context_for(server_ca, callers["revoked"]))
    finally:
        current.write_bytes(kept)
