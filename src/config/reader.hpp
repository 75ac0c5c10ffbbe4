// A cursor over one TOML table: reads typed settings, remembers which keys it was asked for, and reports what
// is wrong with its line and what to write instead. It knows nothing of what the settings mean.
#pragma once

#include "report.hpp"

#include <toml++/toml.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace garde::config {

enum class need : std::uint8_t { optional, required };

/// Both ends belong to it.
template <class T>
struct range {
    T least;
    T most;
};

template <class E>
struct choice {
    std::string_view text;
    E value;
};

/// Reading leaves the target as it is when the key is absent or wrong; a wrong one has then been reported.
/// `sample` is what the message for a missing or mistyped key shows, as TOML.
class table_reader {
  public:
    /// The whole file. Both must outlive the reader.
    table_reader(const toml::table& root, report& into) : table_(&root), into_(&into) {}

    /// True when the table is in the file; an absent one reads as empty.
    [[nodiscard]] explicit operator bool() const { return table_ != nullptr; }
    [[nodiscard]] bool has(std::string_view key) const;
    [[nodiscard]] int line() const { return line_; }
    /// Of the first of these keys that is there; of the table when none is.
    [[nodiscard]] int line_of(std::initializer_list<std::string_view> keys) const;
    /// `[limits]`, or `[[service.backend]] "dc1"` once it has a label.
    [[nodiscard]] std::string name() const;
    void set_label(std::string_view label) { label_ = label; }

    void read_text(std::string_view key, std::string& into, need presence, std::string_view sample);
    void read_flag(std::string_view key, bool& into);
    void read_number(std::string_view key, int& into, range<int> allowed);
    void read_number(std::string_view key, std::size_t& into, range<std::size_t> allowed);
    void read_size(std::string_view key, std::size_t& into, range<std::size_t> allowed);
    void read_duration(std::string_view key, std::chrono::milliseconds& into,
                       range<std::chrono::milliseconds> allowed);
    void read_duration(std::string_view key, std::chrono::seconds& into,
                       range<std::chrono::milliseconds> allowed);
    /// A duration, or the word that stands for none.
    void read_duration(std::string_view key, std::optional<std::chrono::milliseconds>& into,
                       range<std::chrono::milliseconds> allowed, std::string_view word_for_none);
    /// "20%".
    void read_percentage(std::string_view key, int& into, range<int> allowed);
    /// Each larger than the one before it; at most `most` of them. Empty is allowed.
    void read_percentages(std::string_view key, std::vector<int>& into, range<int> allowed, std::size_t most);
    void read_texts(std::string_view key, std::vector<std::string>& into, std::string_view sample);
    /// A table of strings under names of the user's choice.
    void read_named_texts(std::string_view key, std::map<std::string, std::string>& into,
                          std::string_view sample);
    /// A relative path counts from the folder of the configuration.
    std::optional<named_file> read_path(std::string_view key, need presence, std::string_view sample);

    /// Several of them; empty when the key is absent.
    std::vector<named_file> read_paths(std::string_view key, std::string_view sample);

    template <class E, std::size_t N>
    void read_choice(std::string_view key, E& into, const std::array<choice<E>, N>& choices,
                     need presence = need::optional) {
        std::vector<std::string> texts;
        texts.reserve(N);
        for (const auto& each : choices) texts.emplace_back(each.text);
        if (const auto index = choice_index(key, texts, presence)) into = choices[*index].value;
    }

    table_reader read_table(std::string_view key, need presence);
    std::vector<table_reader> read_tables(std::string_view key, need presence);

    /// Reports every key that nobody asked for. To be called last.
    void finish();

    /// `[limits] body_bytes`, for messages of the caller's own.
    [[nodiscard]] std::string setting(std::string_view key) const;
    void error(std::string_view key, std::string_view what, std::string instead);
    void warning(std::string_view key, std::string_view what, std::string instead);

  private:
    enum class form : std::uint8_t { table, element };  ///< [name] or one of [[name]]

    table_reader(const toml::table* table, std::string path, form shape, report& into);

    const toml::node* find(std::string_view key, need presence, std::string_view sample);
    void set_duration(std::string_view key, const toml::node& node, std::chrono::milliseconds& into,
                      range<std::chrono::milliseconds> allowed, std::string_view sample);
    std::optional<int> percentage(std::string_view key, const toml::node& node, range<int> allowed,
                                  std::string_view sample);
    void wrong_type(std::string_view key, const toml::node& node, std::string_view wanted,
                    std::string_view sample);
    std::optional<named_file> file_named(std::string_view key, const std::string& text,
                                         std::string_view sample);
    std::optional<std::int64_t> integer(std::string_view key, std::string_view sample);
    std::optional<std::size_t> choice_index(std::string_view key, const std::vector<std::string>& texts,
                                            need presence);
    std::string child_path(std::string_view key) const;
    std::string listed_keys() const;

    const toml::table* table_;
    std::string path_;  ///< dotted; empty for the whole file
    form form_ = form::table;
    std::string label_;
    int line_ = 0;
    report* into_;
    std::vector<std::string> known_;
};

}  // namespace garde::config
