// The resolver tells addresses from a thread of its own, and nothing any more once it is stopped.
#include "garde/control/resolver.hpp"

#include "../support/run.hpp"

#include <gtest/gtest.h>

#include <future>
#include <map>

namespace garde::control {
namespace {

using addresses = std::vector<net::endpoint>;

TEST(resolver, tells_the_addresses_of_each_name) {
    std::mutex mutex;
    std::map<std::size_t, addresses> told;
    std::promise<void> both;
    resolver one;
    // Literals need no name server.
    one.start({{3, {.host = "127.0.0.1", .port = 8443}}, {5, {.host = "::1", .port = 8444}}},
              [&](std::size_t number, addresses found) {
                  const std::lock_guard lock(mutex);
                  told[number] = std::move(found);
                  if (told.size() == 2) both.set_value();
              });
    ASSERT_EQ(both.get_future().wait_for(test::patience), std::future_status::ready);
    one.stop();
    EXPECT_EQ(told[3], addresses{*net::endpoint::from_literal("127.0.0.1", 8443)});
    EXPECT_EQ(told[5], addresses{*net::endpoint::from_literal("::1", 8444)});
}

TEST(resolver, without_names_it_does_nothing) {
    resolver one;
    one.start({}, [](std::size_t, addresses) { FAIL(); });
    one.stop();
}

TEST(resolver, stopping_twice_is_fine) {
    resolver one;
    one.start({{0, {.host = "127.0.0.1", .port = 1}}}, [](std::size_t, addresses) {});
    one.stop();
    one.stop();
}

TEST(resolver, once_stopped_it_tells_nothing) {
    for (int i = 0; i < 50; ++i) {
        auto alive = std::make_unique<int>(0);
        resolver one;
        one.start({{0, {.host = "127.0.0.1", .port = 1}}}, [&alive](std::size_t, addresses) { ++*alive; });
        one.stop();
        alive.reset();  // whoever is called now uses what is gone
    }
}

}  // namespace
}  // namespace garde::control
