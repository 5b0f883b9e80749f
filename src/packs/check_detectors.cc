#include <charconv>
#include <utility>

#include <fmt/core.h>

#include "codec/yaml.h"
#include "detect/detector_spec.h"
#include "packs/checks.h"

namespace midwatch::packs {
namespace {

// Errors of a detector begin with the path of what is wrong: "/parameters/windw: unknown key". The place
// of the innermost part of it that is in the file.
Location place_of(std::string_view message, const Detector& detector, std::span<const SourceText> texts) {
  for (const SourceText& text : texts) {
    if (text.path != detector.metadata_file) continue;
    const auto root = parse_yaml(text.text, detector.where.file);
    if (!root) break;
    const YamlNode* at = &*root;
    Location place = detector.where;
    std::string_view path = message.substr(0, message.find(": "));
    while (path.starts_with('/')) {
      path.remove_prefix(1);
      const std::string_view name = path.substr(0, path.find('/'));
      const YamlPair* pair = at->find_pair(name);
      if (pair == nullptr) break;
      place = pair->key.where(detector.where.file);
      at = &pair->value;
      path.remove_prefix(name.size());
    }
    return place;
  }
  return detector.where;
}

}  // namespace

std::vector<Error> check_detectors(const Pack& pack, std::span<const SourceText> texts) {
  std::vector<Error> errors;
  for (const Detector& detector : pack.detectors) {
    auto spec = parse_detector_spec(detector.definition, detector.ref());
    if (spec) continue;
    Error error = std::move(spec).error();
    error.hint = error.hint.substr(0, error.hint.find('\n'));  // a line each: no caret
    error.where = place_of(error.message, detector, texts);
    errors.push_back(std::move(error));
  }
  return errors;
}

}  // namespace midwatch::packs
