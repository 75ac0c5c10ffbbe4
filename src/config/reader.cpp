// See reader.hpp.
#include "reader.hpp"

#include "units.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace garde::config {
namespace {

constexpr std::size_t path_limit = 255;
constexpr std::size_t token_length = 32;

/// A key, a token or a hash where a file's name should be. Messages must not repeat it.
bool is_pasted_content(std::string_view text) {
    const bool bare = text.find_first_of("/.") == std::string_view::npos;
    return text.size() > path_limit || text.find_first_of("\r\n") != std::string_view::npos ||
           (bare && text.size() >= token_length);
}

std::string_view type_words(toml::node_type type) {
    switch (type) {
        case toml::node_type::table: return "a table";
        case toml::node_type::array: return "an array";
        case toml::node_type::string: return "a string";
        case toml::node_type::integer: return "an integer";
        case toml::node_type::floating_point: return "a fraction";
        case toml::node_type::boolean: return "a boolean";
        case toml::node_type::date:
        case toml::node_type::time:
        case toml::node_type::date_time: return "a date or time";
        case toml::node_type::none: break;
    }
    return "nothing";
}

int line_at(const toml::node& node) {
    return static_cast<int>(node.source().begin.line);
}

}  // namespace

table_reader::table_reader(const toml::table* table, std::string path, form shape, report& into)
    : table_(table),
      path_(std::move(path)),
      form_(shape),
      line_(table != nullptr ? line_at(*table) : 0),
      into_(&into) {}

bool table_reader::has(std::string_view key) const {
    return table_ != nullptr && table_->contains(key);
}

int table_reader::line_of(std::initializer_list<std::string_view> keys) const {
    for (const auto key : keys)
        if (has(key)) return line_at(*table_->get(key));
    return line_;
}

std::string table_reader::name() const {
    if (path_.empty()) return "the file";
    const auto brackets = form_ == form::element ? fmt::format("[[{}]]", path_) : fmt::format("[{}]", path_);
    return label_.empty() ? brackets : fmt::format("{} \"{}\"", brackets, label_);
}

std::string table_reader::setting(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{} {}", name(), key);
}

