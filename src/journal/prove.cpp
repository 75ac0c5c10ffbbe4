// Inclusion and consistency proofs from the files of a journal. See reading.hpp.
#include "garde/journal/reading.hpp"

#include "hash_file.hpp"
#include "head.hpp"
#include "line_reader.hpp"
#include "log_folder.hpp"
#include "merkle_tree.hpp"
#include "posix_file_layer.hpp"

#include <fmt/format.h>

namespace garde::journal {
namespace {

namespace fs = std::filesystem;

std::unexpected<error> cannot_read(const fs::path& what, std::error_code why) {
    return fail(fmt::format("cannot read {}: {}", what.string(), why.message()));
}

result<std::uint64_t> durable_size(file_layer& files, const fs::path& folder) {
    const auto head = load_head(files, folder);
    if (!head) return cannot_read(folder / head_name, head.error());
    if (!*head)
        return fail(fmt::format("{} is missing or unreadable: run garde journal verify",
                                (folder / head_name).string()));
    return (*head)->edge.size();
}

result<tree_head> head_at(std::uint64_t size, const hash_reader& leaves) {
    frontier edge;
    for (std::uint64_t i = 0; i < size; ++i) {
        const auto leaf = leaves(i);
        if (!leaf) return std::unexpected(leaf.error());
        edge.append(*leaf);
    }
    return edge.head();
}

/// The line of that record, whose place is known by its hash even where its number was edited.
result<std::string> find_line(file_layer& files, const fs::path& folder, std::uint64_t seq,
                              const digest256& hash) {
    const auto content = list_folder(files, folder);
    if (!content) return cannot_read(folder, content.error());
    std::optional<std::uint64_t> in;
    for (const auto first : content->segments)
        if (first <= seq) in = first;
    const auto file = folder / segment_name(in.value_or(0));
    const auto segment = in ? open_listed_segment(files, folder, *in) : nullptr;
    if (!segment) return cannot_read(file, segment.error());
    if (!*segment)
        return fail(fmt::format("record {} is in a segment that was removed; its leaf hash is {}", seq,
                                to_hex(hash)));
    tree_hasher hasher;
    line_reader lines(**segment);
    for (;;) {
        const auto raw = lines.next();
        if (!raw) return cannot_read(file, raw.error());
        if (!*raw) break;
        if (hasher.leaf((*raw)->text) == hash) return std::string((*raw)->text);
    }
    return fail(fmt::format("record {} is not in {} as it was written: run garde journal verify", seq,
                            file.string()));
}

}  // namespace

result<inclusion_proof> prove(const fs::path& folder, std::uint64_t seq, std::optional<std::uint64_t> size) {
    posix_file_layer files;
    const auto durable = durable_size(files, folder);
    if (!durable) return std::unexpected(durable.error());
    const auto of = size.value_or(*durable);
    if (of > *durable) return fail(fmt::format("there are {} records, not {}", *durable, of));
    if (seq == 0 || seq > of) return fail(fmt::format("there is no record {} among {}", seq, of));
    auto hashes = hash_file::open(files, folder);
    if (!hashes) return cannot_read(folder / hashes_name, hashes.error());
    const auto leaves = hashes->reader();
    const auto hash = leaves(seq - 1);
    if (!hash) return std::unexpected(hash.error());
    auto leaf = find_line(files, folder, seq, *hash);
    if (!leaf) return std::unexpected(leaf.error());
    const auto head = head_at(of, leaves);
    if (!head) return std::unexpected(head.error());
    auto path = inclusion_path(seq - 1, of, leaves);
    if (!path) return std::unexpected(path.error());
    return inclusion_proof{*std::move(leaf), seq, *head, *std::move(path)};
}

bool holds(const inclusion_proof& of) {
    if (of.seq == 0 || of.seq > of.in.size) return false;
    return verify_inclusion(tree_hasher().leaf(of.leaf), of.seq - 1, of.in, of.path);
}

result<consistency_proof> prove_consistency(const fs::path& folder, std::uint64_t first,
                                            std::uint64_t second) {
    posix_file_layer files;
    const auto durable = durable_size(files, folder);
    if (!durable) return std::unexpected(durable.error());
    if (first == 0 || first > second || second > *durable)
        return fail(fmt::format("sizes must be 0 < M <= N <= {}, the number of records", *durable));
    auto hashes = hash_file::open(files, folder);
    if (!hashes) return cannot_read(folder / hashes_name, hashes.error());
    const auto leaves = hashes->reader();
    const auto from = head_at(first, leaves);
    if (!from) return std::unexpected(from.error());
    const auto to = head_at(second, leaves);
    if (!to) return std::unexpected(to.error());
    auto path = consistency_path(first, second, leaves);
    if (!path) return std::unexpected(path.error());
    return consistency_proof{*from, *to, *std::move(path)};
}

}  // namespace garde::journal
