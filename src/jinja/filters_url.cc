// urlize: what looks like a link becomes one.
#include <algorithm>
#include <set>

#include "expr/markup.h"
#include "expr/pattern.h"
#include "expr/python_methods.h"
#include "expr/python_text.h"
#include "jinja/globals.h"
#include "jinja/interpreter.h"

namespace midwatch::jinja {

namespace {

constexpr std::string_view kLink =
    R"(((https?://|www\.)(([\w%-]+\.)+)?([a-z]{2,63}|xn--[\w%]{2,59})|([\w%-]{2,63}\.)+(com|net|int|edu|gov|org|info|mil))"
    R"(|(https?://)((([\d]{1,3})(\.[\d]{1,3}){3})|(\[([\da-f]{0,4}:){2}([\da-f]{0,4}:?){1,6}])))(?::[\d]{1,5})?(?:[/?#]\S*)?$)";
constexpr std::string_view kMail = R"(\S+@\w[\w.-]*\.\w+$)";
constexpr std::string_view kScheme = R"([\w.+-]{2,}:(/){0,2})";

Outcome<bool> matches(std::string_view pattern, std::string_view text, Pattern::Anchor anchor,
                      bool ignore_case = false) {
  MW_TRY(const auto compiled, Pattern::compile(pattern, {.ignore_case = ignore_case}));
  MW_TRY(const auto found, compiled->match(text, 0, anchor));
  return found.has_value();
}

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

// The length of the longest run of `parts` at the start, or at the end, of a text.
std::size_t run_length(std::string_view text, std::initializer_list<std::string_view> parts, bool at_start) {
  std::size_t length = 0;
  for (bool more = true; more;) {
    more = false;
    const std::string_view rest = at_start ? text.substr(length) : text.substr(0, text.size() - length);
    for (const std::string_view part : parts) {
      if (!(at_start ? rest.starts_with(part) : rest.ends_with(part))) continue;
      length += part.size();
      more = true;
      break;
    }
  }
  return length;
}

struct Links {
  std::string attributes;  // rel="…" target="…"
  std::int64_t limit = -1;
  std::vector<std::string> schemes;
};

// Signs around a link are not part of it, unless brackets balance.
struct Word {
  std::string head, middle, tail;
  explicit Word(std::string_view text) {
    const std::size_t lead = run_length(text, {"(", "<", "&lt;"}, true);
    head = text.substr(0, lead);
    text.remove_prefix(lead);
    const std::size_t trail = run_length(text, {"&gt;", ")", ">", ".", ",", "\n"}, false);
    middle = text.substr(0, text.size() - trail);
    tail = text.substr(text.size() - trail);
    constexpr std::pair<std::string_view, std::string_view> kPairs[] = {{"(", ")"}, {"<", ">"}, {"&lt;", "&gt;"}};
    for (const auto& [open, close] : kPairs) {
      const std::size_t opened = count_of(middle, open);
      if (opened <= count_of(middle, close)) continue;
      for (std::size_t moves = std::min(opened, count_of(tail, close)); moves > 0; --moves) {
        const std::size_t end = tail.find(close) + close.size();
        middle += tail.substr(0, end);
        tail.erase(0, end);
      }
    }
  }
};

std::string trimmed(const std::string& text, std::int64_t limit) {
  if (limit < 0 || static_cast<std::int64_t>(code_point_count(text)) <= limit) return text;
  return text.substr(0, code_point_offset(text, static_cast<std::size_t>(limit))) + "...";
}

Outcome<std::string> linked(std::string_view text, const Links& links) {
  Word word(text);
  std::string& middle = word.middle;
  MW_TRY(const bool http, matches(kLink, middle, Pattern::Anchor::kStart, true));
  const auto is_mail = [](std::string_view address) { return matches(kMail, address, Pattern::Anchor::kStart); };
  if (http) {
    const bool complete = middle.starts_with("https://") || middle.starts_with("http://");
    middle = "<a href=\"" + std::string(complete ? "" : "https://") + middle + "\"" + links.attributes + ">" +
             trimmed(middle, links.limit) + "</a>";
    return word.head + middle + word.tail;
  }
  if (middle.starts_with("mailto:")) {
    MW_TRY(const bool mail, is_mail(std::string_view(middle).substr(7)));
    if (mail) return word.head + "<a href=\"" + middle + "\">" + middle.substr(7) + "</a>" + word.tail;
  }
  if (middle.find('@') != std::string::npos && !middle.starts_with("www.") && middle.find(':') == std::string::npos) {
    MW_TRY(const bool mail, is_mail(middle));
    if (mail) return word.head + "<a href=\"mailto:" + middle + "\">" + middle + "</a>" + word.tail;
  }
  for (const std::string& scheme : links.schemes) {
    if (middle != scheme && middle.starts_with(scheme)) {
      middle = "<a href=\"" + middle + "\"" + links.attributes + ">" + middle + "</a>";
    }
  }
  return word.head + middle + word.tail;
}

Outcome<Links> options(Call& call) {
  Links out;
  if (call.has(1) && !call.args[1].is_none()) {
    MW_TRY(out.limit, int_argument(call.args[1]));
    out.limit = std::max<std::int64_t>(out.limit, 0);
  }
  std::set<std::string> parts{"noopener"};
  if (call.has(2) && truthy(call.args[2])) parts.insert("nofollow");
  if (call.has(4) && truthy(call.args[4])) {
    MW_TRY(const std::string_view rel, text_argument(call.args[4]));
    for (std::string& part : split_space(rel)) parts.insert(std::move(part));
  }
  std::string rel;
  for (const std::string& part : parts) rel += (rel.empty() ? "" : " ") + part;
  out.attributes = " rel=\"" + html_escaped(rel) + "\"";
  if (call.has(3) && truthy(call.args[3])) {
    MW_TRY(const std::string target, escaped_text(call.evaluation, call.args[3]));
    out.attributes += " target=\"" + target + "\"";
  }
  if (call.has(5) && truthy(call.args[5])) {
    MW_TRY(const std::vector<Datum> schemes, py_items(call.evaluation, call.args[5]));
    for (const Datum& scheme : schemes) {
      MW_TRY(const std::string_view text, text_argument(scheme, "expected string or bytes-like object"));
      MW_TRY(const bool valid, matches(kScheme, text, Pattern::Anchor::kBoth));
      if (!valid) {
        return Failure(ErrorKind::kValue, "FilterArgumentError",
                       py_repr_text(text) + " is not a valid URI scheme prefix.");
      }
      out.schemes.emplace_back(text);
    }
  }
  return out;
}

Outcome<Datum> urlize(Call& call) {
  MW_TRY(const Links links, options(call));
  MW_TRY(const std::string text, escaped_text(call.evaluation, call.args[0]));
  std::string out;
  const std::string_view whole = text;
  for (std::size_t at = 0; at < whole.size();) {
    if (!call.evaluation.take_steps()) return call.evaluation.too_many_steps();
    std::size_t end = at;
    std::size_t after = at;
    while (after < whole.size() && !is_space(next_code_point(whole, after))) end = after;
    MW_TRY(const std::string word, linked(whole.substr(at, end - at), links));
    out += word;
    // The white space behind the word, as it is.
    std::size_t next = end;
    after = end;
    while (after < whole.size() && is_space(next_code_point(whole, after))) next = after;
    out += whole.substr(end, next - end);
    at = next;
    if (out.size() > call.evaluation.limits.output_bytes_max) return call.evaluation.too_many_bytes();
  }
  if (call.evaluation.autoescape) return make_markup(call.evaluation, std::move(out));
  return charged_text(call.evaluation, std::move(out));
}

constexpr NativeEntry kEntries[] = {
    {"urlize", "value, trim_url_limit=, nofollow=, target=, rel=, extra_schemes=", &urlize},
};

}  // namespace

void add_url_filters(FunctionTable& table) { table.add(kEntries); }

}  // namespace midwatch::jinja
