// See recording.hpp.
#include "recording.hpp"

#include "bench/common/answer.hpp"

#include <algorithm>
#include <cctype>
#include <limits>

namespace load {
namespace {

/// A name that is safe to print; anything else a server says in its place is not repeated.
std::string site_name(std::string_view text) {
    constexpr std::size_t longest = 16;
    const bool plain = text.size() <= longest &&
                       std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0; });
    return plain ? std::string(text) : "?";
}

}  // namespace

void recording::start(steady_time now, nanoseconds length) {
    lines_.clear();
    fixed_rate::start(now, length);
}

void recording::ended(const fate& of) {
    line one{.due = of.due, .end = of.end, .status = 0, .what = std::string(of.why), .site = {}};
    if (of.why.empty()) {
        const auto& answer = of.by->answer();
        one.status = answer.status();
        one.what = bench::kind_of_answer(answer.body(), of.by->index());
        one.site = site_name(answer.field("X-Sim-Site"));
    }
    lines_.push_back(std::move(one));
}

std::uint64_t recording::failure_limit() const {
    return std::numeric_limits<std::uint64_t>::max();
}

}  // namespace load
