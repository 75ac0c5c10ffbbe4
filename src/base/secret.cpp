// See secret.hpp.
#include "garde/base/secret.hpp"

#include <openssl/crypto.h>

#include <utility>

namespace garde {

void wipe(std::span<char> memory) noexcept {
    OPENSSL_cleanse(memory.data(), memory.size());
}

// A moved-from std::string may keep its bytes when they were stored in place, so every move wipes its source.
secret_string::secret_string(secret_string&& other) noexcept : content_(std::move(other.content_)) {
    wipe({other.content_.data(), other.content_.capacity()});
    other.content_.clear();
}

secret_string& secret_string::operator=(const secret_string& other) {
    if (this == &other) return *this;
    return *this = secret_string(other);
}

secret_string& secret_string::operator=(secret_string&& other) noexcept {
    if (this == &other) return *this;
    wipe(content_);
    content_ = std::move(other.content_);
    wipe({other.content_.data(), other.content_.capacity()});
    other.content_.clear();
    return *this;
}

secret_string::~secret_string() {
    wipe(content_);
}

}  // namespace garde
