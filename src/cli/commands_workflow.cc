// midwatch workflow …: inspect, rehearse and graph work on files and need no server.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <ostream>

#include <fmt/core.h>

#include "cli/commands.h"
#include "cli/share.h"
#include "codec/json.h"
#include "codec/yaml.h"
#include "flowgraph/dot.h"
#include "flowgraph/picture.h"
#include "flowgraph/svg.h"
#include "rehearse/expectations.h"
#include "rehearse/rehearsal.h"
#include "rehearse/report.h"
#include "rehearse/script.h"
#include "workflow/definition.h"
#include "workflow/inspect.h"
#include "workflow/inspection_runner.h"
#include "workflow/trace_runner.h"

namespace midwatch::cli {
namespace {

// What the engine puts into the context of each workflow.
const std::vector<std::string> kKnownVariables = {"st2", "parent"};

Result<std::string> read_file(const std::string& name) {
  if (name == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(name, std::ios::binary);
  if (!file) return Error(Code::kNotFound, fmt::format("{}: cannot be read", name));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// One JSON object a line, each turned into a line by `answer`.
template <class Answer>
Exit for_each_case(Call& call, const Answer& answer) {
  const auto text = read_file(call.get("--batch"));
  if (!text) return call.fail(text.error());
  std::size_t number = 0;
  Exit exit = Exit::kOk;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const Result<Value> recorded = parse_json(line);
    if (!recorded) {
      call.err << fmt::format("midwatch: {}:{}: {}\n", call.get("--batch"), number, recorded.error().to_string());
      exit = Exit::kFailed;
      continue;
    }
    call.out << to_json(answer(*recorded)) << "\n";
  }
  return exit;
}

// {"id", "expect": {…}}, as recorded; what is in `expect` is also beside it.
Value inspected_case(const Value& recorded) {
  const Value found = replay_inspection(recorded);
  ObjectBuilder out;
  out.set("id", recorded.get("id")).set("expect", found);
  for (const Value::Member& member : found.members()) out.set(member.key, member.value);
  return std::move(out).build();
}

Value rehearsed_case(const Value& recorded) {
  Result<Value> replayed = replay_trace(recorded);
  if (replayed) return std::move(*replayed);
  return Value::object({{"id", recorded.get("id")}, {"error", Value(replayed.error().to_string())}});
}

// The mistakes of one file, as the API shows them; one that cannot be read as a workflow is one mistake.
std::vector<Value> mistakes_in(const std::string& name, std::string& text) {
  const auto content = read_file(name);
  if (!content) {
    text += content.error().to_string() + "\n";
    return {Value::object({{"type", "file"}, {"message", Value(content.error().message)}, {"file", Value(name)}})};
  }
  const auto definition = Definition::parse(*content, name);
  if (!definition) {
    text += definition.error().to_string() + "\n";
    return {Value::object({{"type", "syntax"},
                           {"message", Value(definition.error().message)},
                           {"file", Value(name)},
                           {"line", Value(definition.error().where.line)},
                           {"column", Value(definition.error().where.column)}})};
  }
  std::vector<Value> mistakes;
  for (const InspectionError& mistake : inspect(**definition, kKnownVariables)) {
    text += mistake.to_string() + "\n";
    mistakes.push_back(with_member(mistake.to_value(), "file", Value(name)));
  }
  return mistakes;
}

Exit inspect_workflows(Call& call) {
  if (call.has("--batch") == !call.arguments.empty()) {
    call.err << "midwatch workflow inspect: give either files or --batch FILE.jsonl\n";
    return Exit::kUsage;
  }
  if (call.has("--batch")) return for_each_case(call, inspected_case);
  std::vector<Value> mistakes;
  std::string text;
  for (const std::string& name : call.arguments) {
    for (Value& mistake : mistakes_in(name, text)) mistakes.push_back(std::move(mistake));
  }
  const bool clean = mistakes.empty();
  if (clean)
    text =
        call.arguments.size() == 1 ? "no mistakes\n" : fmt::format("no mistakes in {} files\n", call.arguments.size());
  if (call.has("--json")) call.out << to_json_pretty(Value::array(std::move(mistakes))) << "\n";
  else call.out << text;
  return clean ? Exit::kOk : Exit::kFailed;
}

Result<std::shared_ptr<const Definition>> read_workflow(const std::string& name) {
  MW_TRY(const std::string text, read_file(name));
  return Definition::parse(text, name);
}

// A definition that may be run: without mistakes.
Result<std::shared_ptr<const Definition>> read_sound_workflow(const std::string& name) {
  MW_TRY(auto definition, read_workflow(name));
  const std::vector<InspectionError> mistakes = inspect(*definition, kKnownVariables);
  if (mistakes.empty()) return definition;
  std::string text;
  for (const InspectionError& mistake : mistakes) text += (text.empty() ? "" : "\n") + mistake.to_string();
  return Error(Code::kInvalid, std::move(text));
}

// Asks a person at the terminal what an action answers.
Result<ScriptedAnswer> ask_person(Call& call, const RehearsalQuestion& question) {
  const std::string item = question.item ? fmt::format(" item {}", *question.item) : "";
  call.err << fmt::format("\n{} s: {}{} runs {} {}\n", question.at_seconds, question.task, item,
                          question.action.text_or("an action"), to_json(question.input));
  ScriptedAnswer answer;
  for (std::string line;;) {
    call.err << "status [succeeded]: " << std::flush;
    if (!std::getline(std::cin, line)) return Error(Code::kConflict, "the answers ended before the workflow did");
    const std::optional<FlowStatus> status = parse_flow_status(line.empty() ? "succeeded" : line);
    if (status && is_completed(*status)) {
      answer.status = *status;
      break;
    }
    call.err << "one of succeeded, failed, timeout, abandoned, canceled\n";
  }
  for (std::string line;;) {
    call.err << "result, as YAML on one line [null]: " << std::flush;
    if (!std::getline(std::cin, line) || line.empty()) return answer;
    Result<Value> result = parse_yaml_value(line, "the answer");
    if (result) {
      answer.result = std::move(*result);
      return answer;
    }
    call.err << result.error().to_string() << "\n";
  }
}

struct RehearsalFiles {
  std::shared_ptr<const Definition> definition;
  RehearsalScript script;
};

bool names_a_workflow(std::string_view text, const std::string& name) {
  const Result<YamlNode> root = parse_yaml(text, name);
  return root && root->find("workflow") != nullptr;
}

// From FILE and --script. A script that names its workflow may stand in the place of it.
Result<RehearsalFiles> read_rehearsal(const Call& call) {
  RehearsalFiles files;
  std::string workflow = call.arguments.front();
  const std::string script = call.get("--script", workflow);
  MW_TRY(const std::string text, read_file(script));
  Diagnostics wrong;
  if (call.has("--script") || names_a_workflow(text, script)) files.script = parse_script(text, script, wrong);
  else files.script.cases.emplace_back();
  if (!call.has("--script") && !files.script.workflow.empty()) {
    workflow = (std::filesystem::path(script).parent_path() / files.script.workflow).string();
  }
  if (!wrong.has_errors()) {
    MW_TRY(files.definition, read_sound_workflow(workflow));
    check_script(files.script, *files.definition, wrong);
  }
  if (!wrong.has_errors()) return files;
  wrong.sort();
  std::string mistakes;
  for (const ContentDiagnostic& mistake : wrong.all()) mistakes += (mistakes.empty() ? "" : "\n") + mistake.to_string();
  return Error(Code::kInvalid, std::move(mistakes));
}

Exit rehearse_workflow(Call& call) {
  if (call.has("--batch") == !call.arguments.empty()) {
    call.err << "midwatch workflow rehearse: give either a workflow or --batch FILE.jsonl\n";
    return Exit::kUsage;
  }
  if (call.has("--batch")) return for_each_case(call, rehearsed_case);
  const auto files = read_rehearsal(call);
  if (!files) {
    call.err << "midwatch: " << files.error().to_string() << "\n";
    return Exit::kUsage;
  }
  const bool prompts = call.has("--prompt");
  const bool terminal = &call.out == &std::cout && isatty(STDOUT_FILENO) != 0;
  AskRehearsal ask;
  if (prompts) ask = [&call](const RehearsalQuestion& question) { return ask_person(call, question); };
  bool good = true;
  std::vector<Value> reports;
  for (const RehearsalCase& one : files->script.cases) {
    const Rehearsed rehearsed = rehearse(files->definition, one, ask);
    const std::vector<Finding> findings = check_expectations(one, rehearsed);
    good = good && std::ranges::all_of(findings, &Finding::ok);
    const std::string title = one.name.empty() ? files->definition->file() : one.name;
    if (call.has("--json")) reports.push_back(rehearsal_value(title, rehearsed, findings));
    else
      call.out << (&one == &files->script.cases.front() ? "" : "\n")
               << rehearsal_text(title, rehearsed, findings, terminal ? Colour::kAnsi : Colour::kNone);
  }
  if (call.has("--json")) call.out << to_json_pretty(Value::array(std::move(reports))) << "\n";
  return good ? Exit::kOk : Exit::kFailed;
}

Exit draw_workflow(Call& call) {
  const auto definition = read_workflow(call.arguments.front());
  if (!definition) return call.fail(definition.error());
  if (call.has("--dot") && call.has("--svg")) {
    call.err << "midwatch workflow graph: give --dot or --svg, not both\n";
    return Exit::kUsage;
  }
  const Picture picture = picture_of(**definition);
  const std::string output = call.get("--output");
  const bool svg = call.has("--svg") || (!call.has("--dot") && output.ends_with(".svg"));
  const Result<std::string> drawn = svg ? to_svg(picture) : to_dot(picture);
  if (!drawn) return call.fail(drawn.error());
  if (output.empty()) {
    call.out << *drawn;
    return Exit::kOk;
  }
  std::ofstream file(output, std::ios::binary);
  file << *drawn << std::flush;
  if (!file) return call.fail(fmt::format("{}: cannot be written", output));
  return Exit::kOk;
}

}  // namespace

std::vector<Command> workflow_commands() {
  return {
      {"workflow inspect",
       "FILE…",
       0,
       1'000,
       "Reports everything that is wrong with workflow definitions; exit 1 with mistakes.",
       {{"--batch", "FILE.jsonl", "Inspects recorded cases, one line each; - is standard input."},
        {"--json", "", "Prints JSON."}},
       {"midwatch workflow inspect actions/workflows/repair.yaml"},
       inspect_workflows},
      {"workflow rehearse",
       "FILE",
       0,
       1,
       "Runs a workflow with scripted results in place of its actions; exit 1 when it goes not as expected.",
       {{"--script", "FILE",
         "Takes results and expectations from this YAML file; one that names its workflow may stand "
         "in place of the workflow."},
        {"--prompt", "", "Asks for the results that are not scripted."},
        {"--batch", "FILE.jsonl", "Replays recorded cases, one line each; - is standard input."},
        {"--json", "", "Prints JSON."}},
       {"midwatch workflow rehearse actions/workflows/repair.yaml --script tests/repair.yaml",
        "midwatch workflow rehearse tests/repair.yaml",
        "midwatch workflow rehearse actions/workflows/repair.yaml --prompt"},
       rehearse_workflow},
      {"workflow graph",
       "FILE",
       1,
       1,
       "Draws a workflow as DOT, or as an SVG that needs nothing else.",
       {{"--dot", "", "Draws for Graphviz (the default)."},
        {"--svg", "", "Draws an SVG."},
        {"--output", "FILE", "Writes there; a name that ends with .svg asks for an SVG."}},
       {"midwatch workflow graph actions/workflows/repair.yaml --output repair.svg"},
       draw_workflow},
  };
}

}  // namespace midwatch::cli
