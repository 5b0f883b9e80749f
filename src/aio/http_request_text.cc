#include "aio/http_request_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace midwatch::aio {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_given(const HttpCall& call, std::string_view name) {
  return std::any_of(call.headers.begin(), call.headers.end(),
                     [name](const auto& field) { return same_field_name(field.first, name); });
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = (group << 8) | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += i + k > bytes.size() ? '=' : kDigits[(group >> (18 - 6 * k)) & 63];
    }
  }
  return out;
}

// User and password in an address may be escaped there.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](std::size_t at) -> int {
      if (at >= text.size()) return -1;
      const char c = lower(text[at]);
      if (c >= '0' && c <= '9') return c - '0';
      return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    if (text[i] == '%' && digit(i + 1) >= 0 && digit(i + 2) >= 0) {
      out += static_cast<char>(digit(i + 1) * 16 + digit(i + 2));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string basic(const HttpUrl& url) { return basic_authorization(unescaped(url.user_info)); }

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string basic_authorization(std::string_view user_and_password) { return "Basic " + base64(user_and_password); }

bool same_field_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

Result<std::string> check_call(const HttpCall& call) {
  if (!is_token(call.method)) return Error(Code::kInvalid, "method: it must be one word, such as GET");
  for (const auto& [name, value] : call.headers) {
    if (!is_token(name)) return Error(Code::kInvalid, "header: a name has letters, digits and hyphens only");
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return Error(Code::kInvalid, fmt::format("header {}: its value must be one line", name));
    }
  }
  return call.method;
}

std::string request_text(const HttpCall& call, const HttpUrl& url, std::string_view user_agent, const HttpUrl* proxy) {
  std::string out = call.method + " ";
  if (proxy != nullptr) out += "http://" + url.authority();
  out += url.target + " HTTP/1.1\r\n";
  if (!is_given(call, "host")) append_field(out, "Host", url.authority());
  for (const auto& [name, value] : call.headers) append_field(out, name, value);
  if (!is_given(call, "user-agent")) append_field(out, "User-Agent", user_agent);
  if (!is_given(call, "accept")) append_field(out, "Accept", "*/*");
  if (!url.user_info.empty() && !is_given(call, "authorization")) append_field(out, "Authorization", basic(url));
  if (proxy != nullptr && !proxy->user_info.empty()) append_field(out, "Proxy-Authorization", basic(*proxy));
  const bool has_body = !call.body.empty() || call.method == "POST" || call.method == "PUT" || call.method == "PATCH";
  if (has_body && !is_given(call, "content-length")) {
    append_field(out, "Content-Length", std::to_string(call.body.size()));
  }
  if (!is_given(call, "connection")) append_field(out, "Connection", "close");
  out += "\r\n";
  return out + call.body;
}

std::string tunnel_text(const HttpUrl& url, const HttpUrl& proxy) {
  const std::string host = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  const std::string place = fmt::format("{}:{}", host, url.port);
  std::string out = "CONNECT " + place + " HTTP/1.1\r\n";
  append_field(out, "Host", place);
  if (!proxy.user_info.empty()) append_field(out, "Proxy-Authorization", basic(proxy));
  return out + "\r\n";
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

void follow(HttpCall& call, const HttpUrl& from, const HttpUrl& next, int status) {
  if (status == 303 || ((status == 301 || status == 302) && call.method == "POST")) {
    if (call.method != "HEAD") call.method = "GET";
    call.body.clear();
    std::erase_if(call.headers, [](const auto& field) {
      return same_field_name(field.first, "content-length") || same_field_name(field.first, "content-type");
    });
  }
  std::erase_if(call.headers, [](const auto& field) { return same_field_name(field.first, "host"); });
  if (from.host == next.host && from.port == next.port && from.is_tls == next.is_tls) return;
  std::erase_if(call.headers, [](const auto& field) {
    return same_field_name(field.first, "authorization") || same_field_name(field.first, "cookie");
  });
}

}  // namespace midwatch::aio
