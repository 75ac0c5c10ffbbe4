// garde-sim: one simulated site of the assurability service, with faults on command. It is the other side of
// a differential test: it shares no code with garde. Prints one JSON line with its addresses when it is
// ready; ends on SIGTERM or SIGINT.
#include "control.hpp"
#include "server.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json.hpp>
#include <libxml/parser.h>

#include <charconv>
#include <csignal>
#include <iostream>
#include <stdexcept>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

struct options {
    std::string listen = "127.0.0.1:9441";
    std::string control = "127.0.0.1:0";
    std::string certificate;
    std::string key;
    std::string client_ca;
    bool plain = false;
    sim::site_options site;
};

/// ADDRESS:PORT, an IPv6 address in brackets.
tcp::endpoint read_endpoint(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == text.npos) throw std::invalid_argument("ADDRESS:PORT is needed, not " + std::string(text));
    auto host = text.substr(0, colon);
    const auto port_text = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto read = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
    if (read.ec != std::errc() || read.ptr != port_text.data() + port_text.size()) {
        throw std::invalid_argument("not a port: " + std::string(port_text));
    }
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return {asio::ip::make_address(std::string(host)), port};
}

std::string to_text(const tcp::endpoint& at) {
    const auto host = at.address().to_string();
    return (at.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(at.port());
}

void prepare(asio::ssl::context& tls, const options& with) {
    tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                    asio::ssl::context::no_tlsv1_1);
    tls.use_certificate_chain_file(with.certificate);
    tls.use_private_key_file(with.key, asio::ssl::context::pem);
    if (!with.client_ca.empty()) {
        tls.load_verify_file(with.client_ca);
        tls.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
        constexpr std::string_view id = "garde-sim";
        SSL_CTX_set_session_id_context(tls.native_handle(), reinterpret_cast<const unsigned char*>(id.data()),
                                       static_cast<unsigned>(id.size()));
    }
}

void run(const options& with) {
    asio::io_context io(1);
    asio::ssl::context tls(asio::ssl::context::tls_server);
    if (!with.plain) prepare(tls, with);
    sim::site site(with.site);
    sim::server server(io, site, with.plain ? nullptr : &tls);
    sim::control control(io, site, server);
    server.start(read_endpoint(with.listen));
    const auto control_at = control.start(read_endpoint(with.control));

    asio::signal_set signals(io, SIGTERM, SIGINT);
    signals.async_wait([&io](boost::system::error_code error, int) {
        if (!error) io.stop();
    });
    std::cout << boost::json::serialize(boost::json::object{{"site", with.site.name},
                                                            {"listen", to_text(server.address())},
                                                            {"control", to_text(control_at)}})
              << std::endl;
    io.run();
}

}  // namespace

int main(int argc, char** argv) {
    options with;
    CLI::App app("One simulated site of the assurability service, with faults on command");
    app.add_option("--listen", with.listen, "ADDRESS:PORT; port 0 takes a free one");
    app.add_option("--control", with.control, "ADDRESS:PORT of the control port");
    auto* plain = app.add_flag("--plain", with.plain, "no TLS");
    auto* certificate = app.add_option("--certificate", with.certificate, "PEM, leaf first")->excludes(plain);
    auto* key = app.add_option("--key", with.key, "PEM")->excludes(plain);
    certificate->needs(key);
    key->needs(certificate);
    app.add_option("--client-ca", with.client_ca, "PEM; client certificates are then required")
        ->excludes(plain);
    app.add_option("--site", with.site.name, "in X-Sim-Site of each answer");
    app.add_option("--probe-nihii", with.site.probe_nihii, "consults of this provider are probes");
    app.add_option("--probe-path", with.site.probe_path, "GET and HEAD on this path are probes");
    app.add_option("--replay-folder", with.site.replay_folder,
                   "shared by sites that share their replay memory");
    app.add_option("--seed", with.site.seed, "of what faults leave to chance");
    CLI11_PARSE(app, argc, argv);
    if (!with.plain && with.certificate.empty()) {
        std::cerr << "garde-sim: give --certificate and --key, or --plain\n";
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    xmlInitParser();
    try {
        run(with);
    } catch (const std::exception& error) {
        std::cerr << "garde-sim: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
