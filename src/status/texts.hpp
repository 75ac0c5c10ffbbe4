// Every sentence of the status site, in the four languages. Pure data.
#pragma once

#include "states.hpp"

#include <array>
#include <string_view>

namespace garde::status {

/// How one state is told.
struct state_words {
    std::string_view badge;     ///< one or two words
    std::string_view sentence;  ///< what it means for who asks
};

struct texts {
    std::string_view language;  ///< its code, as in emergency::languages
    std::string_view own_name;  ///< of the language, in itself
    std::string_view languages;
    std::string_view site_title;
    std::array<std::string_view, 5> overall;  ///< by the worst public_state
    std::array<state_words, 5> states;        ///< by public_state
    // Mode and procedure are two things: a service may be back while its procedure is open, and limited while
    // it is closed.
    std::string_view overall_procedure;  ///< one is open at least
    std::string_view follow_if_limited;  ///< the procedure is open, after the state's sentence
    std::string_view follow_if_unavailable;
    std::string_view still_open;  ///< although the service answers
    std::string_view not_open;    ///< although it does not
    std::string_view cut_off;     ///< instead of `overall`, when it is this node that is cut off
    std::string_view since;
    std::string_view open_since;
    std::string_view not_yet_recorded;
    std::string_view follow_procedure;
    std::string_view made_at;  ///< before the time
    std::string_view refreshes;
    std::string_view steps;
    std::string_view version;  ///< before that of the texts
    std::string_view applies_now;
    std::string_view applies_still;   ///< although the service answers
    std::string_view applies_not;     ///< it answers
    std::string_view applies_closed;  ///< although it does not
    std::string_view applies_unknown;
    std::string_view back;
    std::string_view not_found_title;
    std::string_view not_found;

    [[nodiscard]] std::string_view overall_of(public_state worst) const {
        return overall[static_cast<std::size_t>(worst)];
    }
    [[nodiscard]] const state_words& words_of(public_state state) const {
        return states[static_cast<std::size_t>(state)];
    }
};

/// In the order of emergency::languages.
const std::array<texts, 4>& all_texts();

/// `language` is one of emergency::languages.
const texts& texts_in(std::string_view language);

}  // namespace garde::status
