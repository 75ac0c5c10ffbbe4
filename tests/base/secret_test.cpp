// Secrets cannot be printed by accident, and do not outlive their owner.
#include "garde/base/secret.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <new>
#include <sstream>
#include <utility>

namespace garde {
namespace {

template <class T>
concept streamable = requires(std::ostream& out, const T& value) { out << value; };

static_assert(streamable<std::string>);
static_assert(!streamable<secret_string>);
static_assert(fmt::is_formattable<std::string>::value);
static_assert(!fmt::is_formattable<secret_string>::value);
static_assert(!std::convertible_to<secret_string, std::string>);
static_assert(!std::convertible_to<secret_string, std::string_view>);
static_assert(!std::convertible_to<std::string, secret_string>);

// Short enough to be stored inside the object, where the test may look after its end.
constexpr std::string_view short_secret = "00000000101";
// Long enough to be on the heap.
constexpr std::string_view long_secret = "a password that is longer than what fits inside a string object";

TEST(secret_string, reveals_its_content_when_asked) {
    const secret_string secret(short_secret);
    EXPECT_EQ(secret.reveal(), short_secret);
    EXPECT_EQ(secret.size(), short_secret.size());
    EXPECT_FALSE(secret.empty());
    EXPECT_TRUE(secret_string{}.empty());
}

TEST(secret_string, is_equal_by_content) {
    EXPECT_TRUE(secret_string(short_secret) == secret_string(short_secret));
    EXPECT_FALSE(secret_string(short_secret) == secret_string(long_secret));
}

TEST(secret_string, copies_are_independent) {
    secret_string first(long_secret);
    secret_string second(first);
    first = secret_string("other");
    EXPECT_EQ(second.reveal(), long_secret);
    second = first;
    EXPECT_EQ(second.reveal(), "other");
    EXPECT_EQ(first.reveal(), "other");
}

TEST(secret_string, survives_assignment_to_itself) {
    secret_string secret(long_secret);
    auto& same = secret;
    secret = same;
    EXPECT_EQ(secret.reveal(), long_secret);
    secret = std::move(same);
    EXPECT_EQ(secret.reveal(), long_secret);
}

TEST(secret_string, moving_takes_the_content_away) {
    for (const auto content : {short_secret, long_secret}) {
        secret_string first(content);
        secret_string second(std::move(first));
        EXPECT_EQ(second.reveal(), content);
        EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is the question
        first = std::move(second);
        EXPECT_EQ(first.reveal(), content);
        EXPECT_TRUE(second.empty());  // NOLINT(bugprone-use-after-move)
    }
}

/// Memory in which a secret is made, so that what it leaves behind can be looked at.
class secret_memory : public testing::Test {
  protected:
    template <class... Arguments>
    secret_string* make(Arguments&&... arguments) {
        return new (memory_.data()) secret_string(std::forward<Arguments>(arguments)...);
    }
    [[nodiscard]] bool holds(std::string_view content) const {
        return !std::ranges::search(memory_, content).empty();
    }
    alignas(secret_string) std::array<char, sizeof(secret_string)> memory_{};
};

TEST_F(secret_memory, is_wiped_at_the_end) {
    auto* secret = make(short_secret);
    ASSERT_TRUE(holds(short_secret));
    secret->~secret_string();
    EXPECT_FALSE(holds(short_secret.substr(0, 4)));
}

TEST_F(secret_memory, is_wiped_when_moved_from) {
    auto* secret = make(short_secret);
    const secret_string elsewhere(std::move(*secret));
    EXPECT_FALSE(holds(short_secret.substr(0, 4)));
    secret->~secret_string();
}

TEST_F(secret_memory, is_wiped_when_move_assigned_from) {
    auto* secret = make(short_secret);
    secret_string elsewhere;
    elsewhere = std::move(*secret);
    EXPECT_FALSE(holds(short_secret.substr(0, 4)));
    secret->~secret_string();
}

TEST_F(secret_memory, is_wiped_when_something_shorter_is_assigned) {
    auto* secret = make(short_secret);
    *secret = secret_string("x");
    EXPECT_FALSE(holds(short_secret.substr(2, 4)));
    secret->~secret_string();
}

TEST(secret_wipe, overwrites_all) {
    std::array<char, 5> memory{'a', 'b', 'c', 'd', 'e'};
    wipe(memory);
    EXPECT_EQ(memory, (std::array<char, 5>{}));
}

}  // namespace
}  // namespace garde
