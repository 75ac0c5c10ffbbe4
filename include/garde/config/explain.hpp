// What a configuration means for others, in words: for whoever answers for it.
#pragma once

#include "garde/config/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace garde::config {

/// Who may get cached answers on one route.
struct cached_route {
    std::string service;
    std::string path;
    std::string condition;             ///< when, and how old an answer may be
    std::vector<std::string> callers;  ///< whom cached_callers names
    std::string shown_by;              ///< how they show who they are
};

/// All routes that may give cached answers; empty when none does.
std::vector<cached_route> explain_cached_answers(const settings& all);

/// What the software of these callers must be able to cope with, one thing each.
const std::vector<std::string_view>& demands_of_cached_answers();

/// All of it as text for people, with a final newline.
std::string cached_answers_text(const settings& all);

}  // namespace garde::config
