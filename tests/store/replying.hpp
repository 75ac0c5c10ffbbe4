// What the tests of the reply store share: one in a folder of its own, and replies to put there.
#pragma once

#include "garde/store/reply_store.hpp"

#include "../../src/store/sqlite_database.hpp"
#include "../support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace garde::store {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

inline reply_tag tag(std::uint8_t first) {
    return {first, 1, 2};
}

struct replies : testing::Test {
    test::temporary_folder folder;
    fs::path file = folder.path() / "deep" / "replies.sqlite";
    std::unique_ptr<reply_store> store = open();

    [[nodiscard]] std::unique_ptr<reply_store> open(reply_file state = reply_file::as_it_is) const {
        auto opened = open_sqlite_reply_store(file, state);
        EXPECT_TRUE(opened.has_value()) << (opened ? "" : opened.error().message);
        return opened ? std::move(*opened) : nullptr;
    }
    void reopen() {
        store.reset();
        store = open();
    }

    [[nodiscard]] static sealed_reply reply(std::uint8_t number, std::int64_t epoch = 1) {
        return {.epoch = epoch,
                .tag = tag(number),
                .removal_tags = {tag(100), tag(static_cast<std::uint8_t>(100 + number))},
                .consulted_at = wall_time{std::chrono::seconds{1'500'000'000 + number}},
                .sealed = std::string("\0sealed", 7) + std::to_string(number)};
    }
    void put(const sealed_reply& what) {
        ASSERT_TRUE(store->begin());
        ASSERT_TRUE(store->put(what));
        ASSERT_TRUE(store->commit());
    }
    std::string sealed_under(std::uint8_t number) {
        const std::vector tags{tag(number)};
        const auto found = store->find(tags);
        return found && *found ? (*found)->reply.sealed : "nothing";
    }
};

}  // namespace garde::store
