// Messages in one piece and byte by byte, and what a proxy may not send to a benchmark.
#include "bench/common/message_reader.hpp"

#include <gtest/gtest.h>

namespace bench {
namespace {

using progress = message_reader::progress;
using absent = message_reader::absent_length;
using bodies = message_reader::bodies;

progress in_pieces(message_reader& reader, std::string_view text, std::size_t bytes) {
    for (; text.size() > bytes; text.remove_prefix(bytes)) {
        const auto now = reader.take(text.substr(0, bytes));
        EXPECT_EQ(now, progress::more);
        if (now != progress::more) return now;
    }
    return reader.take(text);
}

TEST(message_reader, reads_an_answer_however_it_is_cut) {
    const std::string text = "HTTP/1.1 200 OK\r\nserver: x\r\ncontent-length: 5\r\n\r\nhello";
    for (std::size_t bytes = 1; bytes <= text.size(); ++bytes) {
        message_reader reader(absent::is_bad);
        ASSERT_EQ(in_pieces(reader, text, bytes), progress::complete) << bytes;
        EXPECT_EQ(reader.status(), 200);
        EXPECT_EQ(reader.body_bytes(), 5U);
        EXPECT_TRUE(reader.keeps_connection());
    }
}

TEST(message_reader, reads_one_message_after_the_other) {
    message_reader reader(absent::means_no_body);
    EXPECT_EQ(reader.take("POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\n"), progress::more);
    EXPECT_EQ(reader.take("xy"), progress::complete);
    EXPECT_EQ(reader.target(), "/a");
    reader.start();
    EXPECT_EQ(reader.take("GET /b/large HTTP/1.1\r\nHost: h\r\n\r\n"), progress::complete);
    EXPECT_EQ(reader.target(), "/b/large");
    EXPECT_EQ(reader.body_bytes(), 0U);
}

TEST(message_reader, knows_when_the_connection_ends) {
    for (const std::string text : {"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nconnection: Close\r\n\r\n"}) {
        message_reader reader(absent::means_no_body);
        EXPECT_EQ(reader.take(text), progress::complete);
        EXPECT_FALSE(reader.keeps_connection()) << text;
    }
}

TEST(message_reader, other_statuses_are_read_too) {
    message_reader reader(absent::is_bad);
    EXPECT_EQ(reader.take("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
              progress::complete);
    EXPECT_EQ(reader.status(), 503);
}

TEST(message_reader, what_a_benchmark_cannot_read_is_bad) {
    for (const std::string text :
         {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
          "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"}) {
        message_reader reader(absent::is_bad);
        EXPECT_EQ(reader.take(text), progress::bad) << text;
    }
    message_reader endless(absent::is_bad);
    EXPECT_EQ(endless.take(std::string(20'000, 'x')), progress::bad);
}

TEST(message_reader, keeps_bodies_where_it_is_told_to) {
    const std::string head = "HTTP/1.1 500 Internal Server Error\r\nX-Sim-Site:  dc1 \r\n";
    for (const auto& text :
         {head + "Content-Length: 5\r\n\r\nhello",
          head + "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n002\r\nlo\r\n0\r\nTrailer: z\r\n\r\n"}) {
        for (std::size_t bytes = 1; bytes <= text.size(); ++bytes) {
            message_reader reader(absent::is_bad, bodies::kept);
            ASSERT_EQ(in_pieces(reader, text, bytes), progress::complete) << bytes;
            EXPECT_EQ(reader.body(), "hello");
            EXPECT_EQ(reader.body_bytes(), 5U);
            EXPECT_EQ(reader.field("x-sim-site"), "dc1");
            EXPECT_EQ(reader.field("x-sim"), "");
        }
    }
}

TEST(message_reader, keeps_one_body_after_the_other) {
    message_reader reader(absent::is_bad, bodies::kept);
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
    EXPECT_EQ(reader.take(chunked), progress::complete);
    reader.start();
    EXPECT_EQ(reader.take("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb"), progress::complete);
    EXPECT_EQ(reader.body(), "b");
    reader.start();
    EXPECT_EQ(reader.take(chunked), progress::complete);
    EXPECT_EQ(reader.body(), "a");
}

TEST(message_reader, chunks_that_are_none_are_bad) {
    const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const std::string chunks : {"x\r\n", "\r\n", "1 \r\na\r\n", "1\r\nab\r\n", "1\na\r\n",
                                     "0\r\n\r\nmore", "fffffffffffffffff\r\n"}) {
        message_reader reader(absent::is_bad, bodies::kept);
        EXPECT_EQ(reader.take(head + chunks), progress::bad) << chunks;
    }
    for (const std::string chunks : {"1\r\na\r\n", "1\r\na\r\n0\r\n", "2\r\na"}) {
        message_reader reader(absent::is_bad, bodies::kept);
        EXPECT_EQ(reader.take(head + chunks), progress::more) << chunks;
    }
    message_reader twice(absent::is_bad, bodies::kept);
    EXPECT_EQ(twice.take("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"),
              progress::bad);
}

}  // namespace
}  // namespace bench
