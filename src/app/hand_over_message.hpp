// What two garde processes say to each other when one takes over from the other. Pure: text in, text out;
// descriptors travel beside it (hand_over_channel).
//
//   successor                         predecessor
//   hello{version}              ──▶
//                               ◀──   socket{name} with a descriptor, one message each
//                               ◀──   service{…}, one message each
//                               ◀──   offered{sockets, services}, or refused{why}
//   serving                     ──▶                                  it accepts no more, finishes and ends
//                               ◀──   released
//
// Until `serving` nothing has changed for the predecessor: if the successor dies, it goes on.
#pragma once

#include "garde/base/result.hpp"
#include "garde/control/memory.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace garde::app {

/// Processes of other versions do not understand each other: then a restart it is.
inline constexpr int hand_over_version = 2;

struct hello {
    int version = hand_over_version;
};
struct handed_socket {
    std::string name;  ///< what it was for; who takes over goes by the address
};
struct handed_service {
    control::service_memory what;
};
struct offered {
    std::size_t sockets = 0;
    std::size_t services = 0;
};
struct refused {
    std::string why;
};
struct serving {};
struct released {};

using hand_over_message =
    std::variant<hello, handed_socket, handed_service, offered, refused, serving, released>;

std::string encode(const hand_over_message& what);
result<hand_over_message> decode(std::string_view text);

}  // namespace garde::app
