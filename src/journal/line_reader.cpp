// See line_reader.hpp.
#include "line_reader.hpp"

namespace garde::journal {
namespace {

raw_line line_of(std::string_view text, std::uint64_t end, raw_line::ending ended, raw_line::extent length) {
    return {length == raw_line::extent::fits ? text : std::string_view{}, end, ended, length};
}

}  // namespace

io_result<std::size_t> line_reader::read_more() {
    constexpr std::size_t chunk_bytes = 64 * 1024;
    buffer_.erase(0, taken_);
    taken_ = 0;
    const auto kept = buffer_.size();
    buffer_.resize(kept + chunk_bytes);
    const auto got = from_.read_at(read_to_, {buffer_.data() + kept, chunk_bytes});
    buffer_.resize(kept + got.value_or(0));
    read_to_ += got.value_or(0);
    return got;
}

io_result<std::optional<raw_line>> line_reader::next() {
    auto length = raw_line::extent::fits;
    std::size_t searched = 0;
    for (;;) {
        const auto rest = std::string_view(buffer_).substr(taken_);
        if (const auto at = rest.find('\n', searched); at != std::string_view::npos) {
            taken_ += at + 1;
            if (at > limit_) length = raw_line::extent::too_long;
            return line_of(rest.substr(0, at), read_to_ - (buffer_.size() - taken_),
                           raw_line::ending::complete, length);
        }
        searched = rest.size();
        if (searched > limit_) {
            length = raw_line::extent::too_long;
            taken_ = buffer_.size();
            searched = 0;
        }
        const auto got = read_more();
        if (!got) return std::unexpected(got.error());
        if (*got > 0) continue;
        if (buffer_.empty() && length == raw_line::extent::fits) return std::nullopt;
        taken_ = buffer_.size();
        return line_of(buffer_, read_to_, raw_line::ending::missing, length);
    }
}

io_result<std::optional<wall_time>> time_of_first_record(file_layer& files,
                                                         const std::filesystem::path& segment) {
    auto file = files.open(segment, open_mode::read);
    if (!file && file.error() == std::errc::no_such_file_or_directory) return std::nullopt;
    if (!file) return std::unexpected(file.error());
    line_reader lines(**file);
    const auto raw = lines.next();
    if (!raw) return std::unexpected(raw.error());
    if (!*raw) return std::nullopt;
    const auto first = read_line((*raw)->text);
    return first ? parse_rfc3339(first->at) : std::nullopt;
}

}  // namespace garde::journal
