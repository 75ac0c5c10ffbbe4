// The framing guard: whole requests and responses that must be refused or accepted, and its parts by
// themselves.
#include "garde/http/framing_guard.hpp"

#include "drive.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>

namespace garde::http {
namespace {

using namespace std::string_literals;
using test::read_requests;
using test::read_responses;

struct verdict_case {
    const char* name;
    std::string raw;
    int status;        ///< 0: accepted
    const char* what;  ///< part of the explanation
};

void PrintTo(const verdict_case& c, std::ostream* out) {
    *out << c.name;
}

std::string case_name(const testing::TestParamInfo<verdict_case>& info) {
    return info.param.name;
}

/// A request with these field lines behind a good Host.
std::string with_fields(std::string_view fields, std::string_view behind = "") {
    return "POST /s HTTP/1.1\r\nHost: a.test\r\n" + std::string(fields) + "\r\n" + std::string(behind);
}

std::string with_host(std::string_view host) {
    return "GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
}

std::string with_start(std::string_view start) {
    return std::string(start) + "\r\nHost: a.test\r\n\r\n";
}

std::string repeated(std::string_view text, int times) {
    std::string out;
    for (; times > 0; --times) out += text;
    return out;
}

class refused_request : public testing::TestWithParam<verdict_case> {};

TEST_P(refused_request, with_status_and_reason) {
    const auto t = read_requests({GetParam().raw});
    EXPECT_TRUE(t.messages.empty());
    EXPECT_EQ(t.error_status, GetParam().status) << t;
    EXPECT_NE(t.error_what.find(GetParam().what), std::string::npos) << t;
}

TEST_P(refused_request, byte_by_byte_too) {
    const auto t = read_requests(test::single_bytes(GetParam().raw));
    EXPECT_TRUE(t.messages.empty());
    EXPECT_EQ(t.error_status, GetParam().status) << t;
    EXPECT_NE(t.error_what.find(GetParam().what), std::string::npos) << t;
}

INSTANTIATE_TEST_SUITE_P(
    framing, refused_request,
    testing::Values(
        verdict_case{"length_and_chunked",
                     with_fields("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "abc"), 400,
                     "Transfer-Encoding"},
        verdict_case{"chunked_and_length",
                     with_fields("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "abc"), 400,
                     "Content-Length"},
        verdict_case{"unknown_coding_and_length",
                     with_fields("Transfer-Encoding: x\r\nContent-Length: 3\r\n", "abc"), 400,
                     "Content-Length together with Transfer-Encoding"},
        verdict_case{"two_different_lengths",
                     with_fields("Content-Length: 3\r\nContent-Length: 4\r\n", "abc"), 400,
                     "more than one Content-Length"},
        verdict_case{"two_equal_lengths", with_fields("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"),
                     400, "more than one Content-Length"},
        verdict_case{"list_of_lengths", with_fields("Content-Length: 3, 3\r\n", "abc"), 400,
                     "Content-Length"},
        verdict_case{"length_with_plus", with_fields("Content-Length: +3\r\n", "abc"), 400, "Content-Length"},
        verdict_case{"length_with_minus", with_fields("Content-Length: -3\r\n", "abc"), 400,
                     "Content-Length"},
        verdict_case{"length_in_hex", with_fields("Content-Length: 0x3\r\n", "abc"), 400, "Content-Length"},
        verdict_case{"length_with_unit", with_fields("Content-Length: 3 bytes\r\n", "abc"), 400,
                     "Content-Length"},
        verdict_case{"length_with_inner_space", with_fields("Content-Length: 1 2\r\n", "abc"), 400,
                     "Content-Length"},
        verdict_case{"length_empty", with_fields("Content-Length:\r\n", "abc"), 400, "Content-Length"},
        verdict_case{"length_overflows", with_fields("Content-Length: 18446744073709551616\r\n"), 400,
                     "Content-Length"},
        verdict_case{"length_with_comma_behind", with_fields("Content-Length: 3,\r\n", "abc"), 400,
                     "Content-Length"},
        verdict_case{"length_with_underscore", with_fields("Content_Length: 3\r\n"), 400, "underscore"},
        verdict_case{"coding_with_underscore", with_fields("Transfer_Encoding: chunked\r\n"), 400,
                     "underscore"},
        verdict_case{"chunked_twice",
                     with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400,
                     "Transfer-Encoding"},
        verdict_case{"chunked_twice_in_a_list", with_fields("Transfer-Encoding: chunked, chunked\r\n"), 400,
                     "Transfer-Encoding"},
        verdict_case{"chunked_not_final", with_fields("Transfer-Encoding: chunked, gzip\r\n"), 400,
                     "Transfer-Encoding"},
        verdict_case{"chunked_behind_gzip", with_fields("Transfer-Encoding: gzip, chunked\r\n"), 400,
                     "Transfer-Encoding"},
        verdict_case{"codings_in_two_lines",
                     with_fields("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), 400,
                     "Transfer-Encoding"},
        verdict_case{"identity", with_fields("Transfer-Encoding: identity\r\n"), 400, "Transfer-Encoding"},
        verdict_case{"unknown_coding", with_fields("Transfer-Encoding: xchunked\r\n"), 400,
                     "Transfer-Encoding"},
        verdict_case{"chunked_with_parameter", with_fields("Transfer-Encoding: chunked;q=1\r\n"), 400,
                     "Transfer-Encoding"},
        verdict_case{"chunked_in_quotes", with_fields("Transfer-Encoding: \"chunked\"\r\n"), 400,
                     "Transfer-Encoding"},
        verdict_case{"chunked_with_vertical_tab", with_fields("Transfer-Encoding: \vchunked\r\n"), 400,
                     "control byte"},
        verdict_case{"coding_empty", with_fields("Transfer-Encoding:\r\n"), 400, "Transfer-Encoding"},
        verdict_case{"chunked_in_http10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                     400, "HTTP/1.0"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    bytes, refused_request,
    testing::Values(
        verdict_case{"folded_value", with_fields("X-A: 1\r\n 2\r\n"), 400, "folded line (line 4"},
        verdict_case{"folded_with_tab", with_fields("X-A: 1\r\n\t2\r\n"), 400, "folded line"},
        verdict_case{"folded_coding", with_fields("Transfer-Encoding:\r\n chunked\r\n"), 400, "folded line"},
        verdict_case{"space_before_first_field", "GET / HTTP/1.1\r\n Host: a.test\r\n\r\n", 400,
                     "folded line (line 2"},
        verdict_case{"bare_lf_behind_start", "GET / HTTP/1.1\nHost: a.test\r\n\r\n", 400, "bare LF (line 1"},
        verdict_case{"bare_lf_behind_field", with_fields("X-A: 1\nX-B: 2\r\n"), 400, "bare LF (line 3"},
        verdict_case{"bare_lf_as_end", "GET / HTTP/1.1\r\nHost: a.test\r\n\n", 400, "bare LF"},
        verdict_case{"bare_cr_in_value", with_fields("X-A: 1\rX-B: 2\r\n"), 400, "bare CR (line 3"},
        verdict_case{"bare_cr_in_target", with_start("GET /\rx HTTP/1.1"), 400, "bare CR"},
        verdict_case{"two_cr_behind_field", with_fields("X-A: 1\r\r\n"), 400, "bare CR"},
        verdict_case{"nul_in_value", with_fields("X-A: 1\0002\r\n"s), 400, "control byte (line 3"},
        verdict_case{"nul_in_name", with_fields("X\0A: 1\r\n"s), 400, "control byte"},
        verdict_case{"nul_in_target", with_start("GET /\0 HTTP/1.1"s), 400, "control byte"},
        verdict_case{"delete_in_value", with_fields("X-A: 1\x7F\r\n"), 400, "control byte"},
        verdict_case{"backspace_in_value", with_fields("X-A: 1\b\r\n"), 400, "control byte"},
        verdict_case{"escape_in_value", with_fields("X-A: \x1B[0m\r\n"), 400, "control byte"},
        verdict_case{"form_feed_in_name", with_fields("X-A\f: 1\r\n"), 400, "control byte"},
        verdict_case{"tls_hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03"s, 400, "control byte"},
        verdict_case{"two_empty_lines_first", "\r\n\r\n" + with_host("a.test"), 400, "empty start line"},
        verdict_case{"start_begins_with_space", with_start(" GET / HTTP/1.1"), 400, "white space"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    syntax, refused_request,
    testing::Values(
        verdict_case{"space_before_colon", with_fields("Content-Length : 3\r\n", "abc"), 400, "field name"},
        verdict_case{"tab_before_colon", with_fields("Transfer-Encoding\t: chunked\r\n"), 400, "field name"},
        verdict_case{"space_inside_name", with_fields("X A: 3\r\n"), 400, "field name"},
        verdict_case{"empty_name", with_fields(": 3\r\n"), 400, "field name"},
        verdict_case{"no_colon", with_fields("X-A\r\n"), 400, "field name"},
        verdict_case{"name_not_ascii", with_fields("X-\xC3\xA9: 3\r\n"), 400, "field name"},
        verdict_case{"name_in_brackets", with_fields("[X]: 3\r\n"), 400, "field name"},
        verdict_case{"method_not_a_token", with_start("GE(T / HTTP/1.1"), 400, "method"},
        verdict_case{"no_method", with_start("/ HTTP/1.1"), 400, "method"},
        verdict_case{"no_target", with_start("GET  HTTP/1.1"), 400, "target"},
        verdict_case{"method_only", with_start("GET"), 400, "method"},
        verdict_case{"two_spaces_before_version", with_start("GET /  HTTP/1.1"), 400, "version"},
        verdict_case{"space_in_target", with_start("GET /a b HTTP/1.1"), 400, "version"},
        verdict_case{"tab_as_separator", with_start("GET\t/ HTTP/1.1"), 400, "method"},
        verdict_case{"no_version", with_start("GET /"), 400, "target"},
        verdict_case{"space_behind_version", with_start("GET / HTTP/1.1 "), 400, "version"},
        verdict_case{"version_in_lower_case", with_start("GET / http/1.1"), 400, "version"},
        verdict_case{"version_of_two_digits", with_start("GET / HTTP/1.10"), 400, "version"},
        verdict_case{"version_not_http", with_start("GET / ICAP/1.0"), 400, "version"},
        verdict_case{"version_cut_off", "GET / HTT\r\n\r\n", 400, "start line"},
        verdict_case{"target_without_slash", with_start("GET a HTTP/1.1"), 400, "target"},
        verdict_case{"target_of_another_scheme", with_start("GET ftp://a.test/ HTTP/1.1"), 400, "target"},
        verdict_case{"target_with_fragment", with_start("GET /a#b HTTP/1.1"), 400, "fragment"},
        verdict_case{"asterisk_with_get", with_start("GET * HTTP/1.1"), 400, "target"},
        verdict_case{"authority_with_get", with_start("GET a.test:443 HTTP/1.1"), 400, "target"},
        verdict_case{"target_with_utf8", with_start("GET /caf\xC3\xA9 HTTP/1.1"), 400, "non-ASCII"},
        verdict_case{"trace", with_start("TRACE / HTTP/1.1"), 501, "TRACE"},
        verdict_case{"connect", with_start("CONNECT a.test:443 HTTP/1.1"), 501, "CONNECT"},
        verdict_case{"version_2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "not supported"},
        verdict_case{"version_1_2", with_start("GET / HTTP/1.2"), 505, "not supported"},
        verdict_case{"version_0_9", with_start("GET / HTTP/0.9"), 505, "not supported"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    host, refused_request,
    testing::Values(
        verdict_case{"host_missing", "GET / HTTP/1.1\r\nX-A: 1\r\n\r\n", 400, "no Host"},
        verdict_case{"host_twice", "GET / HTTP/1.1\r\nHost: a.test\r\nHost: a.test\r\n\r\n", 400,
                     "more than one Host"},
        verdict_case{"host_twice_in_http10", "GET / HTTP/1.0\r\nHost: a.test\r\nhost: b.test\r\n\r\n", 400,
                     "more than one Host"},
        verdict_case{"host_empty", with_host(""), 400, "malformed Host"},
        verdict_case{"host_with_path", with_host("a.test/x"), 400, "malformed Host"},
        verdict_case{"host_with_user", with_host("u@a.test"), 400, "malformed Host"},
        verdict_case{"host_list", with_host("a.test, b.test"), 400, "malformed Host"},
        verdict_case{"host_with_space", with_host("a.test b.test"), 400, "malformed Host"},
        verdict_case{"host_percent_encoded", with_host("a%2etest"), 400, "malformed Host"},
        verdict_case{"host_port_only", with_host(":443"), 400, "malformed Host"},
        verdict_case{"host_port_not_a_number", with_host("a.test:https"), 400, "malformed Host"},
        verdict_case{"host_port_too_large", with_host("a.test:65536"), 400, "malformed Host"},
        verdict_case{"host_two_ports", with_host("a.test:443:443"), 400, "malformed Host"},
        verdict_case{"host_bracket_open", with_host("[::1"), 400, "malformed Host"},
        verdict_case{"host_brackets_empty", with_host("[]"), 400, "malformed Host"},
        verdict_case{"host_behind_bracket", with_host("[::1]x"), 400, "malformed Host"},
        verdict_case{"authority_of_another_host", with_start("GET http://b.test/ HTTP/1.1"), 400,
                     "authority"},
        verdict_case{"authority_of_another_port", with_start("GET http://a.test:81/ HTTP/1.1"), 400,
                     "authority"},
        verdict_case{"authority_with_user", with_start("GET http://u@a.test/ HTTP/1.1"), 400, "authority"},
        verdict_case{"authority_empty", with_start("GET http:///x HTTP/1.1"), 400, "authority"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    chunks, refused_request,
    testing::Values(
        verdict_case{"chunk_size_missing", with_fields("Transfer-Encoding: chunked\r\n", "\r\nabc\r\n"), 400,
                     "chunk"},
        verdict_case{"chunk_size_not_hex", with_fields("Transfer-Encoding: chunked\r\n", "x\r\nabc\r\n"), 400,
                     "chunk"},
        verdict_case{"chunk_size_with_prefix",
                     with_fields("Transfer-Encoding: chunked\r\n", "0x3\r\nabc\r\n0\r\n\r\n"), 400, "chunk"},
        verdict_case{"chunk_size_negative", with_fields("Transfer-Encoding: chunked\r\n", "-3\r\nabc\r\n"),
                     400, "chunk"},
        verdict_case{"chunk_size_with_space", with_fields("Transfer-Encoding: chunked\r\n", "3 \r\nabc\r\n"),
                     400, "chunk"},
        verdict_case{"chunk_size_overflows",
                     with_fields("Transfer-Encoding: chunked\r\n", "10000000000000003\r\nabc\r\n"), 400,
                     "chunk"},
        verdict_case{"chunk_size_of_many_zeros",
                     with_fields("Transfer-Encoding: chunked\r\n", "00000000000000003\r\nabc\r\n0\r\n\r\n"),
                     400, "chunk size too long"},
        verdict_case{"chunk_longer_than_its_size",
                     with_fields("Transfer-Encoding: chunked\r\n", "2\r\nabc\r\n0\r\n\r\n"), 400, "chunk"},
        verdict_case{"chunk_line_with_bare_lf",
                     with_fields("Transfer-Encoding: chunked\r\n", "3\nabc\r\n0\r\n\r\n"), 400, "chunk"},
        verdict_case{"chunk_line_with_bare_cr",
                     with_fields("Transfer-Encoding: chunked\r\n", "3\rabc\r\n0\r\n\r\n"), 400, "bare CR"},
        verdict_case{"chunk_extension_with_lf_in_quotes",
                     with_fields("Transfer-Encoding: chunked\r\n", "3;a=\"\n\"\r\nabc\r\n0\r\n\r\n"), 400,
                     "chunk"},
        verdict_case{"chunk_extension_without_name",
                     with_fields("Transfer-Encoding: chunked\r\n", "3;=1\r\nabc\r\n0\r\n\r\n"), 400,
                     "chunk extension"},
        verdict_case{"trailer_with_length",
                     with_fields("Transfer-Encoding: chunked\r\n", "0\r\nContent-Length: 5\r\n\r\n"), 400,
                     "Content-Length"},
        verdict_case{"trailer_with_coding",
                     with_fields("Transfer-Encoding: chunked\r\n", "0\r\nTransfer-Encoding: chunked\r\n\r\n"),
                     400, "Transfer-Encoding"},
        verdict_case{
            "trailer_folded",
            with_fields("Trailer: X-A\r\nTransfer-Encoding: chunked\r\n", "0\r\nX-A: 1\r\n 2\r\n\r\n"), 400,
            "folded line"},
        verdict_case{"trailer_malformed",
                     with_fields("Transfer-Encoding: chunked\r\n", "0\r\nX A: 1\r\n\r\n"), 400, "field name"},
        verdict_case{"chunk_line_with_bare_lf_and_no_end",
                     with_fields("Transfer-Encoding: chunked\r\n", "3\nabc"), 400, "chunk"},
        verdict_case{"chunk_extension_with_quotes_left_open",
                     with_fields("Transfer-Encoding: chunked\r\n", "3;a=\"\r\nabc\r\n0\r\n\r\n"), 400,
                     "quotes"},
        verdict_case{"last_chunk_extension_with_quotes_left_open",
                     with_fields("Transfer-Encoding: chunked\r\n", "0;a=\"b\\\"\r\n\r\n"), 400, "quotes"},
        verdict_case{"chunk_size_with_underscore",
                     with_fields("Transfer-Encoding: chunked\r\n", "1_0\r\nabc\r\n"), 400, "chunk"},
        verdict_case{"chunk_size_with_plus", with_fields("Transfer-Encoding: chunked\r\n", "+3\r\nabc\r\n"),
                     400, "chunk"},
        verdict_case{"chunk_size_behind_space",
                     with_fields("Transfer-Encoding: chunked\r\n", " 3\r\nabc\r\n"), 400, "chunk"},
        verdict_case{"trailer_unannounced",
                     with_fields("Transfer-Encoding: chunked\r\n", "0\r\nX-A: 1\r\n\r\n"), 400, "announced"},
        verdict_case{"trailer_other_than_announced",
                     with_fields("Trailer: X-A, X-AB\r\nTransfer-Encoding: chunked\r\n",
                                 "0\r\nX-A: 1\r\nX-B: 2\r\n\r\n"),
                     400, "announced"},
        verdict_case{"trailers_too_many",
                     with_fields("Trailer: X\r\nTransfer-Encoding: chunked\r\n",
                                 "0\r\n" + repeated("X: 1\r\n", 33) + "\r\n"),
                     400, "too many trailers"}),
    case_name);

class accepted_request : public testing::TestWithParam<verdict_case> {};

TEST_P(accepted_request, whole) {
    const auto t = read_requests({GetParam().raw});
    EXPECT_EQ(t.messages.size(), 1U) << t;
    EXPECT_EQ(t.error_status, 0) << t;
    EXPECT_FALSE(t.inside);
}

INSTANTIATE_TEST_SUITE_P(
    all, accepted_request,
    testing::Values(
        verdict_case{"plain", with_host("a.test"), 0, ""},
        verdict_case{"port", with_host("a.test:8443"), 0, ""},
        verdict_case{"empty_port", with_host("a.test:"), 0, ""},
        verdict_case{"ipv4", with_host("192.0.2.1"), 0, ""},
        verdict_case{"ipv6", with_host("[2001:db8::1]:443"), 0, ""},
        verdict_case{"underscore", with_host("a_b.test"), 0, ""},
        verdict_case{"http10_without_host", "GET / HTTP/1.0\r\n\r\n", 0, ""},
        verdict_case{"http10_length", "POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", 0, ""},
        verdict_case{"length", with_fields("Content-Length: 3\r\n", "abc"), 0, ""},
        verdict_case{"length_zero", with_fields("Content-Length: 0\r\n"), 0, ""},
        verdict_case{"length_leading_zeros", with_fields("Content-Length: 003\r\n", "abc"), 0, ""},
        verdict_case{"length_in_tabs", with_fields("Content-Length:\t3\t\r\n", "abc"), 0, ""},
        verdict_case{"chunked", with_fields("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"), 0,
                     ""},
        verdict_case{"chunked_upper_case", with_fields("TRANSFER-ENCODING: Chunked\r\n", "0\r\n\r\n"), 0, ""},
        verdict_case{"chunk_extension",
                     with_fields("Transfer-Encoding: chunked\r\n", "3;a=\"b;c\"\r\nabc\r\n0;d\r\n\r\n"), 0,
                     ""},
        verdict_case{"trailers",
                     with_fields("Trailer: X-B\r\nTrailer: Age, x-a\r\nTransfer-Encoding: chunked\r\n",
                                 "0\r\nX-A: 1\r\nX-B: 2\r\n\r\n"),
                     0, ""},
        verdict_case{"chunk_extension_with_escaped_quote",
                     with_fields("Transfer-Encoding: chunked\r\n", "3;a=\"\\\"\"\r\nabc\r\n0\r\n\r\n"), 0,
                     ""},
        verdict_case{"tab_in_value", with_fields("X-A: 1\t2\r\n"), 0, ""},
        verdict_case{"utf8_in_value", with_fields("X-A: \xC3\xA9\r\n"), 0, ""},
        verdict_case{"empty_value", with_fields("X-A:\r\n"), 0, ""},
        verdict_case{"unknown_method", with_start("PURGE /x HTTP/1.1"), 0, ""},
        verdict_case{"query", with_start("GET /a?b=c&d=%20 HTTP/1.1"), 0, ""},
        verdict_case{"asterisk", with_start("OPTIONS * HTTP/1.1"), 0, ""},
        verdict_case{"absolute", with_start("GET http://A.test/x HTTP/1.1"), 0, ""},
        verdict_case{"absolute_default_port", with_start("GET https://a.test:443/x HTTP/1.1"), 0, ""},
        verdict_case{"absolute_in_http10", "GET http://a.test/x HTTP/1.0\r\n\r\n", 0, ""},
        verdict_case{"one_empty_line_first", "\r\n" + with_host("a.test"), 0, ""}),
    case_name);

class refused_response : public testing::TestWithParam<verdict_case> {};

TEST_P(refused_response, with_reason) {
    const auto t = read_responses({GetParam().raw}, request_was::other);
    EXPECT_TRUE(t.messages.empty()) << t;
    EXPECT_NE(t.error_status, 0);
    EXPECT_NE(t.error_what.find(GetParam().what), std::string::npos) << t;
}

INSTANTIATE_TEST_SUITE_P(
    all, refused_response,
    testing::Values(verdict_case{"length_and_chunked",
                                 "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                                 0, "Transfer-Encoding"},
                    verdict_case{"two_lengths",
                                 "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 0,
                                 "Content-Length"},
                    verdict_case{"chunked_in_http10", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                                 0, "HTTP/1.0"},
                    verdict_case{"gzip_coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", 0,
                                 "Transfer-Encoding"},
                    verdict_case{"folded", "HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\n\r\n", 0, "folded"},
                    verdict_case{"bare_lf", "HTTP/1.1 200 OK\nX-A: 1\r\n\r\n", 0, "bare LF"},
                    verdict_case{"no_content_with_length",
                                 "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", 0, "status"},
                    verdict_case{"no_content_chunked",
                                 "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", 0,
                                 "status"},
                    verdict_case{"interim_with_length",
                                 "HTTP/1.1 103 Early Hints\r\nContent-Length: 3\r\n\r\n", 0, "status"},
                    verdict_case{"switching_protocols",
                                 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", 0, "101"},
                    verdict_case{"status_below_100", "HTTP/1.1 099 Odd\r\n\r\n", 0, "status"},
                    verdict_case{"status_of_two_digits", "HTTP/1.1 20 OK\r\n\r\n", 0, "status"},
                    verdict_case{"version_2", "HTTP/2.0 200 OK\r\n\r\n", 0, "not supported"},
                    verdict_case{"no_http", "SSH-2.0-x\r\n\r\n", 0, "version"}),
    case_name);

TEST(head_scan, says_not_yet_until_the_empty_line_is_there) {
    const std::string head = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
    head_scan scan(1024);
    for (std::size_t size = 0; size < head.size(); ++size) {
        const auto end = scan.feed(std::string_view(head).substr(0, size));
        ASSERT_TRUE(end);
        ASSERT_FALSE(*end) << size;
    }
    EXPECT_EQ(scan.feed(head + "body").value(), head.size());
}

TEST(head_scan, ignores_what_stands_behind_the_head) {
    const std::string bytes = "GET / HTTP/1.1\r\n\r\n\n\0\r"s;
    EXPECT_EQ(head_scan(1024).feed(bytes).value(), 18U);
}

TEST(head_scan, accepts_a_head_of_exactly_the_limit) {
    const std::string head = "GET / HTTP/1.1\r\nX: 1\r\n\r\n";
    EXPECT_EQ(head_scan(head.size()).feed(head).value(), head.size());
    const auto refused = head_scan(head.size() - 1).feed(head);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().status, 431);
}

TEST(head_scan, refuses_a_control_byte_before_its_line_is_complete) {
    const auto refused = head_scan(1024).feed("GET /\x01");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().line, 1U);
}

TEST(guard_chunk_extension, finds_every_control_byte_at_every_place) {
    for (int byte = 0; byte < 256; ++byte) {
        const bool control = (byte < 0x20 && byte != '\t') || byte == 0x7F;
        for (std::size_t at = 0; at < 19; ++at) {
            std::string text(19, at % 2 == 0 ? '\t' : '\xFF');
            text[at] = static_cast<char>(byte);
            EXPECT_EQ(guard_chunk_extension(text).has_value(), control) << byte << " at " << at;
        }
    }
}

TEST(guard_trailers, accepts_lines_and_nothing) {
    EXPECT_FALSE(guard_trailers(""));
    EXPECT_FALSE(guard_trailers("X-A: 1\r\nX-B: 2\r\n"));
}

TEST(guard_trailers, refuses_bare_lf) {
    EXPECT_TRUE(guard_trailers("X-A: 1\nX-B: 2\r\n"));
}

TEST(guard_trailers, refuses_control_bytes) {
    EXPECT_TRUE(guard_trailers("X-A: \x01\r\n"));
}

}  // namespace
}  // namespace garde::http
