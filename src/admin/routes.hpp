// Which resource a request is for, and the replies that need nothing else. Pure.
#pragma once

#include "garde/net/http_io.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace garde::admin {

inline constexpr std::string_view reload_path = "/v1/reload";
inline constexpr std::string_view erase_names_path = "/v1/journal/erase-names";

enum class resource : std::uint8_t {
    openapi,      ///< GET /v1/openapi.json
    services,     ///< GET /v1/services
    journal,      ///< GET /v1/journal
    service,      ///< GET /v1/services/NAME
    explanation,  ///< GET /v1/services/NAME/explanation
    mode,         ///< POST /v1/services/NAME/mode
    procedure,    ///< POST /v1/services/NAME/procedure
    exercise,     ///< POST /v1/services/NAME/exercise
    reload,       ///< POST /v1/reload
    cache,        ///< GET /v1/cache
    purge,        ///< POST /v1/cache/purge
    deferrals,    ///< GET /v1/deferrals
    kept,         ///< GET /v1/services/NAME/deferrals
    stand_in,     ///< POST /v1/services/NAME/stand-in: a question, with facts
    erase_names,  ///< POST /v1/journal/erase-names
};

/// Whether it is there for orders.
bool takes_orders(resource what);

/// Whether it is asked by POST; else by GET.
bool is_posted(resource what);

struct place {
    resource what = resource::services;
    std::string_view service;  ///< NAME, a part of the path
};

/// The place of this request; else the reply: 404, or 405 with Allow. HEAD is GET.
std::expected<place, net::page_reply> find_place(std::string_view method, std::string_view path);

/// Replies are for one operator and one moment: no cache keeps them.
net::page_reply json_reply(std::string body);
net::page_reply problem_reply(int status, std::string_view detail);

}  // namespace garde::admin
