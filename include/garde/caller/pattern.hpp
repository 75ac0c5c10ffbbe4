// How the configuration names callers: one of them, or many. Pure.
#pragma once

#include "garde/caller/identity.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace garde::caller {

/// One way to name callers:
///
///     *                        every verified caller
///     CN=…,O=…                 the subject of a client certificate, in RFC 2253 form
///     DNS:…  URI:…  email:…    an alternative name of a client certificate; one `*` in it stands for any
///     text,
///                              in a DNS name for one label
///     CA:CN=…                  every client certificate of this issuer, in RFC 2253 form
///     subject:…                the subject of an assertion
///     issuer:…                 every assertion of this token service, by the name that it gives itself
///     attribute:NAME=VALUE     assertions that say so; a `*` in VALUE stands for any text
class pattern {
  public:
    /// Nothing when the text has none of these forms: it would never match, and its author would wonder why.
    static std::optional<pattern> parse(std::string_view text);

    /// Never true of the unverified.
    [[nodiscard]] bool matches(const identity& who) const;

    /// Can it match more than one caller?
    [[nodiscard]] bool is_wide() const;
    /// Does it name callers by their certificates, or by their assertions? `*` does both.
    [[nodiscard]] bool by_certificate() const;
    [[nodiscard]] bool by_assertion() const;
    /// Whom it names, as part of a sentence: "every certificate issued by CN=…".
    [[nodiscard]] std::string in_words() const;
    /// As it was written.
    [[nodiscard]] const std::string& text() const { return text_; }

    friend bool operator==(const pattern&, const pattern&) = default;

  private:
    enum class form : std::uint8_t {
        anybody,
        certificate_subject,
        alternative_name,
        authority,
        assertion_subject,
        token_service,
        attribute,
    };
    pattern(form which, std::string_view text) : form_(which), text_(text) {}
    /// What stands behind the word that says the form.
    [[nodiscard]] std::string_view value() const;

    form form_;
    std::string text_;
};

/// In words, for messages to those who write configurations.
inline constexpr std::string_view pattern_forms =
    "\"*\", a certificate's subject such as \"CN=Pharmacy One,O=Example,C=BE\", \"DNS:…\", \"URI:…\", "
    "\"email:…\", "
    "\"CA:…\", \"subject:…\", \"issuer:…\" or \"attribute:NAME=VALUE\"";

[[nodiscard]] bool any_matches(std::span<const pattern> patterns, const identity& who);

}  // namespace garde::caller
