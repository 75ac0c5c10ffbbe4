// See kept_reply.hpp.
#include "garde/cache/kept_reply.hpp"

#include "garde/base/secret.hpp"

#include <tuple>

namespace garde::cache {

bool newer(const kept_reply& one, const kept_reply& other) {
    const auto rank = [](const kept_reply& of) {
        return std::tuple(of.communicated, of.consulted.steady, of.consulted.wall);
    };
    return rank(one) > rank(other);
}

std::shared_ptr<const std::string> keep_body(std::string_view body) {
    return {new std::string(body), [](std::string* text) {
                wipe(*text);
                delete text;
            }};
}

}  // namespace garde::cache
