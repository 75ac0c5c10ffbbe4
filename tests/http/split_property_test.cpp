// However the bytes arrive, the parsers decide the same: all at once, one by one, cut at one place, cut at
// random places; for good messages and for ones broken at random.
#include "drive.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace garde::http {
namespace {

using namespace std::string_literals;
using test::cut;
using test::read_requests;
using test::read_responses;
using test::single_bytes;

constexpr parser_limits tight{.head_bytes = 400, .body_bytes = 300};

using dice = std::mt19937;

std::size_t roll(dice& d, std::size_t below) {
    return d() % below;
}

std::string random_text(dice& d, std::size_t longest) {
    std::string text(roll(d, longest + 1), ' ');
    for (auto& c : text) c = static_cast<char>(roll(d, 256));
    return text;
}

std::string random_chunks(dice& d) {
    constexpr std::array<std::string_view, 4> extensions{"", ";a", ";a=b", " ; a = \"x;y\""};
    constexpr std::array<std::string_view, 3> trailers{"", "X-T: 1\r\n", "X-T: 1\r\nConnection: close\r\n"};
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (auto n = roll(d, 4); n > 0; --n) {
        const auto data = "x" + random_text(d, 30);
        if (data.size() >= 16) out += digits[data.size() / 16];
        out += digits[data.size() % 16];
        out.append(extensions[roll(d, extensions.size())]).append("\r\n").append(data).append("\r\n");
    }
    out.append("0").append(extensions[roll(d, extensions.size())]).append("\r\n");
    return out.append(trailers[roll(d, trailers.size())]).append("\r\n");
}

/// Field lines about the body, the empty line, the body.
std::string random_body(dice& d) {
    switch (roll(d, 3)) {
        case 0: return "\r\n";
        case 1: {
            const auto body = random_text(d, 40);
            return "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        }
        default:
            return (roll(d, 3) == 0 ? "" : "Trailer: X-T, Connection\r\n") +
                   ("Transfer-Encoding: chunked\r\n\r\n" + random_chunks(d));
    }
}

std::string random_requests(dice& d) {
    constexpr std::array<std::string_view, 4> starts{"GET / HTTP/1.1", "POST /a?b HTTP/1.1",
                                                     "PUT http://a.test/x HTTP/1.1", "\r\nPOST /c HTTP/1.1"};
    std::string out;
    for (auto n = roll(d, 3) + 1; n > 0; --n) {
        out.append(starts[roll(d, starts.size())]).append("\r\nHost: a.test\r\n");
        if (roll(d, 2) == 0) out += "X-Long: " + std::string(roll(d, 400), 'x') + "\r\n";
        out += random_body(d);
    }
    return out;
}

std::string random_responses(dice& d) {
    constexpr std::array<std::string_view, 5> starts{"HTTP/1.1 200 OK", "HTTP/1.1 500 Bad", "HTTP/1.1 204",
                                                     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ",
                                                     "HTTP/1.0 404 No"};
    std::string out;
    for (auto n = roll(d, 3) + 1; n > 0; --n) {
        out.append(starts[roll(d, starts.size())]).append("\r\nServer: x\r\n").append(random_body(d));
    }
    return out;
}

/// Breaks the bytes in up to three places, with what parsers stumble over.
void damage(dice& d, std::string& bytes) {
    const std::array<std::string, 14> nasty{
        "\r", "\n", "\r\n", "\r\n\r\n", " ",  "\t",   "\0"s,
        ":",  ";",  "\"",   "0",        "ff", "\x7F", "\r\nContent-Length: 3"};
    for (auto n = roll(d, 3) + 1; n > 0 && !bytes.empty(); --n) {
        const auto at = roll(d, bytes.size());
        switch (roll(d, 3)) {
            case 0: bytes.insert(at, nasty[roll(d, nasty.size())]); break;
            case 1: bytes.replace(at, 1, nasty[roll(d, nasty.size())]); break;
            default: bytes.erase(at, roll(d, 4) + 1); break;
        }
    }
}

std::vector<std::size_t> random_cuts(dice& d, std::size_t size) {
    std::vector<std::size_t> cuts(roll(d, 8));
    for (auto& at : cuts) at = roll(d, size + 1);
    std::ranges::sort(cuts);
    return cuts;
}

const std::string pipelined =
    "POST /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n"
    "5;x=\"y\"\r\nhello\r\n0\r\nX-T: 1\r\n\r\n"
    "POST /b HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nworld"
    "\r\nGET /c HTTP/1.1\r\nHost: a.test\r\n\r\n";

TEST(split, pipelined_requests_cut_at_every_place) {
    const auto whole = read_requests({pipelined});
    ASSERT_EQ(whole.messages.size(), 3U) << whole;
    for (std::size_t at = 0; at <= pipelined.size(); ++at) {
        EXPECT_EQ(read_requests(cut(pipelined, {at})), whole) << "cut at " << at;
    }
    EXPECT_EQ(read_requests(single_bytes(pipelined)), whole);
}

TEST(split, responses_cut_at_every_place) {
    const std::string raw =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
        "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        "HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno"
        "HTTP/1.1 200 OK\r\n\r\nuntil the end";
    const auto whole = read_responses({raw}, request_was::other);
    ASSERT_EQ(whole.messages.size(), 3U) << whole;
    for (std::size_t at = 0; at <= raw.size(); ++at) {
        EXPECT_EQ(read_responses(cut(raw, {at}), request_was::other), whole) << "cut at " << at;
    }
    EXPECT_EQ(read_responses(single_bytes(raw), request_was::other), whole);
}

TEST(split, random_requests_good_and_damaged) {
    int complete = 0;
    int refused = 0;
    for (unsigned seed = 1; seed <= 3000; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        dice d(seed);
        auto bytes = random_requests(d);
        if (roll(d, 2) == 0) damage(d, bytes);
        const auto whole = read_requests({bytes}, tight);
        complete += whole.messages.empty() ? 0 : 1;
        refused += whole.error_status == 0 ? 0 : 1;
        ASSERT_EQ(read_requests(cut(bytes, random_cuts(d, bytes.size())), tight), whole);
        ASSERT_EQ(read_requests(single_bytes(bytes), tight), whole);
    }
    // The generator reaches both sides, or the test says nothing.
    EXPECT_GT(complete, 1000);
    EXPECT_GT(refused, 1000);
}

TEST(split, random_responses_good_and_damaged) {
    int complete = 0;
    int refused = 0;
    for (unsigned seed = 1; seed <= 3000; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        dice d(seed);
        auto bytes = random_responses(d);
        if (roll(d, 2) == 0) damage(d, bytes);
        const auto method = roll(d, 8) == 0 ? request_was::head : request_was::other;
        const auto whole = read_responses({bytes}, method, tight);
        complete += whole.messages.empty() ? 0 : 1;
        refused += whole.error_status == 0 ? 0 : 1;
        ASSERT_EQ(read_responses(cut(bytes, random_cuts(d, bytes.size())), method, tight), whole);
        ASSERT_EQ(read_responses(single_bytes(bytes), method, tight), whole);
    }
    EXPECT_GT(complete, 1000);
    EXPECT_GT(refused, 500);
}

TEST(split, undamaged_requests_are_read_as_they_were_written) {
    for (unsigned seed = 1; seed <= 300; ++seed) {
        dice d(seed);
        std::string body = random_text(d, 200);
        std::string raw = "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (std::size_t at = 0; at < body.size();) {
            const auto size = std::min(roll(d, 9) + 1, body.size() - at);
            raw += std::to_string(size) + "\r\n" + body.substr(at, size) + "\r\n";
            at += size;
        }
        raw += "0\r\n\r\n";
        const auto t = read_requests(cut(raw, random_cuts(d, raw.size())), tight);
        ASSERT_EQ(t.messages.size(), 1U) << "seed " << seed << "\n" << t;
        ASSERT_TRUE(t.messages.front().ends_with("\n\n" + body)) << "seed " << seed;
    }
}

}  // namespace
}  // namespace garde::http
