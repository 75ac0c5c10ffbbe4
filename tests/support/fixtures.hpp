// Where the fixtures are. Only one source file is compiled with the path, so that a compiler cache serves
// every checkout.
#pragma once

#include <filesystem>

namespace garde::test {

/// tests/fixtures of this checkout.
std::filesystem::path fixtures();

}  // namespace garde::test
