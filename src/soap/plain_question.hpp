// A question read without libxml2: most are written so plainly that there is only one way to read them. Where
// one holds anything else, from an entity to a comment, this reader gives nothing, and libxml2 has the word;
// so all that it must get right is what it does give, for which tests and a fuzzer compare it with libxml2.
#pragma once

#include "consult_recipes.hpp"

#include <optional>
#include <string_view>

namespace garde::soap {

struct plain_question {
    const recipe* by = nullptr;  ///< never null
    recipe_values values;
};

/// `message` is an envelope by the scanner, and `header` what stands in its Header; see scanned_header().
/// Nothing when the message is not plain, or not by its recipe.
std::optional<plain_question> read_plain_question(std::string_view message, std::string_view header);

}  // namespace garde::soap
