// Namespaces of the two assurability services that the readers know: the one for pharmacists (insurability
// v2) and the generic one for other professions (genericinsurability v1). `protocol`: the payload and its
// children; `core`: all below.
#pragma once

#include <string_view>

namespace garde::soap {

inline constexpr std::string_view pharmacist_protocol = "urn:be:fgov:ehealth:insurability:protocol:v2";
inline constexpr std::string_view pharmacist_core = "urn:be:fgov:ehealth:insurability:core:v2";
inline constexpr std::string_view generic_protocol = "urn:be:fgov:ehealth:genericinsurability:protocol:v1";
inline constexpr std::string_view generic_core = "urn:be:fgov:ehealth:genericinsurability:core:v1";

}  // namespace garde::soap
