// [service.probe], [service.backend.probe] and [service.shallow_probe]: whom they are for, what is refused,
// and with which words.
#include "support.hpp"

#include <gtest/gtest.h>

namespace garde::config {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto heading = "[service.probe]\n";

/// The only problem of a configuration with this one change is an error in the line of `new_text`.
void expect_error(const std::string& old_text, const std::string& new_text, const std::string& what,
                  const std::string& instead) {
    const workspace here;
    const auto text = changed(old_text, new_text);
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, new_text), what, instead)))
        << new_text;
}

/// good_config() with this [service.probe] instead of its own.
std::string with_probe(const std::string& lines) {
    auto text = good_config();
    const auto at = text.find(heading);
    text.erase(at, text.find("\n[service.switchover]") - at);
    return text.insert(at, lines);
}

/// The same, with tables behind the backup, or behind the probe.
std::string with_backup_probe(const std::string& lines) {
    return changed("storage = \"san-b\" }\n", "storage = \"san-b\" }\n" + lines);
}
std::string with_shallow(const std::string& lines) {
    return changed("\n[service.switchover]",
                   "\n[service.shallow_probe]\n" + lines + "\n[service.switchover]");
}

const std::string plain_backup = "tls = false\n";
/// good_config() with a backup that is reached without TLS.
std::string with_plain_backup(const std::string& text) {
    auto out = changed(text, "address = \"dc2.test:443\"\nca = \"backend-ca.pem\"\n",
                       "address = \"127.0.0.1:9442\"\n" + plain_backup);
    return out;
}

TEST(probes, without_a_type_each_backend_is_probed_as_it_is_reached) {
    const workspace here;
    for (const auto* lines : {"", "[service.probe]\ninterval = \"3s\"\n"}) {
        const auto got = here.load_good(with_plain_backup(with_probe(lines)));
        ASSERT_TRUE(got);
        const auto& backends = got->services.at(0).backends;
        EXPECT_EQ(backends.at(0).probe.type, probe_type::tls) << lines;
        EXPECT_EQ(backends.at(1).probe.type, probe_type::tcp) << lines;
        EXPECT_EQ(backends.at(1).probe.interval, *lines == 0 ? 2s : 3s);
    }
}

TEST(probes, a_type_that_is_written_is_for_all) {
    const workspace here;
    const auto got = here.load_good(with_probe("[service.probe]\ntype = \"tcp\"\n"));
    ASSERT_TRUE(got);
    for (const auto& backend : got->services.at(0).backends) EXPECT_EQ(backend.probe.type, probe_type::tcp);
}

TEST(probes, a_handshake_needs_tls) {
    const workspace here;
    const auto text = with_plain_backup(with_probe("[service.probe]\ntype = \"tls\"\n"));
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "type = \"tls\""),
                                     "[service.probe] type = \"tls\" cannot be for backend \"dc2\"",
                                     "type = \"tcp\"")));
}

TEST(probes, a_backend_may_have_its_own) {
    const workspace here;
    const auto got =
        here.load_good(with_backup_probe("[service.backend.probe]\ntype = \"http\"\npath = "
                                         "\"/alive\"\ninterval = \"10s\"\nrise = 7\nfall = 9\n"));
    ASSERT_TRUE(got);
    const auto& backends = got->services.at(0).backends;
    EXPECT_EQ(backends.at(0).probe.type, probe_type::soap);
    EXPECT_EQ(backends.at(0).probe.rise, probe_settings().rise);
    const auto& own = backends.at(1).probe;
    EXPECT_EQ(own.type, probe_type::http);
    EXPECT_EQ(own.path, "/alive");
    EXPECT_EQ(own.interval, 10s);
    EXPECT_EQ(own.timeout, probe_settings().timeout) << "nothing comes from [service.probe]";
    EXPECT_EQ(own.rise, 7);
    EXPECT_EQ(own.fall, 9);
}

TEST(probes, a_mistake_in_a_backend_s_own_is_named_there) {
    const workspace here;
    const auto text =
        with_backup_probe("[service.backend.probe]\ntype = \"soap\"\nexpect_fault = \"SOA-01001\"\n");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "[service.backend.probe]"),
                                     "[service.backend.probe] body_file is missing", "add body_file")));
}

TEST(probes, a_shallow_one_is_beside_the_other) {
    const workspace here;
    const auto got = here.load_good(with_shallow("interval = \"4s\"\nfall = 5\n"));
    ASSERT_TRUE(got);
    for (const auto& backend : got->services.at(0).backends) {
        ASSERT_TRUE(backend.shallow_probe) << backend.name;
        EXPECT_EQ(backend.shallow_probe->type, probe_type::tls);
        EXPECT_EQ(backend.shallow_probe->interval, 4s);
        EXPECT_EQ(backend.shallow_probe->fall, 5);
        EXPECT_EQ(backend.probe.type, probe_type::soap);
    }
}

TEST(probes, a_shallow_one_that_is_not_shallow) {
    const workspace here;
    auto text = with_shallow("type = \"tls\"\n");
    text = changed(text, "storage = \"san-b\" }\n",
                   "storage = \"san-b\" }\n[service.backend.probe]\ntype = \"tcp\"\n");
    EXPECT_THAT(
        here.problems_of(text),
        ElementsAre(warning_at(line_of(text, "type = \"tls\""),
                               "[service.shallow_probe] asks as much of backend \"dc2\"", "asks less")));
}

