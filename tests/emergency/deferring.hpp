// What the tests of deferrals share: a folder with a vault in it, requests to keep, and who asks.
#pragma once

#include "garde/emergency/deferral_vault.hpp"

#include "../support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

namespace garde::emergency {

using namespace std::chrono_literals;

inline cache::master_key master(char fill) {
    return *cache::master_key::from(secret_string(std::string(cache::master_key::size, fill)));
}

inline deferral_id id_of(std::uint32_t number) {
    deferral_id out{};
    for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(number >> 8 * i);
    return out;
}
inline std::uint32_t number_of(const deferral_id& id) {
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < 4; ++i) out |= std::uint32_t{id[i]} << 8 * i;
    return out;
}

struct deferring : testing::Test {
    test::temporary_folder folder;
    std::filesystem::path file = folder.path() / "ledger.sqlite";
    wall_time now = std::chrono::sys_days{std::chrono::year{2018} / 8 / 9} + 9h;
    std::vector<cache::master_key> keys{master('a')};
    std::uint64_t bytes = 64ULL * 1024 * 1024;
    caller::identity one{"CN=Example CA", "CN=Example Pharmacy One", {}};
    caller::identity two{"CN=Example CA", "CN=Example Pharmacy Two", {}};

    [[nodiscard]] deferral_vault::settings settings() const {
        return {.file = file, .keys = keys, .bytes = bytes};
    }
    [[nodiscard]] std::unique_ptr<deferral_vault> open() const {
        auto opened = deferral_vault::open(settings());
        EXPECT_TRUE(opened.has_value()) << (opened ? "" : opened.error().message);
        return opened ? std::move(*opened) : nullptr;
    }
    [[nodiscard]] deferral_request message(std::uint32_t number) const {
        return {.id = id_of(number),
                .service = "prescriptions",
                .kind = deferral_kind::message,
                .who = one,
                .outage = now,
                .kept_at = now,
                .valid_until = now + 24h,
                .request_sha256 = sha256(fmt::format("body {}", number)),
                .reference = fmt::format("reference {}", number),
                .head = "POST /prescriptions HTTP/1.1\r\nHost: a\r\n\r\n",
                .body = fmt::format("body {}", number),
                .again = repetition::harmless};
    }
    [[nodiscard]] deferral_request reference(std::uint32_t number) const {
        auto out = message(number);
        out.kind = deferral_kind::reference;
        out.head.clear();
        out.body.clear();
        out.again = repetition::harmful;
        return out;
    }
};

}  // namespace garde::emergency
