// See fixtures.hpp.
#include "fixtures.hpp"

namespace garde::test {

std::filesystem::path fixtures() {
    return GARDE_FIXTURES;
}

}  // namespace garde::test
