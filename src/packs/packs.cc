#include "packs/packs.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <unordered_set>
#include <utility>

#include <fmt/core.h>

#include "codec/yaml.h"
#include "packs/checks.h"

namespace midwatch::packs {
namespace {

namespace fs = std::filesystem;

std::string with_slash(std::string path) {
  if (!path.empty() && path.back() != '/') path += '/';
  return path;
}

std::string directory_name(const std::string& path) {
  std::error_code failed;
  const fs::path whole = fs::weakly_canonical(path, failed);
  const fs::path& named = failed ? fs::path(path) : whole;
  return named.has_filename() ? named.filename().string() : named.parent_path().filename().string();
}

// `ref` of pack.yaml, or the directory's name: configs are named after it, before the pack is parsed.
std::string ref_of(const std::vector<SourceText>& texts, const std::string& directory) {
  for (const SourceText& text : texts) {
    if (text.path != "pack.yaml") continue;
    const auto manifest = parse_yaml(text.text, text.path);
    const YamlNode* ref = manifest ? manifest->find("ref") : nullptr;
    if (ref != nullptr && ref->is_scalar() && !ref->text.empty() && ref->text.find('/') == std::string::npos)
      return ref->text;
  }
  return directory;
}

// Places of the checks are relative to the pack or already shown.
void add_errors(std::vector<Error> errors, const std::string& shown, Diagnostics& out) {
  for (Error& error : errors) {
    if (!error.where.file.starts_with(shown)) error.where.file = shown + error.where.file;
    out.error(error);
  }
}

// The directories of packs that a path stands for.
std::vector<std::string> pack_directories(const std::string& path, Diagnostics& out) {
  std::error_code failed;
  if (fs::exists(fs::path(path) / "pack.yaml", failed)) return {path};
  if (!fs::is_directory(path, failed)) {
    out.error(Location{path, 0, 0}, "there is no such directory", "name a pack or a directory of packs");
    return {};
  }
  std::vector<std::string> found;
  fs::directory_iterator it(path, failed);
  for (const fs::directory_iterator end; !failed && it != end; it.increment(failed)) {
    std::error_code ignored;
    if (fs::exists(it->path() / "pack.yaml", ignored)) found.push_back(it->path().string());
  }
  if (failed) out.error(Location{path, 0, 0}, fmt::format("cannot read the directory: {}", failed.message()));
  else if (found.empty()) out.warning(Location{path, 0, 0}, "no pack in this directory: none has a pack.yaml");
  std::sort(found.begin(), found.end());
  return found;
}

// What only all packs together show, for each. `shown` is what the places of each begin with.
std::vector<Diagnostics> cross_check_packs(std::span<const Pack* const> packs, std::span<const std::string> shown) {
  std::vector<Diagnostics> found = cross_check_each(packs);
  std::unordered_set<std::string> actions;
  for (const Pack* pack : packs) {
    for (const Action& action : pack->actions) actions.insert(action.ref());
  }
  const auto has_action = [&](std::string_view ref) { return actions.contains(std::string(ref)); };
  for (std::size_t i = 0; i < packs.size(); ++i) {
    // As in StackStorm, such a workflow loads: the pack with the action may come later.
    for (Error& error : check_workflow_actions(*packs[i], has_action)) {
      error.where.file = shown[i] + error.where.file;
      found[i].warning(std::move(error.where), std::move(error.message), std::move(error.hint));
    }
  }
  return found;
}

// A pack that was loaded, or refused and perhaps replaced by the version that is in force.
struct Candidate {
  std::string directory;
  std::string ref;
  std::shared_ptr<const Pack> pack;
  bool refused = false;
};

class Loader {
 public:
  Loader(const LoadOptions& options, const Content* running) : options_(options), running_(running) {}

  void load_path(const std::string& path) {
    for (const std::string& directory : pack_directories(path, out_)) load_one(directory);
  }

