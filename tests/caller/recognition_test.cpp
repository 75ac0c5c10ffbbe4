// How much a caller may have at a time: his own figures, his groups', everybody's.
#include "garde/caller/recognition.hpp"

#include <gtest/gtest.h>

namespace garde::caller {
namespace {

std::vector<pattern> patterns(std::initializer_list<std::string_view> texts) {
    std::vector<pattern> out;
    for (const auto text : texts) out.push_back(pattern::parse(text).value());
    return out;
}

const identity one("CN=CA", "CN=one", {});
const identity two("CN=CA", "CN=two", {});
const identity stranger("CN=Other CA", "CN=stranger", {});

recognition limiting(caller_limits of_one, std::vector<limited_group> groups) {
    return {
        directory({{.name = "one", .known_as = patterns({"CN=one", "CN=one-renewed"}), .limits = of_one}}),
        nullptr, std::move(groups)};
}

TEST(caller_limits, are_everybodys_when_nothing_is_said) {
    EXPECT_EQ(recognition().limits_of(one), caller_limits{});
    EXPECT_EQ(limiting({}, {}).limits_of(one), caller_limits{});
    EXPECT_FALSE(limiting({}, {}).limits_of(one).any());
}

TEST(caller_limits, of_the_caller_go_before_those_of_his_groups) {
    const auto all = limiting({.connections = 5, .requests = 1}, {{"ca", patterns({"CA:CN=CA"}), {3, 2}}});
    EXPECT_EQ(all.limits_of(one), (caller_limits{5, 1}));
    EXPECT_EQ(all.limits_of(two), (caller_limits{3, 2}));
    EXPECT_EQ(all.limits_of(stranger), caller_limits{});
}

TEST(caller_limits, of_the_first_group_that_fits_go_before_those_of_the_next) {
    const auto all = limiting({}, {{"b", patterns({"CN=two"}), {7, 7}}, {"a", patterns({"*"}), {3, 2}}});
    EXPECT_EQ(all.limits_of(two), (caller_limits{7, 7}));
    EXPECT_EQ(all.limits_of(one), (caller_limits{3, 2}));
}

TEST(caller_limits, what_one_does_not_say_the_next_says) {
    const auto all = limiting({.connections = 0, .requests = 1}, {{"b", patterns({"CN=other"}), {9, 9}},
                                                                  {"c", patterns({"CA:CN=CA"}), {0, 4}},
                                                                  {"a", patterns({"*"}), {6, 5}}});
    EXPECT_EQ(all.limits_of(one), (caller_limits{6, 1}));
    EXPECT_EQ(all.limits_of(two), (caller_limits{6, 4}));
    EXPECT_EQ(all.limits_of(stranger), (caller_limits{6, 5}));
}

TEST(caller_limits, are_the_same_for_all_certificates_of_a_caller_and_once_he_goes_by_his_name) {
    const auto all = limiting({.connections = 5, .requests = 1}, {});
    const identity renewed("CN=CA", "CN=one-renewed", {});
    EXPECT_EQ(all.limits_of(renewed), (caller_limits{5, 1}));
    EXPECT_EQ(all.limits_of(all.known.recognise(renewed)), (caller_limits{5, 1}));
}

TEST(caller_limits, are_nobodys_who_has_not_shown_who_he_is) {
    EXPECT_EQ(limiting({.connections = 5, .requests = 1}, {{"a", patterns({"*"}), {3, 2}}}).limits_of({}),
              caller_limits{});
}

}  // namespace
}  // namespace garde::caller
