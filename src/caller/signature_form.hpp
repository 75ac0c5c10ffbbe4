// The outer form of a ds:Signature: what it says it signs and by which algorithms, before anything is
// computed. What is not in the tables here never reaches the signature library.
#pragma once

#include "xml_tree.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace garde::caller {

/// Where a signature stands decides what it may say.
enum class signature_place : std::uint8_t {
    assertion,  ///< one reference; transforms enveloped-signature, then exclusive canonicalisation
    message,    ///< the same, where enveloped-signature may be left out; SignedInfo also the inclusive one
};

struct signature_form {
    std::vector<std::string_view> targets;  ///< the ids that it refers to, each once; not empty
    const xmlNode* key_info = nullptr;      ///< null when it has none; never believed
};

/// `parts`: the ids that it may refer to.
checked<signature_form> read_signature(const xmlNode& signature, signature_place where,
                                       std::span<const std::string_view> parts);

}  // namespace garde::caller
