// See record_json.hpp.
#include "record_json.hpp"

#include "garde/base/utf8.hpp"

#include "ascii_json.hpp"

#include <boost/json/object.hpp>

namespace garde::journal {

std::string record_json(const record& what) {
    constexpr std::size_t max_text_bytes = 4 * 1024;
    boost::json::object attributes;
    for (const auto& [name, value] : what.attributes)
        attributes[clean_utf8(name, max_text_bytes)] = clean_utf8(value, max_text_bytes);
    return ascii_json(boost::json::object{{"at", to_rfc3339(what.at)},
                                          {"event", clean_utf8(what.event, max_text_bytes)},
                                          {"attributes", std::move(attributes)}});
}

}  // namespace garde::journal
