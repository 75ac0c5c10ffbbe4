// Which elements of a question make it the same question: a recipe by configuration, for services whose
// questions garde does not know by itself. What the recipe does not name could change the answer, and makes a
// question unfit for the cache.
#pragma once

#include "garde/base/secret.hpp"
#include "garde/soap/consult.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace garde::soap {

/// What a question says in the places that its recipe's key names: all that it may be told apart by.
struct element_question {
    std::string payload_name;           ///< {namespace}local
    std::vector<secret_string> values;  ///< one for each path; that it is absent is a value, too
};

/// Why a path cannot be part of a recipe.
struct recipe_problem {
    enum class list : std::uint8_t { key, ignored };
    list in = list::key;
    std::string what;     ///< `has "…", which …`
    std::string instead;  ///< what to write
};

class element_recipe {
  public:
    static constexpr std::size_t most_paths = 64;
    static constexpr std::size_t most_steps = 16;

    /// Paths begin with the Body's payload and go down by local names: `/Question/Patient/Number`; a last
    /// step
    /// `@name` is an attribute. Of `key`, an element holds text only; of `ignored`, whatever is in it is
    /// ignored as well. An attribute `Id` without a namespace needs no path.
    static std::expected<element_recipe, recipe_problem> make(const std::vector<std::string>& key,
                                                              const std::vector<std::string>& ignored);

    /// As read_request: the same bounds. The consults that garde knows by itself are not_a_consult here.
    /// Any thread.
    [[nodiscard]] std::expected<element_question, consult_error> read(std::string_view message) const;

    /// The same for the same recipe only.
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    enum class use : std::uint8_t { group, key, ignored };
    struct node {
        std::string name;  ///< an attribute's with its @
        use what = use::group;
        std::size_t place = 0;  ///< of its value
        std::vector<node> children;
    };
    struct reading;

    std::expected<void, recipe_problem> add(const std::string& path, recipe_problem::list in);

    node root_;
    std::size_t values_ = 0;
    std::string text_;
};

}  // namespace garde::soap
