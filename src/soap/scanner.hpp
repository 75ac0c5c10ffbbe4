// The tokenizer behind scan(), body_has_element() and the readers' first look at a message: one pass, no
// allocation, bounds on everything that nests or repeats, so that nothing behind it meets a bomb. It knows
// nothing of what its findings mean.
#pragma once

#include "garde/soap/envelope_scan.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace garde::soap {

inline constexpr std::string_view soap_namespace = "http://schemas.xmlsoap.org/soap/envelope/";
inline constexpr std::string_view soa_error_namespace = "urn:be:fgov:ehealth:errors:soa:v1";

class scanner {
  public:
    static constexpr std::size_t max_depth = 64;
    static constexpr std::size_t max_declarations = 64;  ///< of namespaces, in scope at once
    static constexpr int max_attributes = 256;           ///< of one element

    enum class verdict : std::uint8_t {
        envelope,   ///< complete
        malformed,  ///< not well-formed, cut off, or over a bound
        doctype,    ///< has a document type declaration
        not_soap,   ///< well-formed as far as it was read, but no SOAP 1.1 envelope with one Body
    };

    /// `watched`: a local name to look for below the Body; empty looks for none.
    explicit scanner(std::string_view text, std::string_view watched = {});

    verdict run();

    /// After run() returned `envelope`; result is not set.
    [[nodiscard]] const envelope_scan& findings() const { return found_; }
    [[nodiscard]] bool watched_seen() const { return watched_seen_; }

  private:
    /// What an element is, by its place; all the scanner needs to remember of its path.
    enum class role : std::uint8_t {
        document,
        envelope,
        header,
        security,
        timestamp,
        created,
        expires,
        body,
        fault,
        fault_code,
        fault_string,
        detail,
        soa_error,
        code,
        other,
        refused,
    };
    // Left as they are until used: clearing all 64 for each message would cost more than scanning a small
    // one. NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
    struct frame {
        std::string_view name;  // as written, to match the end tag
        const char* content;    // first byte behind the start tag
        role what;
        std::uint8_t declarations;  // in scope before this element
    };
    struct declaration {
        std::string_view prefix;
        std::string_view uri;
    };

    bool take_prolog();
    bool take_text();
    bool take_markup();
    bool take_start_tag();
    bool take_attribute();
    bool take_end_tag();
    bool take_comment();
    bool take_character_data();
    bool take_instruction();
    std::string_view take_name();
    bool skip_space();
    bool skip_past(std::string_view terminator);
    bool references_valid(std::string_view text) const;
    bool declare(std::string_view prefix, std::string_view uri);
    bool resolve(std::string_view name, std::string_view& uri, std::string_view& local) const;
    bool open(std::string_view name, std::size_t declarations_before);
    void close(std::string_view content);
    role role_of(std::string_view uri, std::string_view local);
    role role_in_envelope(std::string_view uri, std::string_view local);
    role role_in_body(std::string_view uri, std::string_view local);
    void close_timestamp();
    void finish_fault();
    [[nodiscard]] role here() const { return depth_ == 0 ? role::document : frames_[depth_ - 1].what; }
    [[nodiscard]] bool starts_with(std::string_view text) const {
        return std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(text);
    }

    const char* at_;
    const char* const end_;
    const std::string_view watched_;
    envelope_scan found_;
    std::string_view created_;
    std::string_view expires_;
    std::string_view fault_code_element_;
    std::size_t depth_ = 0;
    std::size_t body_depth_ = 0;  // of the Body while inside; 0 outside
    std::size_t declaration_count_ = 0;
    bool any_ampersand_ = false;
    bool any_bracket_ = false;
    bool root_seen_ = false;
    bool header_seen_ = false;
    bool body_seen_ = false;
    bool payload_seen_ = false;
    bool watched_seen_ = false;
    verdict why_ = verdict::malformed;
    // Left uninitialised on purpose: only what is below depth_ and declaration_count_ is ever read.
    std::array<frame, max_depth> frames_;
    std::array<declaration, max_declarations> declarations_;
};

}  // namespace garde::soap