TEST(probes, the_intervals_follow_the_normal_one) {
    const workspace here;
    const auto paces = [&](const std::string& interval) {
        const auto got =
            here.load_good(with_probe("[service.probe]\ntimeout = \"50ms\"\njitter = \"0ms\"\n" + interval));
        return got ? got->services.at(0).backends.at(0).probe : probe_settings();
    };
    EXPECT_EQ(paces("").fast_interval, 500ms);
    EXPECT_EQ(paces("").slow_interval, 4s);
    EXPECT_EQ(paces("interval = \"10s\"").fast_interval, 2500ms);
    EXPECT_EQ(paces("interval = \"10s\"").slow_interval, 20s);
    EXPECT_EQ(paces("interval = \"100ms\"").fast_interval, 50ms) << "never below what may be written";
    const auto own = paces("interval = \"2s\"\nfast_interval = \"60ms\"\nslow_interval = \"1m\"");
    EXPECT_EQ(own.fast_interval, 60ms) << "may be shorter than the timeout";
    EXPECT_EQ(own.slow_interval, 1min);
}

TEST(probes, intervals_in_the_wrong_order) {
    expect_error("timeout = \"500ms\"", "fast_interval = \"1001ms\"\ntimeout = \"500ms\"",
                 "fast_interval is longer than interval = \"1s\"", "a quarter");
    expect_error("timeout = \"500ms\"", "slow_interval = \"999ms\"\ntimeout = \"500ms\"",
                 "slow_interval is shorter than interval = \"1s\"", "twice");
    expect_error("timeout = \"500ms\"", "fast_interval = \"49ms\"\ntimeout = \"500ms\"", "out of range",
                 "from 50ms");
}

TEST(probes, an_xpath_instead_of_an_element) {
    const workspace here;
    const auto got =
        here.load_good(changed("expect_element = \"ping\"", "expect_xpath = \"//*[local-name()='ping']\""));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->services.at(0).backends.at(0).probe.expect_xpath, "//*[local-name()='ping']");
}

TEST(probes, an_xpath_that_cannot_be_asked) {
    expect_error("expect_element = \"ping\"", "expect_xpath = \"//Status[\"", "expect_xpath is not XPath 1.0",
                 "e.g. //Status");
    expect_error("expect_element = \"ping\"", "expect_xpath = \"//p:Status\"", "has the prefix \"p\"",
                 "local-name()");
    expect_error("expect_element = \"ping\"", "expect_xpath = \"count(//Status)\"",
                 "a value instead of nodes", "condition of a path");
}

TEST(probes, a_message_with_placeholders) {
    const workspace here;
    const std::string begin =
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><ping>";
    const std::string end = "</ping></s:Body></s:Envelope>";
    here.write("probe.xml", begin + "{timestamp} {date} {uuid}" + end);
    EXPECT_THAT(here.problems_of(good_config()), ElementsAre());
    here.write("probe.xml", begin + "{timestmp}" + end);
    EXPECT_THAT(
        here.problems_of(good_config()),
        ElementsAre(warning_at(line_of(good_config(), "probe.xml"),
                               "has {timestmp}, which is sent as it stands", "{timestamp}, {date}, {uuid}")));
}

TEST(probes, a_soap_probe_without_its_message) {
    const workspace here;
    const auto text = changed("body_file = \"probe.xml\"\n", "");
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, "[service.probe]"),
                                                             "body_file is missing", "add body_file")));
}

TEST(probes, a_probe_message_that_is_not_there) {
    expect_error("body_file = \"probe.xml\"", "body_file = \"none.xml\"", "none.xml does not exist",
                 "correct the path");
}

TEST(probes, a_probe_message_that_is_not_soap) {
    const workspace here;
    here.write("probe.xml", "<ping/>");
    EXPECT_THAT(here.problems_of(good_config()),
                ElementsAre(error_at(line_of(good_config(), "probe.xml"), "not a complete SOAP 1.1 envelope",
                                     "Envelope")));
}

TEST(probes, a_soap_probe_that_expects_two_things) {
    const workspace here;
    const auto text =
        changed("expect_element = \"ping\"\n", "expect_element = \"ping\"\nexpect_fault = \"SOA-03001\"\n");
    EXPECT_THAT(
        here.problems_of(text),
        ElementsAre(error_at(line_of(text, "expect_fault"), "together with expect_element", "keep the one")));
}

TEST(probes, a_soap_probe_that_expects_nothing) {
    const workspace here;
    const auto text = changed("expect_element = \"ping\"\n", "");
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, "type = \"soap\""),
                                                             "expects nothing", "add expect_element")));
}

TEST(probes, settings_of_a_soap_probe_in_another) {
    const workspace here;
    const auto text = changed("type = \"soap\"", "type = \"tcp\"");
    EXPECT_THAT(
        here.problems_of(text),
        ElementsAre(error_at(line_of(text, "path = \"/probe\""), "no use in a tcp probe", "remove it"),
                    error_at(line_of(text, "body_file"), "no use in a tcp probe", "remove it"),
                    error_at(line_of(text, "expect_element"), "no use in a tcp probe", "remove it")));
}

TEST(probes, a_probe_path_without_slash) {
    expect_error("path = \"/probe\"", "path = \"probe\"", "does not begin with '/'", "write e.g.");
}

TEST(probes, a_probe_that_outlives_its_interval) {
    expect_error("timeout = \"500ms\"", "timeout = \"3s\"", "is longer than interval", "shorten timeout");
}

TEST(probes, a_probe_interval_below_the_default_timeout) {
    const workspace here;
    auto text = changed("timeout = \"500ms\"\n", "");
    text = changed(text, "interval = \"1s\"", "interval = \"500ms\"");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "interval"), "timeout is longer than interval",
                                     "lengthen interval")));
}

TEST(probes, a_jitter_longer_than_the_interval) {
    expect_error("timeout = \"500ms\"", "jitter = \"2s\"\ntimeout = \"500ms\"", "jitter is longer",
                 "a tenth");
}

}  // namespace
}  // namespace garde::config
