// What the machine allows, as far as any machine can show it.
#include "garde/app/machine.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>

namespace garde::app {
namespace {

constexpr std::uint64_t mib = 1 << 20;

TEST(machine, the_limit_on_descriptors_is_raised_as_far_as_it_may) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit low{64, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    EXPECT_EQ(raise_descriptor_limit(), before.rlim_max);
    rlimit after{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
    EXPECT_EQ(after.rlim_cur, before.rlim_max);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(machine, memory_max_is_a_number_or_no_limit) {
    EXPECT_EQ(parse_memory_max("536870912\n"), 512 * mib);
    EXPECT_FALSE(parse_memory_max("max\n"));
    EXPECT_FALSE(parse_memory_max(""));
}

TEST(machine, has_some_memory_of_which_the_caches_take_theirs) {
    ASSERT_GT(usable_memory(), 16 * mib);
    config::settings settings;
    settings.services.resize(2);
    settings.services[0].backends.resize(3);
    settings.services[0].cache = config::cache_settings{.memory_bytes = 4 * mib};
    settings.services[1].backends.resize(1);
    const auto facts = facts_of_machine(settings, 7);
    EXPECT_EQ(facts.workers, 7U);
    EXPECT_EQ(facts.services, 2U);
    EXPECT_EQ(facts.backends, 4U);
    EXPECT_EQ(facts.memory_bytes, usable_memory() - 4 * mib);
    EXPECT_GT(facts.descriptors, 0U);
}

}  // namespace
}  // namespace garde::app
