// How personal values lie beside the log: sealed under the random key of their volume, which lies wrapped by
// names.key beside them. Whoever destroys the wrapped key has erased them, whatever copies of the values
// there are. Pure but for randomness; load_names_key() reads a file.
//
// names.key is 64 hexadecimal digits and LF. names-EPOCH-N.key is base64url and LF: the volume's key (32
// bytes), sealed (base/sealing.hpp) under names.key in the context "garde journal names-EPOCH-N". Each line
// of names-EPOCH-N.jsonl is {"seq":N,"sealed":"BASE64URL"}: a JSON array of [name, salt in base64url, value],
// sealed under the volume's key in the context "garde journal names-EPOCH-N SEQ". They are in the order of
// the records.
#pragma once

#include "garde/base/secret.hpp"

#include "log_folder.hpp"
#include "personal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace garde::journal {

/// Six names with values of 4 KiB each, however escaped, sealed and encoded.
inline constexpr std::size_t max_values_line = 512 * 1024;

/// The personal values of one record.
struct record_values {
    std::uint64_t seq = 0;
    std::int64_t epoch = 0;  ///< of the record's time
    std::vector<hidden_value> values;
};

std::string wrap_key(const volume& of, const secret_string& names_key, const secret_string& key);
/// Nothing when it was wrapped by another names.key, or for another volume, or is damaged.
std::optional<secret_string> unwrap_key(const volume& of, const secret_string& names_key,
                                        std::string_view wrapped);

/// Without LF.
std::string seal_values(const volume& in, const secret_string& key, const record_values& what);

struct sealed_values {
    std::uint64_t seq = 0;
    std::string sealed;
};
std::optional<sealed_values> read_sealed(std::string_view line);
/// Nothing when they were sealed under another key or have been changed.
std::optional<std::vector<hidden_value>> open_values(const volume& in, const secret_string& key,
                                                     const sealed_values& what);

std::string make_names_key_file(const secret_string& key);
std::optional<secret_string> read_names_key_file(std::string_view content);
/// The error says what is wrong with the file.
io_result<std::optional<secret_string>> load_names_key(file_layer& files, const std::filesystem::path& file);

}  // namespace garde::journal
