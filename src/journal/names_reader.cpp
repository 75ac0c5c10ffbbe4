// See names_reader.hpp.
#include "names_reader.hpp"

#include "garde/base/clock.hpp"

#include <algorithm>

namespace garde::journal {
namespace {

/// What the value is worth that is said to stand behind this commitment.
found_name judged(const std::string& name, std::string_view committed,
                  const std::vector<hidden_value>& values) {
    const auto found = std::ranges::find(values, name, &hidden_value::name);
    if (found == values.end()) return {name, name_state::gone, {}};
    if (commitment(found->salt, name, found->value) != committed) return {name, name_state::wrong, {}};
    return {name, name_state::opened, found->value};
}

}  // namespace

names_reader::names_reader(file_layer& files, std::filesystem::path folder,
                           const std::filesystem::path& names_key)
    : files_(files), folder_(std::move(folder)) {
    const auto file = names_key.empty() ? folder_ / names_key_name : names_key;
    if (auto key = load_names_key(files_, file)) names_key_ = *std::move(key);
}

std::error_code names_reader::open_volumes(std::int64_t epoch) {
    constexpr std::size_t max_key_bytes = 256;
    auto& known = by_epoch_[epoch];
    const auto content = list_folder(files_, folder_);
    if (!content) return content.error();
    for (const auto& one : content->volumes) {
        if (one.epoch != epoch || std::ranges::any_of(known, [&](const auto& is) { return is.which == one; }))
            continue;
        // Erased since it was listed: as if it had not been.
        auto wrapped = read_beginning(files_, folder_ / one.key_name(), max_key_bytes);
        auto file = files_.open(folder_ / one.values_name(), open_mode::read);
        if (!wrapped || !file) continue;
        reading next{.which = one, .key = {}, .file = *std::move(file), .lines = {}, .held = {}};
        if (names_key_) next.key = unwrap_key(one, *names_key_, *wrapped);
        next.lines = std::make_unique<line_reader>(*next.file, 0, max_values_line);
        known.push_back(std::move(next));
    }
    return {};
}

/// The values of that record, when they are in this volume; else nullptr.
io_result<const sealed_values*> names_reader::advance(reading& in, std::uint64_t seq) {
    while (!in.held || in.held->seq < seq) {
        const auto raw = in.lines->next();
        if (!raw) return std::unexpected(raw.error());
        if (!*raw || (*raw)->ended == raw_line::ending::missing) {
            // More may come: the line is then read anew from its beginning.
            in.lines = std::make_unique<line_reader>(*in.file, in.next_line, max_values_line);
            return nullptr;
        }
        in.next_line = (*raw)->end;
        if (auto line = read_sealed((*raw)->text)) in.held = *std::move(line);
    }
    return in.held->seq == seq ? &*in.held : nullptr;
}

io_result<std::vector<found_name>> names_reader::find(const read_record& of) {
    std::vector<found_name> out;
    if (of.hidden.empty()) return out;
    const auto at = parse_rfc3339(of.at);
    const auto epoch = at ? epoch_of(*at) : 0;
    if (listed_.insert(epoch).second)
        if (const auto why = open_volumes(epoch)) return std::unexpected(why);
    bool sealed = false;
    for (auto& one : by_epoch_[epoch]) {
        const auto found = advance(one, of.seq);
        if (!found) return std::unexpected(found.error());
        if (*found == nullptr) continue;
        sealed = true;
        if (!one.key) continue;
        const auto values = open_values(one.which, *one.key, **found);
        for (const auto& [name, committed] : of.hidden)
            out.push_back(values ? judged(name, committed, *values)
                                 : found_name{name, name_state::wrong, {}});
        return out;
    }
    for (const auto& each : of.hidden)
        out.push_back({each.first, sealed ? name_state::sealed : name_state::gone, {}});
    return out;
}

}  // namespace garde::journal
