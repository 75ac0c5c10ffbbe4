// The emergency procedure as published to callers: its texts by language, the SOAP fault and the problem
// document that hand it out. Everything is loaded at start; an answer needs no disk, no store, no backend.
#pragma once

#include "garde/base/result.hpp"
#include "garde/config/settings.hpp"
#include "garde/emergency/deferral.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace garde::emergency {

inline constexpr std::array<std::string_view, 4> languages{"fr", "nl", "de", "en"};

/// One language's text: the file's first line is the title, the next block the summary, then one step per
/// block (blocks are separated by empty lines; the lines of a block are joined by spaces). UTF-8.
struct procedure_text {
    std::string title;
    std::string summary;
    std::vector<std::string> steps;
};

/// The request was kept, to be asked again.
struct kept_request {
    std::string id;
    deferral_kind kind = deferral_kind::reference;
    wall_time valid_until{};
};

/// Under which a procedure is handed out.
struct circumstances {
    std::optional<kept_request> kept{};
    bool exercise = false;  ///< the service is well, and the request takes part in an exercise
};

// What a request's sender is told of them, in one of `languages`: one sentence, which promises nothing but
// that.
std::string_view deferral_notice(std::string_view language, deferral_kind kind);
std::string_view exercise_notice(std::string_view language);

/// A text made at load but for a word in the middle: answers in an emergency need not copy it.
struct spliced_text {
    std::string_view before;  ///< the procedure's, as `behind`
    std::string word;
    std::string_view behind;

    [[nodiscard]] std::string whole() const { return std::string(before).append(word).append(behind); }
};

/// All four languages of one service's procedure.
class procedure {
  public:
    /// Reads FOLDER/NAME.LANG.txt for each language, at most 64 KiB each. One that is missing, too long, not
    /// UTF-8 or without title, summary or step is an error that names it.
    static result<procedure> load(const config::procedure_settings& from, std::string public_url,
                                  std::string_view service);

    /// The text in `language`; in the default language when that is none of `languages`.
    [[nodiscard]] const procedure_text& text(std::string_view language) const;
    [[nodiscard]] const config::procedure_settings& settings() const { return settings_; }

    /// Of the texts in all languages: it changes when any of them does. 12 hex digits. Who was handed a text,
    /// or a receipt of it, can tell by it which one that was.
    [[nodiscard]] const std::string& version() const { return version_; }

    /// PUBLIC_URL/procedure/SERVICE?lang=LANG
    [[nodiscard]] std::string link(std::string_view language) const;
    /// The same as a Link field's value (RFC 8288), of relation `help`.
    [[nodiscard]] const std::string& help_link(std::string_view language) const;

    /// A SOAP fault SOA-02002 whose messages are the summary and steps in `language` first, then the
    /// summaries in the other languages; `id` is echoed in the receipt and the log.
    /// What became of the request comes behind the steps, in `language`, where it was kept. That it is an
    /// exercise comes before everything, in each language.
    [[nodiscard]] spliced_text soap_fault(std::string_view language, std::string_view id,
                                          const circumstances& under = {}) const;

    /// RFC 9457, status 503, with `procedure` (the link), its `version` and `steps`; `type` is the
    /// procedure's page, `instance` is `id`.
    /// `deferral` says what became of the request, where it was kept; `exercise` that it is one.
    [[nodiscard]] std::string problem_document(std::string_view language, std::string_view id,
                                               const circumstances& under = {}) const;

  private:
    /// A fault as it is sent, but for its id.
    struct prepared_fault {
        std::string before;
        std::string behind;
    };
    /// For nothing kept, a message, a reference; then the same in an exercise.
    static constexpr std::size_t variants = 6;
    static std::size_t variant_of(const circumstances& under);
    [[nodiscard]] prepared_fault prepare(std::string_view language, std::size_t variant) const;

    config::procedure_settings settings_;
    std::string public_url_;
    std::string service_;
    std::map<std::string, procedure_text, std::less<>> texts_;
    std::string version_;
    /// What is the same in each answer in one language.
    struct prepared {
        std::array<prepared_fault, variants> faults;
        std::string help_link;
    };
    [[nodiscard]] const prepared& prepared_in(std::string_view language) const;

    std::map<std::string, prepared, std::less<>> prepared_;
};

/// The best of `languages` for an Accept-Language header (RFC 9110, 12.5.4): quality values; a range that is
/// longer than a language counts for it by its beginning, de-BE for de (RFC 4647, 3.4), unless the language
/// is named itself; among equals the one named first. `*` stands for all that are not named, `fallback`
/// first. `fallback` too when none is acceptable.
std::string_view choose_language(std::string_view accept_language, std::string_view fallback);

}  // namespace garde::emergency
