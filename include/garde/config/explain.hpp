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

/// A route whose requests may be kept to be asked again.
struct deferring_route {
    std::string service;
    std::string path;
    std::string what;                  ///< what is kept, for how long, and whether asking again can do harm
    std::vector<std::string> callers;  ///< whom deferred_callers names
};

/// All of them, where a stand-in rule of their service decides so; empty when none does.
std::vector<deferring_route> explain_deferrals(const settings& all);

/// The same as text for people, with a final newline; empty when there are none.
std::string deferrals_text(const settings& all);

/// Whom a limit of [[caller]] or [[group]] holds for. In the order in which figures are looked for.
struct limited_callers {
    std::string who;               ///< in words
    caller::caller_limits limits;  ///< 0: what is said further down, in the end for everybody
};

std::vector<limited_callers> explain_caller_limits(const settings& all);

/// As text for people, with a final newline; empty when all callers are held to the same limits.
std::string caller_limits_text(const settings& all);

/// Where the journal's checkpoints go besides this node's own disk, in words; a webhook by its host alone.
std::vector<std::string> explain_checkpoint_places(const settings& all);

/// What they make visible, or what stays unseen without them, as text for people, with a final newline.
std::string checkpoints_text(const settings& all);

/// What one failure takes together in a service: a fault domain and the backends that are in it.
struct shared_fault {
    std::string service;
    std::string kind;                   ///< storage, …
    std::string name;                   ///< empty: of those that do not say which one they are in
    std::vector<std::string> backends;  ///< in words: `primary "dc1"`
};

/// Every overlap of primary and backups, and of backups among each other; empty when there is none. An
/// unknown domain counts as shared with all.
std::vector<shared_fault> explain_shared_faults(const settings& all);

/// The same as text for people, with a final newline; says so when there is none, or no backup.
std::string shared_faults_text(const settings& all);

}  // namespace garde::config
