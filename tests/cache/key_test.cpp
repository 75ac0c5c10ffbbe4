// What the cache's key tells apart, and what it does not see.
#include "garde/cache/key.hpp"

#include "../support/messages.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace garde::cache {
namespace {

using test::fixture;
using test::with;
using test::with_all;
using test::with_section;

const caller::identity pharmacy_one{"CN=Example CA", "CN=Example Pharmacy One", {}};
const caller::identity pharmacy_two{"CN=Example CA", "CN=Example Pharmacy Two", {}};

std::string question() {
    return fixture("consult-request.xml");
}

soap::consult_request read(std::string_view message) {
    auto request = soap::read_request(message);
    EXPECT_TRUE(request.has_value()) << (request ? "" : to_text(request.error()));
    return request ? std::move(*request) : soap::consult_request{};
}

cache_key key_of(std::string_view message) {
    return make_key("assurability", pharmacy_one, read(message));
}

TEST(make_key, is_equal_for_the_same_question) {
    EXPECT_EQ(key_of(question()), key_of(question()));
}

TEST(make_key, does_not_see_prefixes_white_space_and_comments) {
    auto other = with_all(with_all(question(), "<c:", "<core:"), "</c:", "</core:");
    other = with(other, "xmlns:c=", "xmlns:core=");
    other = with_all(other, "        <", "<");
    other = with(other, "<core:Package>", "<!-- c --> <core:Package>");
    EXPECT_EQ(key_of(question()), key_of(other));
}

TEST(make_key, does_not_see_what_changes_with_every_call) {
    const auto same = [](const std::string& other) { return key_of(question()) == key_of(other); };
    EXPECT_TRUE(same(with(question(), ">20180809093001<", ">20180809094002<")));
    EXPECT_TRUE(same(with(question(), "COUNTER1-0001", "COUNTER2-0002")));
    EXPECT_TRUE(same(with_section(question(), "<p:RecordCommonInput>", "</p:RecordCommonInput>",
                                  "<p:RecordCommonInput/>")));
    EXPECT_TRUE(same(with(question(), "wsu:Id=\"B-0001\"", "wsu:Id=\"B-0002\"")));
    EXPECT_TRUE(same(with(question(), "<wsu:Created>2018-08-09", "<wsu:Created>2018-08-08")));
    EXPECT_TRUE(same(with_section(question(), "<soapenv:Header>", "</soapenv:Header>", "")));
    EXPECT_TRUE(same(with_section(question(), "<c:License>", "</c:License>", "")));
    EXPECT_TRUE(same(with(question(), "<c:Name>EXAMPLE-PACKAGE</c:Name>", "<c:Name>OTHER-PACKAGE</c:Name>")));
}

TEST(make_key, does_not_see_the_date) {
    EXPECT_EQ(key_of(question()), key_of(with(question(), ">2018-08-09</c:Date>", ">2018-08-10</c:Date>")));
}

TEST(make_key, does_not_see_a_registration_beside_the_national_number) {
    const auto both =
        with(question(), "</c:Ssin>\n        </c:CareReceiver>",
             "</c:Ssin><c:RegNrWithMut>1</c:RegNrWithMut><c:Mutuality>100</c:Mutuality></c:CareReceiver>");
    EXPECT_EQ(key_of(question()), key_of(both));
}

TEST(make_key, differs_with_every_field_that_matters) {
    using change = std::function<void(soap::consult_request&)>;
    const auto base = [] {
        auto request = read(question());
        request.care_receiver = {{}, "100", secret_string("0000000000001")};
        return request;
    }();
    const change changes[] = {
        [](auto& r) { r.payload_name = soap::generic_question; },
        [](auto& r) { r.is_test = true; },
        [](auto& r) { r.provider_quality = "pharmacy"; },
        [](auto& r) { r.provider_nihii = "00000000102"; },
        [](auto& r) { r.organization_nihii = "00000102"; },
        [](auto& r) { r.organization_nihii = ""; },
        [](auto& r) { r.care_receiver.mutuality = "200"; },
        [](auto& r) { r.care_receiver.registration = secret_string("0000000000002"); },
        [](auto& r) { r.care_receiver.ssin = secret_string("00000000101"); },
        [](auto& r) { r.care_receiver.ssin = secret_string("00000000102"); },
        [](auto& r) { r.care_receiver = {secret_string("0000000000001"), "", {}}; },
        [](auto& r) { r.request_type = "1"; },
        // The same characters, another border between two fields.
        [](auto& r) { r.provider_quality += "0", r.provider_nihii.erase(0, 1); },
        [](auto& r) { r.care_receiver = {{}, "1000", secret_string("000000000001")}; },
    };
    std::set<cache_key> keys{make_key("assurability", pharmacy_one, base)};
    std::size_t expected = 1;
    for (const auto& apply : changes) {
        auto request = base;
        apply(request);
        keys.insert(make_key("assurability", pharmacy_one, request));
        EXPECT_EQ(keys.size(), ++expected);
    }
}

TEST(make_key, two_callers_never_share) {
    const auto request = read(question());
    const caller::identity other_issuer{"CN=Other CA", "CN=Example Pharmacy One", {}};
    const caller::identity other_name{"CN=Example CA", "CN=Example Pharmacy One", {"DNS:one.example.org"}};
    const std::set<cache_key> keys{
        make_key("assurability", pharmacy_one, request), make_key("assurability", pharmacy_two, request),
        make_key("assurability", other_issuer, request), make_key("assurability", other_name, request)};
    EXPECT_EQ(keys.size(), 4U);
}

TEST(make_key, two_services_never_share) {
    const auto request = read(question());
    EXPECT_NE(make_key("assurability", pharmacy_one, request), make_key("other", pharmacy_one, request));
}

TEST(make_removal_keys, one_for_each_identifier) {
    const soap::patient both{secret_string("00000000101"), "100", secret_string("0000000000001")};
    const soap::patient by_ssin{secret_string("00000000101"), "", {}};
    const soap::patient by_registration{{}, "100", secret_string("0000000000001")};
    const auto keys = make_removal_keys("assurability", pharmacy_one, both);
    ASSERT_EQ(keys.size(), 2U);
    EXPECT_NE(keys[0], keys[1]);
    EXPECT_EQ(make_removal_keys("assurability", pharmacy_one, by_ssin), std::vector{keys[0]});
    EXPECT_EQ(make_removal_keys("assurability", pharmacy_one, by_registration), std::vector{keys[1]});
    EXPECT_TRUE(make_removal_keys("assurability", pharmacy_one, {}).empty());
}

TEST(make_removal_keys, belong_to_one_caller_and_service) {
    const soap::patient who{secret_string("00000000101"), "", {}};
    const auto keys = make_removal_keys("assurability", pharmacy_one, who);
    EXPECT_NE(keys, make_removal_keys("assurability", pharmacy_two, who));
    EXPECT_NE(keys, make_removal_keys("other", pharmacy_one, who));
}

}  // namespace
}  // namespace garde::cache
