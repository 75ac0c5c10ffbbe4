// How records and proofs are printed. Pure.
#pragma once

#include "garde/journal/reading.hpp"

#include <string>
#include <string_view>

namespace garde::app {

/// One line for a person, without LF: `12  2018-08-09T09:00:00.000000000Z  switchover  from=primary
/// to=backup`.
std::string record_text(const journal::shown_record& of);

/// One JSON object without LF: what the line in the log says, with personal values among the attributes.
std::string record_json(const journal::shown_record& of);

/// The head line of record_csv().
std::string_view record_csv_head();
/// One line (RFC 4180) without its end: the attributes are one field, as JSON. What a spreadsheet would take
/// for a formula is led by an apostrophe.
std::string record_csv(const journal::shown_record& of);

/// {"leaf","seq","index","size","root","path"}
std::string proof_json(const journal::inclusion_proof& of);
/// {"first_size","first_root","second_size","second_root","path"}
std::string proof_json(const journal::consistency_proof& of);

std::string verification_text(const journal::verification& of);
std::string verification_json(const journal::verification& of);

}  // namespace garde::app
