#include "jsonpath/query.h"

#include <algorithm>
#include <deque>
#include <string>

#include "jsonpath/path_internal.h"

namespace midwatch::jsonpath {

namespace {

// A match knows what it was found in: `$` and `parent` climb.
struct Match {
  Value value;
  const Match* context;
};
using Matches = std::vector<const Match*>;

class Finder {
 public:
  explicit Finder(const Value& root) { matches_.push_back({root, nullptr}); }

  [[nodiscard]] const Match* root() const { return &matches_.front(); }

  Result<Matches> find(const Path& path, const Match* in) {
    // Only what `parent` of the root gives is nothing at all.
    if (in == nullptr) return Error(Code::kInvalid, "jsonpath: the root has no parent");
    if (++visits_ > kVisitsMax) {
      return Error(Code::kLimit, "jsonpath: the query visits more than " + std::to_string(kVisitsMax) + " nodes");
    }
    switch (path.kind) {
      case Path::Kind::kRoot: {
        while (in->context != nullptr) in = in->context;
        return Matches{in};
      }
      case Path::Kind::kThis: return Matches{in};
      case Path::Kind::kParent: return Matches{in->context};
      case Path::Kind::kFields: return fields(path, in);
      case Path::Kind::kIndex: return index(path, in);
      case Path::Kind::kSlice: return slice(path, in);
      case Path::Kind::kChild: return child(path, in);
      case Path::Kind::kDescendants: return descendants(path, in);
      case Path::Kind::kUnion: {
        MW_TRY(Matches out, find(*path.left, in));
        MW_TRY(const Matches more, find(*path.right, in));
        out.insert(out.end(), more.begin(), more.end());
        return out;
      }
      case Path::Kind::kIntersection: return Error(Code::kInvalid, "jsonpath: '&' is not implemented");
      case Path::Kind::kWhere: return where(path, in);
    }
    return Matches{};
  }

 private:
  const Match* add(Value value, const Match* context) {
    ++visits_;
    return &matches_.emplace_back(Match{std::move(value), context});
  }

  Result<Matches> fields(const Path& path, const Match* in) {
    Matches out;
    if (!in->value.is_object()) return out;
    if (std::find(path.fields.begin(), path.fields.end(), "*") != path.fields.end()) {
      for (const Value::Member& member : in->value.members()) out.push_back(add(member.value, in));
      return out;
    }
    for (const std::string& name : path.fields) {
      if (const Value* member = in->value.find(name)) out.push_back(add(*member, in));
    }
    return out;
  }

  static std::vector<Value> characters(const Value& text) {
    std::vector<Value> out;
    const std::string_view bytes = text.as_string();
    for (std::size_t at = 0; at < bytes.size();) {
      std::size_t end = at + 1;
      while (end < bytes.size() && (static_cast<unsigned char>(bytes[end]) & 0xC0) == 0x80) ++end;
      out.emplace_back(bytes.substr(at, end - at));
      at = end;
    }
    return out;
  }

  Result<Matches> index(const Path& path, const Match* in) {
    const Value& value = in->value;
    Matches out;
    if (value.is_object()) {
      if (static_cast<std::int64_t>(value.members().size()) <= path.index) return out;
      return Error(Code::kInvalid, "jsonpath: a mapping has no index " + std::to_string(path.index));
    }
    if (!value.is_array() && !value.is_string()) {
      return Error(Code::kInvalid, "jsonpath: an index of something that has no length");
    }
    const std::vector<Value> letters = value.is_string() ? characters(value) : std::vector<Value>();
    const auto size = static_cast<std::int64_t>(value.is_string() ? letters.size() : value.elements().size());
    if (size <= path.index) return out;
    const std::int64_t at = path.index < 0 ? path.index + size : path.index;
    if (at < 0) return Error(Code::kInvalid, "jsonpath: index " + std::to_string(path.index) + " is out of range");
    const auto position = static_cast<std::size_t>(at);
    out.push_back(add(value.is_string() ? letters[position] : value.elements()[position], in));
    return out;
  }

  Result<Matches> slice(const Path& path, const Match* in) {
    const Match* list = in;
    if (in->value.is_object() || in->value.is_string() || in->value.is_int() || in->value.is_bigint() ||
        in->value.is_bool()) {
      list = add(Value::array({in->value}), in->context);
    } else if (!in->value.is_array()) {
      return Error(Code::kInvalid, "jsonpath: a slice of something that has no length");
    }
    const auto elements = list->value.elements();
    const auto size = static_cast<std::int64_t>(elements.size());
    const auto bound = [&](std::optional<std::int64_t> given, std::int64_t fallback) {
      if (!given) return fallback;
      return std::clamp<std::int64_t>(*given < 0 ? *given + size : *given, 0, size);
    };
    Matches out;
    const std::int64_t end = bound(path.end, size);
    for (std::int64_t i = bound(path.start, 0); i < end; ++i) {
      out.push_back(add(elements[static_cast<std::size_t>(i)], list));
    }
    return out;
  }

  Result<Matches> child(const Path& path, const Match* in) {
    MW_TRY(const Matches left, find(*path.left, in));
    Matches out;
    for (const Match* match : left) {
      MW_TRY(const Matches right, find(*path.right, match));
      out.insert(out.end(), right.begin(), right.end());
    }
    return out;
  }

  Result<Matches> where(const Path& path, const Match* in) {
    MW_TRY(const Matches left, find(*path.left, in));
    Matches out;
    for (const Match* match : left) {
      MW_TRY(const Matches right, find(*path.right, match));
      if (!right.empty()) out.push_back(match);
    }
    return out;
  }

  Result<Matches> descendants(const Path& path, const Match* in) {
    MW_TRY(const Matches left, find(*path.left, in));
    Matches out;
    for (const Match* match : left) {
      if (match == nullptr) return Error(Code::kInvalid, "jsonpath: the root has no parent");
      MW_CHECK(descend(*path.right, match, out, 0));
    }
    return out;
  }

  Status descend(const Path& path, const Match* match, Matches& out, int depth) {
    if (depth > kValueDepthMax) {
      return Error(Code::kLimit, "jsonpath: the value nests more than " + std::to_string(kValueDepthMax) + " levels");
    }
    MW_TRY(const Matches here, find(path, match));
    out.insert(out.end(), here.begin(), here.end());
    if (match->value.is_array()) {
      for (const Value& element : match->value.elements()) {
        MW_CHECK(descend(path, add(element, match), out, depth + 1));
      }
    } else if (match->value.is_object()) {
      for (const Value::Member& member : match->value.members()) {
        MW_CHECK(descend(path, add(member.value, match), out, depth + 1));
      }
    }
    return {};
  }

  std::deque<Match> matches_;
  std::size_t visits_ = 0;
};

}  // namespace

Query::Query(std::unique_ptr<const Path> path) : path_(std::move(path)) {}
Query::~Query() = default;

Result<std::shared_ptr<const Query>> Query::compile(std::string_view text) {
  MW_TRY(PathPtr path, parse(text));
  return std::shared_ptr<const Query>(std::make_shared<Query>(std::move(path)));
}

Result<std::vector<Value>> Query::find(const Value& root) const {
  Finder finder(root);
  MW_TRY(const Matches matches, finder.find(*path_, finder.root()));
  std::vector<Value> out;
  out.reserve(matches.size());
  for (const Match* match : matches) {
    if (match == nullptr) return Error(Code::kInvalid, "jsonpath: the root has no parent");
    out.push_back(match->value);
  }
  return out;
}

}  // namespace midwatch::jsonpath
