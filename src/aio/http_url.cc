#include "aio/http_url.h"

#include <charconv>

#include <fmt/format.h>

namespace midwatch::aio {
namespace {

// Escapes what may not stand in a request line; what is escaped already stays.
std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || std::string_view("\"<>\\^`{|}").find(c) != std::string_view::npos) {
      out += fmt::format("%{:02X}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

std::string escaped_target(std::string_view text) {
  text = text.substr(0, text.find('#'));
  std::string out = escaped(text);
  if (out.empty() || out.front() != '/') out.insert(0, "/");
  return out;
}

Status parse_authority(std::string_view authority, HttpUrl& out) {
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    out.user_info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return Error(Code::kInvalid, "address: '[' without ']'");
    out.host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    if (!port.empty() && port.front() != ':') return Error(Code::kInvalid, "address: ']' must end the host");
  } else {
    const std::size_t colon = authority.find(':');
    out.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (out.host.empty()) return Error(Code::kInvalid, "address: there is no host in it");
  for (const char c : out.host) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || std::string_view("\"<>\\^`{|}/?#%").find(c) != std::string_view::npos) {
      return Error(Code::kInvalid, "address: a host name has letters, digits, dots and hyphens");
    }
  }
  if (port.size() > 1) {
    port.remove_prefix(1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (error != std::errc() || end != port.data() + port.size() || out.port == 0) {
      return Error(Code::kInvalid, fmt::format("address: '{}' is not a port, 1 to 65535 is", port.substr(0, 8)));
    }
  }
  return {};
}

}  // namespace

std::string HttpUrl::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (is_tls ? 443 : 80) ? name : fmt::format("{}:{}", name, port);
}

std::string HttpUrl::to_string() const { return fmt::format("http{}://{}{}", is_tls ? "s" : "", authority(), target); }

Result<HttpUrl> parse_http_url(std::string_view url) {
  while (!url.empty() && (url.front() == ' ' || url.front() == '\n' || url.front() == '\t')) url.remove_prefix(1);
  while (!url.empty() && (url.back() == ' ' || url.back() == '\n' || url.back() == '\t')) url.remove_suffix(1);
  HttpUrl out;
  const std::size_t scheme = url.find("://");
  const std::string_view name = url.substr(0, scheme == std::string_view::npos ? 0 : scheme);
  if (name == "https" || name == "HTTPS") {
    out.is_tls = true;
    out.port = 443;
  } else if (name != "http" && name != "HTTP") {
    return Error(Code::kInvalid, "address: it must begin with http:// or https://");
  }
  url.remove_prefix(scheme + 3);
  const std::size_t path = url.find_first_of("/?#");
  MW_CHECK(parse_authority(url.substr(0, path), out));
  out.target = escaped_target(path == std::string_view::npos ? "" : url.substr(path));
  return out;
}

Result<HttpUrl> resolve_http_url(const HttpUrl& base, std::string_view location) {
  if (location.find("://") != std::string_view::npos) return parse_http_url(location);
  if (location.starts_with("//")) return parse_http_url((base.is_tls ? "https:" : "http:") + std::string(location));
  HttpUrl out = base;
  if (location.starts_with('/')) {
    out.target = escaped_target(location);
  } else {
    const std::string_view path = std::string_view(base.target).substr(0, base.target.find('?'));
    out.target = escaped_target(std::string(path.substr(0, path.rfind('/') + 1)) + std::string(location));
  }
  return out;
}

}  // namespace midwatch::aio