std::string table_reader::child_path(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void table_reader::error(std::string_view key, std::string_view what, std::string instead) {
    into_->error(line_of({key}), fmt::format("{} {}", setting(key), what), std::move(instead));
}

void table_reader::warning(std::string_view key, std::string_view what, std::string instead) {
    into_->warning(line_of({key}), fmt::format("{} {}", setting(key), what), std::move(instead));
}

const toml::node* table_reader::find(std::string_view key, need presence, std::string_view sample) {
    known_.emplace_back(key);
    if (table_ == nullptr) return nullptr;
    const auto* node = table_->get(key);
    if (node == nullptr && presence == need::required)
        error(key, "is missing", fmt::format("add {} = {}", key, sample));
    return node;
}

void table_reader::wrong_type(std::string_view key, const toml::node& node, std::string_view wanted,
                              std::string_view sample) {
    error(key, fmt::format("must be {}, not {}", wanted, type_words(node.type())),
          fmt::format("write e.g. {} = {}", key, sample));
}

void table_reader::read_text(std::string_view key, std::string& into, need presence,
                             std::string_view sample) {
    const auto* node = find(key, presence, sample);
    if (node == nullptr) return;
    const auto* text = node->as_string();
    if (text == nullptr) return wrong_type(key, *node, "a string", sample);
    if (text->get().empty()) return error(key, "is empty", fmt::format("write e.g. {} = {}", key, sample));
    into = text->get();
}

void table_reader::read_flag(std::string_view key, bool& into) {
    const auto* node = find(key, need::optional, "");
    if (node == nullptr) return;
    const auto* flag = node->as_boolean();
    if (flag == nullptr) return wrong_type(key, *node, "true or false", into ? "true" : "false");
    into = flag->get();
}

std::optional<std::int64_t> table_reader::integer(std::string_view key, std::string_view sample) {
    const auto* node = find(key, need::optional, sample);
    if (node == nullptr) return std::nullopt;
    const auto* number = node->as_integer();
    if (number == nullptr) {
        wrong_type(key, *node, "a whole number", sample);
        return std::nullopt;
    }
    return number->get();
}

void table_reader::read_number(std::string_view key, int& into, range<int> allowed) {
    const auto number = integer(key, std::to_string(into));
    if (!number) return;
    if (*number < allowed.least || *number > allowed.most)
        return error(key, fmt::format("= {} is out of range", *number),
                     fmt::format("write a number from {} to {}", allowed.least, allowed.most));
    into = static_cast<int>(*number);
}

void table_reader::read_number(std::string_view key, std::size_t& into, range<std::size_t> allowed) {
    const auto number = integer(key, std::to_string(into));
    if (!number) return;
    if (std::cmp_less(*number, allowed.least) || std::cmp_greater(*number, allowed.most))
        return error(key, fmt::format("= {} is out of range", *number),
                     fmt::format("write a number from {} to {}", allowed.least, allowed.most));
    into = static_cast<std::size_t>(*number);
}

void table_reader::read_size(std::string_view key, std::size_t& into, range<std::size_t> allowed) {
    const auto sample = fmt::format("\"{}\"", size_text(into));
    const auto* node = find(key, need::optional, sample);
    if (node == nullptr) return;
    std::optional<std::size_t> bytes;
    if (const auto* number = node->as_integer(); number != nullptr && number->get() >= 0)
        bytes = static_cast<std::size_t>(number->get());
    else if (const auto* text = node->as_string(); text != nullptr)
        bytes = parse_size(text->get());
    else if (number == nullptr)
        return wrong_type(key, *node, "a size", sample);
    if (!bytes)
        return error(
            key, "is not a size",
            fmt::format("write bytes, or a whole number with KiB, MiB or GiB, e.g. {} = {}", key, sample));
    if (*bytes < allowed.least || *bytes > allowed.most)
        return error(
            key, fmt::format("= {} is out of range", size_text(*bytes)),
            fmt::format("write a size from {} to {}", size_text(allowed.least), size_text(allowed.most)));
    into = *bytes;
}

void table_reader::read_duration(std::string_view key, std::chrono::milliseconds& into,
                                 range<std::chrono::milliseconds> allowed) {
    const auto sample = fmt::format("\"{}\"", duration_text(into));
    if (const auto* node = find(key, need::optional, sample)) set_duration(key, *node, into, allowed, sample);
}

void table_reader::set_duration(std::string_view key, const toml::node& node, std::chrono::milliseconds& into,
                                range<std::chrono::milliseconds> allowed, std::string_view sample) {
    const auto* text = node.as_string();
    if (text == nullptr) return wrong_type(key, node, "a duration with its unit", sample);
    const auto value = parse_duration(text->get());
    if (!value)
        return error(key, "is not a duration",
                     fmt::format("write a whole number with ms, s, m, h or d, e.g. {} = {}", key, sample));
    if (*value < allowed.least || *value > allowed.most)
        return error(key, fmt::format("= \"{}\" is out of range", duration_text(*value)),
                     fmt::format("write a duration from {} to {}", duration_text(allowed.least),
                                 duration_text(allowed.most)));
    into = *value;
}

void table_reader::read_duration(std::string_view key, std::optional<std::chrono::milliseconds>& into,
                                 range<std::chrono::milliseconds> allowed, std::string_view word_for_none) {
    auto value = into.value_or(allowed.least);
    const auto sample = fmt::format("\"{}\", or \"{}\"", duration_text(value), word_for_none);
    const auto* node = find(key, need::optional, sample);
    if (node == nullptr) return;
    if (const auto* text = node->as_string(); text != nullptr && text->get() == word_for_none) {
        into.reset();
        return;
    }
    set_duration(key, *node, value, allowed, sample);
    into = value;
}

void table_reader::read_duration(std::string_view key, std::chrono::seconds& into,
                                 range<std::chrono::milliseconds> allowed) {
    std::chrono::milliseconds value = into;
    read_duration(key, value, allowed);
    if (value.count() % 1000 != 0)
        return error(key, fmt::format("= \"{}\" has parts of a second", duration_text(value)),
                     "write whole seconds, e.g. \"60s\"");
    into = std::chrono::duration_cast<std::chrono::seconds>(value);
}

std::optional<int> table_reader::percentage(std::string_view key, const toml::node& node, range<int> allowed,
                                            std::string_view sample) {
    const auto* text = node.as_string();
    if (text == nullptr) {
        wrong_type(key, node, "a percentage in quotes", sample);
        return std::nullopt;
    }
    const auto value = parse_percentage(text->get());
    if (!value) {
        error(key, fmt::format("has \"{}\", which is not a percentage", text->get()),
              fmt::format("write a whole number with %, e.g. {} = {}", key, sample));
        return std::nullopt;
    }
    if (*value < allowed.least || *value > allowed.most) {
        error(key, fmt::format("has \"{}\", which is out of range", percentage_text(*value)),
              fmt::format("write a percentage from {} to {}", percentage_text(allowed.least),
                          percentage_text(allowed.most)));
        return std::nullopt;
    }
    return value;
}

void table_reader::read_percentage(std::string_view key, int& into, range<int> allowed) {
    const auto sample = fmt::format("\"{}\"", percentage_text(into));
    const auto* node = find(key, need::optional, sample);
    if (node == nullptr) return;
    if (const auto value = percentage(key, *node, allowed, sample)) into = *value;
}

void table_reader::read_percentages(std::string_view key, std::vector<int>& into, range<int> allowed,
                                    std::size_t most) {
    const std::string_view sample = "[\"5%\", \"25%\", \"50%\"]";
    const auto* node = find(key, need::optional, sample);
    if (node == nullptr) return;
    const auto* array = node->as_array();
    if (array == nullptr) return wrong_type(key, *node, "an array of percentages", sample);
    if (array->size() > most)
        return error(key, fmt::format("has {} percentages", array->size()),
                     fmt::format("write at most {}", most));
    std::vector<int> out;
    for (const auto& element : *array) {
        const auto value = percentage(key, element, allowed, sample);
        if (!value) return;
        if (!out.empty() && *value <= out.back())
            return error(
                key, fmt::format("has {} after {}", percentage_text(*value), percentage_text(out.back())),
                fmt::format("write them from the smallest to the largest, e.g. {} = {}", key, sample));
        out.push_back(*value);
    }
    into = std::move(out);
}

void table_reader::read_texts(std::string_view key, std::vector<std::string>& into, std::string_view sample) {
    const auto* node = find(key, need::optional, sample);
    if (node == nullptr) return;
    const auto* array = node->as_array();
    if (array == nullptr) return wrong_type(key, *node, "an array of strings", sample);
    std::vector<std::string> out;
    for (const auto& element : *array) {
        const auto* text = element.as_string();
        if (text == nullptr) return wrong_type(key, element, "an array of strings", sample);
        if (text->get().empty())
            return error(key, "has an empty string",
                         fmt::format("remove it, or write e.g. {} = {}", key, sample));
        out.push_back(text->get());
    }
    into = std::move(out);
}

void table_reader::read_named_texts(std::string_view key, std::map<std::string, std::string>& into,
                                    std::string_view sample) {
    const auto* node = find(key, need::optional, sample);
    if (node == nullptr) return;
    const auto* table = node->as_table();
    if (table == nullptr) return wrong_type(key, *node, "a table of strings", sample);
    for (const auto& [name, value] : *table) {
        const auto* text = value.as_string();
        if (text == nullptr || text->get().empty())
            error(key, fmt::format("has no text for {}", name.str()),
                  fmt::format("give it a string in quotes, or remove it, e.g. {} = {}", key, sample));
        else
            into.emplace(name.str(), text->get());
    }
}

std::optional<named_file> table_reader::file_named(std::string_view key, const std::string& text,
                                                   std::string_view sample) {
    if (is_pasted_content(text)) {
        error(key, "is not a path",
              fmt::format("put the content into a file and name that, e.g. {} = {}", key, sample));
        return std::nullopt;
    }
    return named_file{(into_->folder() / text).lexically_normal(), line_of({key}), setting(key)};
}

std::optional<named_file> table_reader::read_path(std::string_view key, need presence,
                                                  std::string_view sample) {
    std::string text;
    read_text(key, text, presence, sample);
    if (text.empty()) return std::nullopt;
    return file_named(key, text, sample);
}

std::vector<named_file> table_reader::read_paths(std::string_view key, std::string_view sample) {
    std::vector<std::string> texts;
    read_texts(key, texts, sample);
    std::vector<named_file> out;
    for (const auto& text : texts)
        if (auto file = file_named(key, text, sample)) out.push_back(std::move(*file));
    return out;
}

std::optional<std::size_t> table_reader::choice_index(std::string_view key,
                                                      const std::vector<std::string>& texts, need presence) {
    const auto sample = fmt::format("\"{}\"", texts.front());
    std::string text;
    read_text(key, text, presence, sample);
    if (text.empty()) return std::nullopt;
    const auto found = std::ranges::find(texts, text);
    if (found != texts.end()) return static_cast<std::size_t>(found - texts.begin());
    const auto guess = nearest_word(text, texts);
    error(key, fmt::format("= \"{}\" is not one of its values", text),
          guess.empty() ? fmt::format("write one of: {}", fmt::join(texts, ", "))
                        : fmt::format("did you mean \"{}\"? Its values: {}", guess, fmt::join(texts, ", ")));
    return std::nullopt;
}

table_reader table_reader::read_table(std::string_view key, need presence) {
    known_.emplace_back(key);
    const auto path = child_path(key);
    const auto* node = table_ != nullptr ? table_->get(key) : nullptr;
    if (node == nullptr && presence == need::required)
        into_->error(line_, fmt::format("[{}] is missing", path), fmt::format("add the table [{}]", path));
    if (node != nullptr && !node->is_table())
        error(key, fmt::format("must be a table, not {}", type_words(node->type())),
              fmt::format("write [{}]", path));
    return {node != nullptr ? node->as_table() : nullptr, path, form::table, *into_};
}

std::vector<table_reader> table_reader::read_tables(std::string_view key, need presence) {
    known_.emplace_back(key);
    const auto path = child_path(key);
    const auto* node = table_ != nullptr ? table_->get(key) : nullptr;
    std::vector<table_reader> out;
    if (node == nullptr) {
        if (presence == need::required)
            into_->error(line_, fmt::format("{} has no [[{}]]", name(), path),
                         fmt::format("add at least one [[{}]]", path));
        return out;
    }
    const auto* array = node->as_array();
    if (array == nullptr || array->empty() || !array->is_homogeneous(toml::node_type::table)) {
        error(key, fmt::format("must be a list of tables, not {}", type_words(node->type())),
              fmt::format("write [[{}]], with two brackets, once for each", path));
        return out;
    }
    for (const auto& element : *array) out.push_back({element.as_table(), path, form::element, *into_});
    return out;
}

std::string table_reader::listed_keys() const {
    auto keys = known_;
    std::ranges::sort(keys);
    return fmt::format("{}", fmt::join(keys, ", "));
}

void table_reader::finish() {
    if (table_ == nullptr) return;
    for (const auto& [key, value] : *table_) {
        if (std::ranges::find(known_, key.str()) != known_.end()) continue;
        const auto guess = nearest_word(key.str(), known_);
        into_->error(static_cast<int>(key.source().begin.line),
                     fmt::format("{} is not a setting", setting(key.str())),
                     guess.empty() ? fmt::format("remove it; {} knows: {}", name(), listed_keys())
                                   : fmt::format("did you mean \"{}\"?", guess));
    }
}

}  // namespace garde::config
