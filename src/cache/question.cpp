// See question.hpp.
#include "garde/cache/question.hpp"

#include <chrono>

namespace garde::cache {

question_reading read_question(const question& what) {
    if (what.recipe) {
        const auto asked = what.recipe->reads.read(what.request_body);
        if (!asked) return std::unexpected(asked.error());
        const auto today = std::chrono::floor<std::chrono::days>(what.now);
        return wanted_reply{.key = make_key(what.service, what.target, what.who, *what.recipe, *asked),
                            .patient = {},
                            .from = today,
                            .until = today};
    }
    const auto request = soap::read_request(what.request_body);
    if (!request) return std::unexpected(request.error());
    return wanted_reply{.key = make_key(what.service, what.who, *request),
                        .patient = make_removal_keys(what.service, what.who, request->care_receiver),
                        .from = request->date,
                        .until = request->last_date};
}

}  // namespace garde::cache
