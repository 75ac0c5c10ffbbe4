// Who an operator is, by the bearer token of the request (RFC 6750). Pure.
#pragma once

#include "garde/base/hash.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace garde::admin {

class token_book {
  public:
    /// As in the settings: operator's name → hash of the token, hex.
    explicit token_book(const std::map<std::string, std::string>& sha256_by_name);

    /// The operator whose token this Authorization field's value holds. Takes the same time whoever it is:
    /// every entry is compared, each in constant time.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view authorization) const;

  private:
    struct entry {
        std::string name;
        std::vector<std::uint8_t> hash;
    };
    std::vector<entry> entries_;
};

}  // namespace garde::admin
