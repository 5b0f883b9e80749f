// The non-template code of Asio, its TLS part and Beast: compiled here once (see MidwatchFlags.cmake).
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
