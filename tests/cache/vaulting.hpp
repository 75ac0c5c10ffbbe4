// What the tests of the cache's disk share: a folder with a vault in it, and replies to put there.
#pragma once

#include "garde/cache/reply_vault.hpp"

#include "../support/messages.hpp"
#include "../support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace garde::cache {

using namespace std::chrono_literals;

struct vaulting : testing::Test {
    static constexpr boot_id boot{7};

    test::temporary_folder folder;
    wall_time now = std::chrono::sys_days{std::chrono::year{2018} / 8 / 9} + 9h;
    steady_time steady{1000h};
    std::vector<master_key> keys{master('a')};
    std::uint64_t bytes = 64ULL * 1024 * 1024;
    std::unique_ptr<reply_vault> vault;
    caller_ptr who =
        std::make_shared<const caller::identity>("CN=ca", "CN=pharmacy-1", std::vector<std::string>{});

    static master_key master(char fill) {
        return *master_key::from(secret_string(std::string(master_key::size, fill)));
    }
    [[nodiscard]] vault_settings settings() const { return {folder.path() / "replies.sqlite", keys, bytes}; }

    void open(store::reply_file state = store::reply_file::as_it_is) {
        vault.reset();
        auto opened = reply_vault::open(settings(), boot, now, state);
        ASSERT_TRUE(opened.has_value()) << opened.error().message;
        vault = std::move(*opened);
    }

    /// Of a patient whose number and registration are these.
    [[nodiscard]] kept_reply reply(int number,
                                   const std::string& body = test::fixture("consult-reply.xml")) const {
        return {.who = who,
                .key = sha256("key" + std::to_string(number)),
                .removal_keys = {ssin(number), sha256("registration" + std::to_string(number))},
                .body = keep_body(body),
                .content_type = "text/xml",
                .consulted = {now, steady},
                .communicated = std::chrono::floor<std::chrono::days>(now),
                .period_begin = std::chrono::floor<std::chrono::days>(now),
                .period_end = std::chrono::floor<std::chrono::days>(now) + std::chrono::days{100}};
    }
    static cache_key ssin(int number) { return sha256("ssin" + std::to_string(number)); }

    std::vector<kept_reply> apply(std::vector<change> what) {
        auto done = vault->apply(what, now);
        EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().message);
        return done ? std::move(done->newer_ones) : std::vector<kept_reply>{};
    }
    std::vector<kept_reply> keep(kept_reply what) {
        std::vector<change> one;
        one.emplace_back(keep_change{std::move(what)});
        return apply(std::move(one));
    }

    /// As the file has it.
    [[nodiscard]] wall_time barred_until(std::size_t place) {
        const auto known = vault->bars();
        EXPECT_TRUE(known.has_value());
        wall_time out{};
        for (const auto& each : *known)
            if (each.place == place) out = std::max(out, each.until);
        return out;
    }

    /// By a reader of its own, as another thread has it.
    std::optional<kept_reply> find(int number) {
        auto reader = vault_reader::open(settings().file, boot);
        EXPECT_TRUE(reader.has_value());
        auto found = (*reader)->find(*vault->ring(), reply(number).key);
        EXPECT_TRUE(found.has_value());
        if (!found || !*found) return std::nullopt;
        return std::move((*found)->what);
    }
};

}  // namespace garde::cache
