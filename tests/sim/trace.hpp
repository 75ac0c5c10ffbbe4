// What happened in a run, in order: as one hash, and printed with GARDE_SIM_TRACE=1.
#pragma once

#include "kernel.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace garde::sim {

class trace {
  public:
    explicit trace(const kernel& in) : kernel_(in), begun_(in.now()) {}

    template <class... Values>
    void note(fmt::format_string<Values...> form, Values&&... values) {
        add(fmt::format("{:>12.6f} {}\n", std::chrono::duration<double>(kernel_.now() - begun_).count(),
                        fmt::format(form, std::forward<Values>(values)...)));
    }
    [[nodiscard]] std::uint64_t hash() const { return hash_; }

  private:
    /// FNV-1a.
    void add(std::string_view line) {
        for (const char c : line) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        static const bool printed = std::getenv("GARDE_SIM_TRACE") != nullptr;
        if (printed) std::fwrite(line.data(), 1, line.size(), stderr);
    }

    const kernel& kernel_;
    moment begun_;
    std::uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace garde::sim
