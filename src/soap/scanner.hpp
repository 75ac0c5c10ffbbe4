// The tokenizer behind scan(), body_has_element() and the readers' first look at a message: one pass, no
// allocation, bounds on everything that nests or repeats, so that nothing behind it meets a bomb. It knows
// nothing of what its findings mean.
#pragma once

#include "garde/soap/envelope_scan.hpp"

#include "names.hpp"

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
    scanner(const scanner&) = delete;  // points into itself
    scanner& operator=(const scanner&) = delete;
    ~scanner() = default;

    verdict run();

    /// After run() returned `envelope`; result is not set.
    [[nodiscard]] const envelope_scan& findings() const { return found_; }
    /// What stands between the tags of the Header; empty without one.
    [[nodiscard]] std::string_view header() const { return header_; }
    [[nodiscard]] bool watched_seen() const { return watched_content_ != nullptr; }
    /// What stands in the first one that was watched for, up to the next tag; with watched_seen().
    [[nodiscard]] std::string_view watched_text() const;

  private:
    /// What an element is, by its place; all the scanner needs to remember of its path. Up to body, those
    /// that have no text.
    enum class role : std::uint8_t {
        document,
        envelope,
        body,
        header,
        security,
        timestamp,
        created,
        expires,
        fault,
        fault_code,
        fault_string,
        detail,
        soa_error,
        code,
        other,
        refused,
    };
    using place = const char*;
    // Pairs of places where views would do, since a view is cleared before it is used: clearing all 64 frames
    // and declarations for each message would cost more than scanning a small one.
    struct frame {
        place name;  // as written, to match the end tag
        std::size_t name_size;
        place content;  // first byte behind the start tag
        role what;
        std::uint8_t declarations;  // in scope before this element
    };
    struct declaration {
        place prefix;
        std::size_t prefix_size;
        place uri;
        std::size_t uri_size;
    };

    // Tokens, in scanner.cpp.
    place take_prolog(place at);
    place take_text(place at);
    place take_markup(place at);
    verdict finish(place at);
    place take_declaration(place at);
    place take_start_tag(place at);
    place take_attributes(place at);
    place take_attribute(place at);
    place take_end_tag(place at);
    place take_comment(place at);
    place take_character_data(place at);
    place take_instruction(place at);
    [[nodiscard]] place behind(std::string_view terminator, place from) const;
    bool text_valid(place from, place to);
    bool references_valid(place from, place to);
    bool next_references_valid(place from, place to);
    bool declare(std::string_view prefix, std::string_view uri);
    [[nodiscard]] const declaration* declaration_of(std::string_view prefix) const;
    role role_of(element_name name);
    bool open(const element_name& name, place content, std::size_t declarations_before);
    void close(place content_end);

    // What elements mean by their place, in scanner_roles.cpp.
    role role_of(std::string_view uri, std::string_view local);
    role role_in_envelope(std::string_view uri, std::string_view local);
    role role_in_body(std::string_view uri, std::string_view local);
    void leave(role what, std::string_view content);
    void close_timestamp();
    void finish_fault();

    [[nodiscard]] role here() const { return top_->what; }
    [[nodiscard]] bool at_text(place at, std::string_view text) const {
        return std::string_view(at, static_cast<std::size_t>(end_ - at)).starts_with(text);
    }

    const char* const begin_;
    const char* const end_;
    // Behind the last '>'. A tag that begins before it ends before it, or is malformed by another byte: loops
    // over names and white space stop there at the latest, and need not look out for the end of the text.
    const char* const tags_end_;
    // The first of their kind that were not passed yet, or end_; a text or value that ends before is known to
    // hold none without being read.
    place next_ampersand_;
    place next_section_end_;  // "]]>"
    place plain_until_;       // not behind either
    const std::string_view watched_;
    envelope_scan found_;
    std::string_view header_;
    std::string_view created_;
    std::string_view expires_;
    std::string_view fault_code_element_;
    frame* top_ = nullptr;  // the innermost open element's
    std::size_t declaration_count_ = 0;
    bool root_seen_ = false;
    bool header_seen_ = false;
    bool body_seen_ = false;
    bool payload_seen_ = false;
    bool watching_ = false;            // inside the Body, with a name to look for
    place watched_content_ = nullptr;  // of the first that was watched for
    verdict why_ = verdict::malformed;
    // Left uninitialised on purpose: only what is not above top_ and below declaration_count_ is ever read.
    std::array<frame, max_depth + 1> frames_;  // the first stands for the document
    std::array<declaration, max_declarations> declarations_;
};

}  // namespace garde::soap
