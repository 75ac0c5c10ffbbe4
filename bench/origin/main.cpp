// garde-origin: the backend of the benchmarks. Prints one JSON line with its ports when it is ready; ends
// when it is told to (SIGTERM).
#include "bench/common/consult.hpp"
#include "server.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace {

constexpr std::size_t reply_bytes = 4096;

struct options {
    std::string certificate;
    std::string key;
    std::string reply;
    int ports = 2;
    bool echo = false;
};

std::expected<std::vector<std::uint16_t>, std::string> open_ports(origin::server& on, int count,
                                                                  SSL_CTX* tls) {
    std::vector<std::uint16_t> out;
    for (int i = 0; i < count; ++i) {
        const auto port = on.listen(tls);
        if (!port) return std::unexpected(port.error());
        out.push_back(*port);
    }
    return out;
}

std::expected<void, std::string> run(const options& with) {
    std::ifstream file(with.reply, std::ios::binary);
    // What is lengthened or shortened is the opaque attribute at the end of the fixture.
    const auto reply = bench::resized(std::string(std::istreambuf_iterator<char>(file), {}),
                                      "saml:AttributeValue", reply_bytes);
    if (!reply) return std::unexpected(with.reply + ": " + reply.error());
    const auto tls = bench::server_context(with.certificate, with.key);
    if (!tls) return std::unexpected(tls.error());
    using patient = origin::server::patient;
    origin::server server(*reply, with.echo ? patient::of_the_question : patient::of_the_reply);
    const auto plain_ports = open_ports(server, with.ports, nullptr);
    if (!plain_ports) return std::unexpected(plain_ports.error());
    const auto tls_ports = open_ports(server, with.ports, tls->get());
    if (!tls_ports) return std::unexpected(tls_ports.error());
    fmt::print("{{\"plain\":[{}],\"tls\":[{}]}}\n", fmt::join(*plain_ports, ","), fmt::join(*tls_ports, ","));
    std::fflush(stdout);
    server.run();
}

}  // namespace

int main(int argc, char** argv) {
    options with;
    CLI::App app("The backend of garde's benchmarks: one answer to everything, at once");
    app.add_option("--certificate", with.certificate, "PEM, leaf first")->required();
    app.add_option("--key", with.key, "PEM")->required();
    app.add_option("--reply", with.reply, "the SOAP answer; it is made 4 KiB long")->required();
    app.add_option("--ports", with.ports, "how many plain ports, and as many with TLS");
    app.add_flag("--echo", with.echo, "a reply is about the patient of its question");
    CLI11_PARSE(app, argc, argv);
    std::signal(SIGPIPE, SIG_IGN);
    if (const auto ran = run(with); !ran) {
        fmt::print(stderr, "garde-origin: {}\n", ran.error());
        return 1;
    }
    return 0;
}
