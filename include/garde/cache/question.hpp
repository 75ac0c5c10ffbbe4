// A question to the cache, and what it comes down to: where its answer is kept, and what that must fit.
// Reading it is most of the work, and needs nothing of the cache's: whoever knows who asks may do it.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/cache/key.hpp"
#include "garde/caller/identity.hpp"
#include "garde/caller/pattern.hpp"
#include "garde/config/settings.hpp"
#include "garde/soap/consult.hpp"

#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace garde::cache {

/// Null: whoever is verified.
using caller_patterns = std::shared_ptr<const std::vector<caller::pattern>>;

/// What a question asks for.
struct wanted_reply {
    cache_key key{};
    /// Removal keys under which the answer must be known, all of them: a question may name the patient in two
    /// ways, while the key goes by one.
    std::vector<cache_key> patient;
    std::chrono::sys_days from{};   ///< the first day that is asked about
    std::chrono::sys_days until{};  ///< and the last
};

/// What came of reading a question.
using question_reading = std::expected<wanted_reply, soap::consult_error>;

struct question {
    std::string service;
    std::shared_ptr<const config::cache_settings> rules;  ///< never null
    caller::identity who;
    caller_patterns allowed = nullptr;  ///< who may have cached answers here
    std::string request_body;
    wall_time now{};
    steady_time now_steady{};
    std::shared_ptr<const config::cache_recipe> recipe = nullptr;  ///< null: a consult's own
    std::string target{};  ///< of the request, query included; with a recipe only
    /// What read_question() says of it, once it was asked.
    std::optional<question_reading> wanted{};
};

/// Of a question whose `who` is known: it is in the key. Pure.
question_reading read_question(const question& what);

}  // namespace garde::cache
