// The fixtures made as large as the benchmark says, and made fresh for each request.
#include "bench/common/consult.hpp"

#include "../support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <vector>

namespace bench {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::string fixture(const std::string& name) {
    std::ifstream file(garde::test::fixtures() / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(consult, fixtures_can_be_made_as_long_as_one_likes) {
    for (const std::size_t bytes : {8'000U, 8'192U, 15'000U}) {
        const auto request =
            resized(without_indentation(fixture("consult-request.xml")), "ds:X509Certificate", bytes);
        ASSERT_TRUE(request) << request.error();
        EXPECT_EQ(request->size(), bytes);
        EXPECT_THAT(*request, EndsWith("</soapenv:Body></soapenv:Envelope>"));
        EXPECT_THAT(*request, HasSubstr("</ds:X509Certificate>"));
    }
    const auto reply = resized(fixture("consult-reply.xml"), "saml:AttributeValue", 4096);
    ASSERT_TRUE(reply) << reply.error();
    EXPECT_EQ(reply->size(), 4096U);
    EXPECT_THAT(*reply, HasSubstr("Exemple, données inventées"));
}

TEST(consult, only_white_space_between_elements_goes) {
    EXPECT_EQ(without_indentation("<a>\n  <b x=\"1\">1 2\n3</b>\r\n\t<c/> text </a>\n"),
              "<a><b x=\"1\">1 2\n3</b><c/> text </a>");
    EXPECT_EQ(without_indentation("no element"), "no element");
    EXPECT_EQ(without_indentation(""), "");
}

TEST(consult, what_cannot_be_resized_is_said) {
    EXPECT_FALSE(resized("<a>12</a>", "b", 20));
    EXPECT_FALSE(resized("<a>12</a>", "a", 7));
    EXPECT_FALSE(resized("<a></a>", "a", 20));
    EXPECT_EQ(resized("<a>12</a><a>34</a>", "a", 21), "<a>12</a><a>34343</a>");
    EXPECT_EQ(resized("<a>12</a>", "a", 8), "<a>1</a>");
}

TEST(consult, each_question_has_its_own_reference_and_patient_and_nothing_else) {
    const std::string body = fixture("consult-request.xml");
    auto made = question::make("/Insurability/v2", body);
    ASSERT_TRUE(made) << made.error();
    const std::string first(made->fresh(41));
    const std::string second(made->fresh(1'000'000'007));
    EXPECT_EQ(first.size(), second.size());
    EXPECT_THAT(first, StartsWith("POST /Insurability/v2 HTTP/1.1\r\n"));
    EXPECT_THAT(first, HasSubstr("\r\nContent-Length: " + std::to_string(body.size()) + "\r\n"));
    EXPECT_THAT(first, HasSubstr("<c:Reference>00000000000041</c:Reference>"));
    EXPECT_THAT(first, HasSubstr("<c:Ssin>00000000041</c:Ssin>"));
    EXPECT_THAT(second, HasSubstr("<c:Reference>00001000000007</c:Reference>"));
    EXPECT_THAT(second, HasSubstr("<c:Ssin>00000000007</c:Ssin>"));
    EXPECT_EQ(made->fresh(41), first);
}

TEST(consult, a_question_about_a_patient_differs_in_reference_times_and_signatures) {
    auto made = question::make("/", fixture("consult-request.xml"));
    ASSERT_TRUE(made) << made.error();
    const std::string first(made->about(7, 1234));
    const std::string second(made->about(7, 1235));
    EXPECT_THAT(first, HasSubstr("<c:Ssin>00000000007</c:Ssin>"));
    EXPECT_THAT(first, HasSubstr("<c:Reference>00000000001234</c:Reference>"));
    EXPECT_THAT(first, HasSubstr("<wsu:Created>2018-08-09T09:30:00.234Z</wsu:Created>"));
    EXPECT_THAT(first, HasSubstr("<ds:SignatureValue>00000000001234"));
    EXPECT_EQ(first.size(), second.size());
    EXPECT_NE(first, second);
    EXPECT_EQ(made->about(7, 1234), first);
}

TEST(draw, patients_come_in_turn_evenly_or_by_zipfs_law) {
    static constexpr std::uint64_t patients = 1000;
    draw turn(draw::order::turn, patients, 5);
    EXPECT_EQ(turn.next(), 5U);
    for (std::uint64_t i = 1; i < patients; ++i) EXPECT_EQ(turn.next(), 5 + i);
    EXPECT_EQ(turn.next(), 5U);
    const auto most_frequent = [](draw from) {
        std::map<std::uint64_t, int> seen;
        for (int i = 0; i < 100'000; ++i) ++seen[from.next()];
        EXPECT_LT(seen.rbegin()->first, patients);
        std::vector<int> counts;
        for (const auto& [patient, count] : seen) counts.push_back(count);
        std::ranges::sort(counts, std::greater());
        return counts;
    };
    const auto even = most_frequent(draw(draw::order::uniform, patients, 0));
    EXPECT_LT(even.front(), 200);
    const auto zipf = most_frequent(draw(draw::order::zipf, patients, 0));
    // The harmonic number of a thousand is 7.49.
    EXPECT_NEAR(zipf[0], 100'000 / 7.49, 600);
    EXPECT_NEAR(zipf[1], 100'000 / 7.49 / 2, 500);
    EXPECT_NEAR(zipf[9], 100'000 / 7.49 / 10, 200);
}

TEST(consult, a_document_that_is_no_consult_is_refused) {
    EXPECT_FALSE(question::make("/", "<a/>"));
    EXPECT_FALSE(question::make("/", "<p:RecordCommonInput><c:Reference>20180809093001</c:Reference>"));
    EXPECT_FALSE(question::make("/",
                                "<p:RecordCommonInput><c:Reference>short</c:Reference></p:RecordCommonInput>"
                                "<c:CareReceiver><c:Ssin>00000000101</c:Ssin></c:CareReceiver>"));
}

}  // namespace
}  // namespace bench
