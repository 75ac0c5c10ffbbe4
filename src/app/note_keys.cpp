// See note_keys.hpp.
#include "note_keys.hpp"

#include "garde/base/secret.hpp"
#include "garde/journal/note_key.hpp"

#include "console.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace garde::app {
namespace {

std::string reason() {
    return std::error_code(errno, std::generic_category()).message();
}

/// The file is new, so nobody has read it, and half a key that a full disk leaves is removed.
result<void> write_new(const std::filesystem::path& file, std::string_view content) {
    const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (opened < 0 && errno == EEXIST)
        return fail(fmt::format(
            "{} exists and is not overwritten: a key that is lost cannot be made again; name another "
            "file",
            file.string()));
    if (opened < 0) return fail(fmt::format("cannot make {}: {}", file.string(), reason()));
    const bool written =
        ::write(opened, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
        ::fsync(opened) == 0;
    const std::string why = written ? "" : reason();
    ::close(opened);
    if (written) return {};
    ::unlink(file.c_str());
    return fail(fmt::format("cannot write {}: {}", file.string(), why));
}

}  // namespace

result<std::string> make_note_key_file(const std::filesystem::path& file, const std::string& name) {
    const auto pem = journal::make_note_key();
    if (!pem) return std::unexpected(pem.error());
    const auto signer = journal::note_signer::load(*pem, name);
    if (!signer) return std::unexpected(signer.error());
    if (auto written = write_new(file, pem->reveal()); !written) return std::unexpected(written.error());
    return signer->verifier().text();
}

result<std::string> read_verifier_key(const std::filesystem::path& file, const std::string& name) {
    auto text = read_all(file.string());
    if (!text) return std::unexpected(text.error());
    const secret_string pem(*text);
    wipe(*text);
    const auto signer = journal::note_signer::load(pem, name);
    if (!signer) return fail(fmt::format("{}: {}", file.string(), signer.error().message));
    return signer->verifier().text();
}

}  // namespace garde::app