  // Until what is left fits together: a refused pack may have had what another one needs.
  void cross_check_all() {
    for (bool changed = true; changed;) {
      changed = false;
      std::vector<const Pack*> packs;
      std::vector<std::string> shown;
      std::vector<Candidate*> owners;
      for (Candidate& candidate : candidates_) {
        if (candidate.pack == nullptr) continue;
        packs.push_back(candidate.pack.get());
        shown.push_back(with_slash(candidate.directory));
        owners.push_back(&candidate);
      }
      const std::vector<Diagnostics> found = cross_check_packs(packs, shown);
      Diagnostics warnings;
      for (std::size_t i = 0; i < found.size(); ++i) {
        // A version that is in force stays, also when it now misses something.
        if (owners[i]->refused) continue;
        if (found[i].has_errors()) {
          out_.append(found[i]);
          refuse(*owners[i]);
          changed = true;
        } else {
          warnings.append(found[i]);
        }
      }
      if (!changed) out_.append(warnings);
    }
  }

  [[nodiscard]] std::vector<Candidate>& candidates() { return candidates_; }
  [[nodiscard]] Diagnostics& diagnostics() { return out_; }

 private:
  void load_one(const std::string& directory) {
    if (candidates_.size() >= kPacksMax) {
      return out_.error(Location{directory, 0, 0}, fmt::format("more than {} packs", kPacksMax));
    }
    PackParse parsed = load_directory(directory, options_);
    Candidate candidate{directory, directory_name(directory), nullptr, false};
    if (parsed.pack) {
      candidate.ref = parsed.pack->ref;
      candidate.pack = std::make_shared<const Pack>(std::move(*parsed.pack));
    }
    const auto [at, added] = directories_.try_emplace(candidate.ref, directory);
    if (!added) {
      return out_.warning(Location{directory, 0, 0},
                          fmt::format("pack '{}' is already in {}: this one is left out", candidate.ref, at->second));
    }
    out_.append(parsed.diagnostics);
    if (candidate.pack == nullptr) refuse(candidate);
    candidates_.push_back(std::move(candidate));
  }

  void refuse(Candidate& candidate) {
    candidate.refused = true;
    candidate.pack = nullptr;
    if (running_ == nullptr) return;
    for (const std::shared_ptr<const Pack>& pack : running_->packs()) {
      if (pack->ref == candidate.ref) candidate.pack = pack;
    }
  }

