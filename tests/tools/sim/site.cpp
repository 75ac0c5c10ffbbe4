// See site.hpp.
#include "site.hpp"

#include <openssl/sha.h>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace sim {
namespace {

std::string sha256_hex(std::string_view message) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data());
    constexpr std::string_view symbols = "0123456789abcdef";
    std::string out;
    for (const auto byte : digest) {
        out += symbols[byte >> 4];
        out += symbols[byte & 15];
    }
    return out;
}

bool breaks_the_connection(const answer& what) {
    return what.then != ending::keep && what.then != ending::close;
}

}  // namespace

std::string site::put_faults(std::string_view json, time_point now) {
    auto faults = read_faults(json);
    if (!faults) return faults.error();
    for (const auto& one : *faults) {
        if (one.scope == replay_scope::shared && options_.replay_folder.empty()) {
            return "a shared replay_guard needs --replay-folder";
        }
    }
    faults_ = std::move(*faults);
    fault_text_ = json;
    put_at_ = now;
    seen_.clear();
    return {};
}

milliseconds site::since(time_point now) const {
    return std::chrono::duration_cast<milliseconds>(now - put_at_);
}

std::optional<time_point> site::next_refusal_change(time_point now) const {
    const auto next = sim::next_refusal_change(faults_, since(now));
    if (!next) return std::nullopt;
    return put_at_ + *next;
}

connection_effect site::connected(time_point now) {
    return effect_on_connection(faults_, since(now), counts_.connections++, options_.seed);
}

bool site::is_probe(const request& received, const reading& what) const {
    if (what.soap) return what.asked && what.asked->provider == options_.probe_nihii;
    return received.target.substr(0, received.target.find('?')) == options_.probe_path;
}

void site::count(const reading& what, bool probe, bool genuine) {
    ++counts_.requests;
    ++(probe ? counts_.probes : counts_.traffic);
    if (genuine) ++counts_.answered;
    if (probe || !what.soap || !what.asked) return;
    for (const auto& reference : {what.asked->reference, what.asked->user_reference}) {
        if (reference.empty()) continue;
        auto& entry = counts_.by_reference[reference];
        ++entry.received;
        if (genuine) ++entry.answered;
    }
}

/// An order with a key that this site, or with a replay folder any other, has carried out is not carried out
/// again.
void site::count_order(const reading& what, bool carried_out) {
    auto& entry = counts_.by_reference[*what.order];
    ++entry.received;
    const auto scope = options_.replay_folder.empty() ? replay_scope::site : replay_scope::shared;
    if (carried_out && (!what.has_key || !seen_before("order " + *what.order, scope))) ++entry.answered;
}

/// A message counts as seen once it was completely received, whatever happens to its answer.
bool site::seen_before(std::string_view message, replay_scope scope) {
    const auto digest = sha256_hex(message);
    if (scope == replay_scope::site) return !seen_.insert(digest).second;
    const int file =
        open((options_.replay_folder / digest).c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0) return errno == EEXIST;
    close(file);
    return false;
}

site::decision site::decide(const request& received, time_point now) {
    auto what = read(received);
    const bool probe = is_probe(received, what);
    const std::string_view mutuality =
        what.soap && what.asked ? std::string_view(what.asked->mutuality) : std::string_view();
    const auto effects = effects_on_request(
        faults_, since(now),
        {.probe = probe, .mutuality = mutuality, .number = counts_.requests, .order = what.order.has_value()},
        options_.seed);
    if (effects.decisive != nullptr && effects.decisive->kind == fault_kind::deceased && what.asked)
        what.asked->deceased = true;
    const auto genuine = genuine_reply(received, what);

    decision out{.delay = effects.delay, .what = {}};
    if (effects.decisive != nullptr) out.what = spoil(*effects.decisive, genuine, received, options_.name);
    const bool replayed = effects.replay_guard != nullptr && what.soap &&
                          seen_before(received.body, effects.replay_guard->scope);
    const bool refused = replayed && (effects.decisive == nullptr || !breaks_the_connection(out.what));
    if (refused) {
        out.what = frame({.status = 500, .body = make_fault("SOA-01001")}, received, options_.name);
        ++counts_.replays;
    } else if (effects.decisive == nullptr) {
        out.what = frame(genuine, received, options_.name);
    }
    count(what, probe, !refused && effects.decisive == nullptr);
    // Whoever breaks off while he answers has done what was asked.
    if (what.order) count_order(what, effects.decisive == nullptr || breaks_the_connection(out.what));
    return out;
}

}  // namespace sim
