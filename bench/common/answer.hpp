// What an answer to a consult is, told from its body alone: whether a caller has what it asked for, a fault
// with a code of the catalogue, or neither. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

/// `reply` for a whole reply to the question with this number (see question::fresh): it must carry that
/// question's reference; the fault's code, such as `SOA-02002`, for a whole SOAP fault with one; else
/// `other`.
std::string kind_of_answer(std::string_view body, std::uint64_t index);

}  // namespace bench
