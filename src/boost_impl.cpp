// The one translation unit that compiles Asio and Beast; everything else only sees their declarations.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
