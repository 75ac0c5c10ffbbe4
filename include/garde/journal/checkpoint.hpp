// Checkpoints (https://c2sp.org/tlog-checkpoint): a tree head as a signed note. One that was seen elsewhere
// shows when the log here was rolled back, cut off or rewritten. Pure.
#pragma once

#include "garde/base/result.hpp"
#include "garde/journal/note_key.hpp"
#include "garde/journal/tree_head.hpp"

#include <string>
#include <string_view>

namespace garde::journal {

struct checkpoint {
    std::string origin;  ///< which log; here also the name of the key that signs
    tree_head head;
    friend bool operator==(const checkpoint&, const checkpoint&) = default;
};

/// The three lines that are signed: origin, size, base64 of the root.
std::string to_text(const checkpoint& what);
/// Further lines, which extensions may have, are passed over.
result<checkpoint> parse_checkpoint(std::string_view text);

/// As a note, with the signer's name as its origin.
result<std::string> sign_checkpoint(const tree_head& head, const note_signer& signer);

/// What a signed checkpoint says, when the key NAME+HASH+KEY has signed it and it is of the log NAME; else in
/// words why it proves nothing.
result<tree_head> read_checkpoint(std::string_view note, std::string_view verifier_key);

}  // namespace garde::journal