  const LoadOptions& options_;
  const Content* running_;
  std::vector<Candidate> candidates_;
  std::map<std::string, std::string> directories_;  // by reference
  Diagnostics out_;
};

}  // namespace

PackParse load_directory(const std::string& path, const LoadOptions& options) {
  const std::string shown = with_slash(path);
  Diagnostics reading;
  PackFiles files = read_pack_files(path, shown, options.limits, reading);
  PackSource source;
  source.directory = directory_name(path);
  std::error_code failed;
  source.path = fs::weakly_canonical(path, failed).string();
  source.shown_path = shown;
  source.texts = std::move(files.texts);
  source.files = std::move(files.files);
  Value config;
  if (!options.configs_directory.empty()) {
    source.config_file = with_slash(options.configs_directory) + ref_of(source.texts, source.directory) + ".yaml";
    if (fs::exists(source.config_file, failed)) {
      const auto text = read_text_file(source.config_file, source.config_file, options.limits.file_bytes_max);
      auto values = text ? parse_yaml_value(*text, source.config_file) : Result<Value>(text.error());
      if (values) config = std::move(*values);
      else reading.error(values.error());
      source.config = &config;
    }
  }
  PackParse parsed = parse_pack(source);
  parsed.diagnostics.append(reading);
  if (parsed.pack) {
    add_errors(check_rules(*parsed.pack), shown, parsed.diagnostics);
    add_errors(check_workflows(*parsed.pack), shown, parsed.diagnostics);
    add_errors(check_chains(*parsed.pack), shown, parsed.diagnostics);
    add_errors(check_detectors(*parsed.pack, source.texts), shown, parsed.diagnostics);
  }
  parsed.diagnostics.sort();
  if (parsed.diagnostics.has_errors()) parsed.pack.reset();
  return parsed;
}

Loaded load_all(std::span<const std::string> paths, const LoadOptions& options, const Content* running) {
  Loader loader(options, running);
  for (const std::string& path : paths) loader.load_path(path);
  loader.cross_check_all();
  Loaded loaded;
  std::vector<std::shared_ptr<const Pack>> packs;
  for (Candidate& candidate : loader.candidates()) {
    if (candidate.refused) loaded.refused.push_back(candidate.directory);
    if (candidate.pack != nullptr) packs.push_back(std::move(candidate.pack));
  }
  auto content = Content::make(std::move(packs));
  if (content) loaded.content = std::move(*content);
  else loader.diagnostics().error(content.error());
  loaded.diagnostics = std::move(loader.diagnostics());
  return loaded;
}

ValidationReport validate(std::span<const std::string> paths, const ValidateOptions& options) {
  ValidationReport report;
  Loader known(options.load, nullptr);
  for (const std::string& path : options.known) known.load_path(path);
  if (known.diagnostics().has_errors()) report.diagnostics.append(known.diagnostics());
  Loader loader(options.load, nullptr);
  for (const std::string& path : paths) loader.load_path(path);
  report.diagnostics.append(loader.diagnostics());
  std::set<std::string> names;
  std::vector<const Pack*> packs;
  std::vector<std::string> shown;
  for (const Candidate& candidate : loader.candidates()) {
    names.insert(candidate.ref);
    ++report.pack_count;
    if (candidate.pack == nullptr) continue;
    const Pack& pack = *candidate.pack;
    report.action_count += pack.actions.size();
    report.rule_count += pack.rules.size();
    report.workflow_count += pack.workflows.size() + pack.chains.size();
    report.detector_count += pack.detectors.size();
    packs.push_back(&pack);
    shown.push_back(with_slash(candidate.directory));
  }
  const std::size_t own = packs.size();
  for (const Candidate& candidate : known.candidates()) {
    if (candidate.pack == nullptr || names.contains(candidate.ref)) continue;
    packs.push_back(candidate.pack.get());
    shown.push_back(with_slash(candidate.directory));
  }
  const std::vector<Diagnostics> found = cross_check_packs(packs, shown);
  for (std::size_t i = 0; i < own; ++i) report.diagnostics.append(found[i]);
  report.diagnostics.sort();
  return report;
}

std::string ValidationReport::to_text() const {
  std::string text;
  std::size_t warnings = 0;
  for (const ContentDiagnostic& diagnostic : diagnostics.all()) {
    text += diagnostic.to_string() + "\n";
    if (diagnostic.severity == ContentDiagnostic::Severity::kWarning) ++warnings;
  }
  text += fmt::format("{} packs, {} actions, {} rules, {} workflows, {} detectors: ", pack_count, action_count,
                      rule_count, workflow_count, detector_count);
  if (ok() && warnings == 0) return text + "no errors\n";
  return text + fmt::format("{} errors, {} warnings\n", diagnostics.error_count(), warnings);
}

Value ValidationReport::to_value() const {
  std::vector<Value> found;
  std::size_t warnings = 0;
  for (const ContentDiagnostic& diagnostic : diagnostics.all()) {
    const bool is_error = diagnostic.severity == ContentDiagnostic::Severity::kError;
    if (!is_error) ++warnings;
    ObjectBuilder one;
    one.set("severity", is_error ? "error" : "warning").set("file", diagnostic.where.file);
    one.set("line", diagnostic.where.line).set("column", diagnostic.where.column);
    one.set("message", diagnostic.message).set_if(!diagnostic.hint.empty(), "hint", diagnostic.hint);
    found.push_back(std::move(one).build());
  }
  ObjectBuilder out;
  out.set("ok", ok()).set("errors", diagnostics.error_count()).set("warnings", warnings);
  out.set("packs", pack_count).set("actions", action_count).set("rules", rule_count);
  out.set("workflows", workflow_count).set("detectors", detector_count);
  out.set("diagnostics", Value::array(std::move(found)));
  return std::move(out).build();
}

}  // namespace midwatch::packs
