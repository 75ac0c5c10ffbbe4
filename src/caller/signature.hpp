// XML signatures, by xmlsec1: the one place that knows it. It gets signatures whose form is known to be
// allowed (signature_form), and is told the same limits once more: keys from nowhere but the caller,
// references within the document, the transforms and algorithms of the tables. It reads no file and no
// network.
#pragma once

#include "garde/base/x509.hpp"

#include "xml_tree.hpp"

#include <memory>
#include <optional>
#include <string>
#include <xmlsec/keys.h>

namespace garde::caller {

/// A public key as xmlsec1 wants it, and a text by which it is told from others. Any thread, also
/// several at the same time.
class verification_key {
  public:
    /// A strong key.
    explicit verification_key(key_ptr key);

    /// Equal exactly for equal keys, however they were written.
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    friend std::optional<std::string> verify_signature(xmlNode& signature, const verification_key& key,
                                                       std::size_t references);
    struct destroy_key {
        void operator()(xmlSecKey* value) const { xmlSecKeyDestroy(value); }
    };
    std::string text_;
    std::unique_ptr<xmlSecKey, destroy_key> key_;
};

/// Whether the signature, its `references` references included, holds with this key, whatever it says about
/// keys itself: then the canonical bytes of what it signs (its SignedInfo), else nothing. The references find
/// the ids that are known to the document.
std::optional<std::string> verify_signature(xmlNode& signature, const verification_key& key,
                                            std::size_t references);

}  // namespace garde::caller
