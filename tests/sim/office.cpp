// See office.hpp.
#include "office.hpp"

#include <algorithm>
#include <chrono>

namespace garde::sim {
namespace {

std::string attribute(const journal::record& of, std::string_view name) {
    const auto found =
        std::ranges::find(of.attributes, name, [](const auto& one) { return std::string_view(one.first); });
    return found == of.attributes.end() ? std::string() : found->second;
}

}  // namespace

void paper_journal::append(journal::record what, journal::on_durable then) {
    std::string text = what.event;
    for (const auto& [name, value] : what.attributes) text += " " + name + "=" + value;
    trace_.note("journal: {}", text);
    if (what.event == "switchover")
        switchovers_.push_back({attribute(what, "service"), attribute(what, "from"), attribute(what, "to")});
    if (what.event == "clock-step")
        clock_steps_ += std::chrono::milliseconds(std::stoll(attribute(what, "by-ms")));
    if (then)
        kernel_.at(kernel_.now() + luck_.between(moment(0), longest_),
                   [then = std::move(then)] { then(true); });
}

void paper_store::answer(store::on_stored then) {
    const bool fails = luck_.percent(failing_percent_);
    kernel_.at(kernel_.now() + luck_.between(moment(0), longest_), [then = std::move(then), fails] {
        then(fails ? result<void>(fail("the disk is full")) : result<void>());
    });
}

}  // namespace garde::sim
