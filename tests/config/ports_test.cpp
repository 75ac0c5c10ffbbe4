// check_ports: with ports that the system chose, so that tests never meet.
#include "support.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace garde::config {
namespace {

using namespace testing_support;
using testing::ElementsAre;
using testing::IsEmpty;

/// Listens on a free loopback port for as long as it lives.
class taken_port {
  public:
    taken_port() : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* plain = reinterpret_cast<sockaddr*>(&address);
        if (bind(descriptor_, plain, size) == 0 && listen(descriptor_, 1) == 0 &&
            getsockname(descriptor_, plain, &size) == 0)
            port_ = ntohs(address.sin_port);
    }
    ~taken_port() { close(descriptor_); }
    taken_port(const taken_port&) = delete;
    taken_port& operator=(const taken_port&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    int descriptor_;
    std::uint16_t port_ = 0;
};

std::uint16_t free_port() {
    return taken_port().port();
}

settings with_ports(std::uint16_t listener, std::uint16_t admin, std::uint16_t status) {
    settings out;
    out.file = "/etc/garde/garde.toml";
    out.listener.address = {.host = "127.0.0.1", .port = listener, .line = 5};
    out.admin.address = {.host = "127.0.0.1", .port = admin, .line = 15};
    out.status.address = {.host = "127.0.0.1", .port = status, .line = 25};
    return out;
}

TEST(ports, free_ports_are_no_problem) {
    EXPECT_THAT(check_ports(with_ports(free_port(), free_port(), free_port())), IsEmpty());
}

TEST(ports, a_port_in_use_is_told_with_the_line_of_its_address) {
    const taken_port taken;
    ASSERT_NE(taken.port(), 0);
    const auto found = check_ports(with_ports(free_port(), taken.port(), free_port()));
    EXPECT_THAT(found, ElementsAre(error_at(
                           15, "[admin] cannot listen on 127.0.0.1 port " + std::to_string(taken.port()),
                           "ss -ltnp")));
    EXPECT_EQ(found.at(0).file, "/etc/garde/garde.toml");
}

TEST(ports, the_metrics_port_is_tried_where_there_is_one) {
    const taken_port taken;
    auto value = with_ports(free_port(), free_port(), free_port());
    value.metrics = metrics_settings{{.host = "127.0.0.1", .port = taken.port(), .line = 35}};
    EXPECT_THAT(check_ports(value), ElementsAre(error_at(35, "[metrics] cannot listen on", "ss -ltnp")));
}

TEST(ports, an_address_of_another_machine) {
    auto value = with_ports(free_port(), free_port(), free_port());
    value.status.address.host = "192.0.2.1";  // RFC 5737: for documentation, on no machine
    EXPECT_THAT(check_ports(value),
                ElementsAre(error_at(25, "[status] cannot listen on 192.0.2.1", "of this machine")));
}

TEST(ports, the_check_leaves_the_ports_free) {
    const auto value = with_ports(free_port(), free_port(), free_port());
    EXPECT_THAT(check_ports(value), IsEmpty());
    EXPECT_THAT(check_ports(value), IsEmpty());
}

}  // namespace
}  // namespace garde::config
