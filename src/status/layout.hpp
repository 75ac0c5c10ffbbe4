// The frame of every page: plain HTML with its style inside and nothing else: no script, no picture, nothing
// from elsewhere. Pure.
#pragma once

#include "garde/net/http_io.hpp"

#include "states.hpp"
#include "texts.hpp"

#include <string>
#include <string_view>

namespace garde::status {

/// Whether the browser asks again by itself.
enum class renewal : std::uint8_t { none, every_30_seconds };

struct page {
    const texts& words;
    std::string title;    ///< plain text, also the heading
    std::string content;  ///< HTML between the heading and the footer
    wall_time at{};
    renewal renews = renewal::none;
};

/// The whole reply, with the fields that keep a browser from doing anything but showing it.
net::page_reply html_reply(int status, const page& what);

/// A badge with sign, word and colour.
std::string badge(const texts& words, public_state state);

/// The class that gives a state its colour.
std::string_view class_of(public_state state);

/// `2018-08-09 09:00:00 UTC` in a <time> element.
std::string time_element(wall_time at);

}  // namespace garde::status
