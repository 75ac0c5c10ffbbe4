// That a receipt was issued when it says so, shown by the journal: a record holds its commitment, and the
// log's tree holds the record. Pure.
//
// Records of the event `receipts` have an attribute of that name, `LOCATOR:COMMITMENT` for each, with a space
// between. COMMITMENT is the base64url of the SHA-256 of what is signed: the receipt up to its last dot. It
// says nothing to who has not the receipt, whose id is 96 random bits and more. LOCATOR is made of the id, so
// that the record can be found by it, and not the other way round.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/hash.hpp"
#include "garde/base/result.hpp"
#include "garde/caller/identity.hpp"
#include "garde/journal/reading.hpp"
#include "garde/journal/record.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace garde::emergency {

/// A receipt that was handed out.
struct issued_receipt {
    std::string id;
    digest256 commitment{};  ///< see signed_receipt
    caller::identity who;
    bool exercise = false;
};

/// 24 characters of base64url: the time, and 96 random bits.
std::string new_receipt_id(wall_time at);
/// When it was made; nothing when it is no such id.
std::optional<wall_time> time_of_receipt_id(std::string_view id);
std::string receipt_locator(std::string_view id);

/// So many fit into one record.
inline constexpr std::size_t receipts_a_record = 64;
/// All of exercises, or none. Who got them is personal.
journal::record receipts_record(wall_time at, std::span<const issued_receipt> which);

/// What a record's attributes say of a receipt.
enum class receipt_match : std::uint8_t {
    his,        ///< it is there, and this caller's, or nobody's
    of_others,  ///< it is there, and was handed to somebody else
    erased,     ///< it is there; whose it is has been erased
    absent,
};
receipt_match find_receipt(const journal::shown_record& in, std::string_view id, const caller::identity& who);

/// For the caller: {"receipt","leaf","seq","index","size","root","path","checkpoint"}; hashes in hex,
/// `checkpoint` the signed note of that size, empty where there is none.
std::string proof_document(std::string_view id, const journal::inclusion_proof& of,
                           std::string_view checkpoint);

struct checked_proof {
    journal::inclusion_proof proof;
    std::string at;          ///< of the record
    std::string checkpoint;  ///< as the document has it, not yet verified
};
/// Whether the document proves that this receipt's commitment is in a log with that root. The error says why
/// not.
result<checked_proof> check_proof(std::string_view document, std::string_view jws);

}  // namespace garde::emergency
