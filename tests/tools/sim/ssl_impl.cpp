// The one translation unit that compiles Asio's TLS part.
#include <boost/asio/ssl/impl/src.hpp>
