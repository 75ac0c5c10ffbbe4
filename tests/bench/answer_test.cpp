// What is an answer to a question, and what only looks like one.
#include "bench/common/answer.hpp"

#include <gtest/gtest.h>

namespace bench {
namespace {

const std::string reply =
    "<?xml version=\"1.0\"?>\n<s:Envelope xmlns:s=\"x\"><s:Body><p:GetInsurabilityForPharmacistResponse>"
    "<c:Reference>00000000000042</c:Reference>"
    "</p:GetInsurabilityForPharmacistResponse></s:Body></s:Envelope>";

std::string fault(const std::string& code) {
    return "<s:Envelope xmlns:s=\"x\"><s:Body><s:Fault><detail><Code>" + code +
           "</Code></detail></s:Fault></s:Body></s:Envelope>\n";
}

TEST(answer, a_reply_echoes_the_reference_of_its_question) {
    EXPECT_EQ(kind_of_answer(reply, 42), "reply");
    EXPECT_EQ(kind_of_answer(reply + "\r\n", 42), "reply");
    EXPECT_EQ(kind_of_answer(reply, 43), "other");
    EXPECT_EQ(kind_of_answer(reply, 4), "other");
}

TEST(answer, what_was_cut_off_is_none) {
    for (std::size_t bytes = 0; bytes < reply.size(); ++bytes)
        EXPECT_EQ(kind_of_answer(reply.substr(0, bytes), 42), "other") << bytes;
    EXPECT_EQ(kind_of_answer(fault("SOA-02002").substr(0, 90), 42), "other");
}

TEST(answer, a_fault_is_told_by_its_code) {
    EXPECT_EQ(kind_of_answer(fault("SOA-02002"), 42), "SOA-02002");
    EXPECT_EQ(kind_of_answer(fault("SOA-03001"), 42), "SOA-03001");
}

TEST(answer, what_is_not_of_the_catalogue_is_not_repeated) {
    for (const auto* const code : {"", "SOA-\"x", "SOA-000000000000000000001", "E1"})
        EXPECT_EQ(kind_of_answer(fault(code), 42), "other") << code;
}

TEST(answer, texts_of_other_kinds_are_none) {
    for (const auto* const text : {"", "\n", "<html><p>Maintenance<br></html>\n", "Simulated failure.\n"})
        EXPECT_EQ(kind_of_answer(text, 42), "other") << text;
}

}  // namespace
}  // namespace bench
