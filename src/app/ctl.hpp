// `garde ctl`: the admin API from the command line.
#pragma once

#include "garde/base/result.hpp"
#include "garde/config/settings.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace garde::app {

/// Where the admin API is and who asks.
struct ctl_access {
    config::endpoint address;
    std::filesystem::path ca;
    std::string token;
};

struct ctl_reply {
    int status = 0;
    std::string body;
};

/// Reads `https://HOST:PORT`.
result<config::endpoint> parse_url(const std::string& url);

/// One request; waits at most 10 s. `body` empty means GET.
result<ctl_reply> ask_admin(const ctl_access& access, const std::string& path, const std::string& body);

/// GET /v1/services for a person, one line a service and one a backend.
std::string describe_services(const std::string& json);

/// What POST /v1/services/NAME/exercise has begun or ended, for a person.
std::string describe_exercises(const std::string& json);

/// GET /v1/journal for a person: a line on the journal, one on its key, one a place.
std::string describe_journal(const std::string& json);

/// The problems that the answer of POST /v1/reload lists, each as `garde check` says it.
std::string describe_problems(const std::string& json);

/// The problem document's detail, or the body where it is none.
std::string describe_problem(const ctl_reply& reply);

}  // namespace garde::app
