#include "model/runner_types.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace midwatch {
namespace {

Value parameter(std::string_view type, std::string_view description) {
  return Value::object({{"type", type}, {"description", description}});
}

Value parameter(std::string_view type, std::string_view description, Value fallback) {
  return with_member(parameter(type, description), "default", std::move(fallback));
}

Value required(const Value& schema) { return with_member(schema, "required", true); }
Value secret(const Value& schema) { return with_member(schema, "secret", true); }

const char* const kTimeout = "seconds after which the action is stopped, with everything that it started";

// What both local shell runners take.
ObjectBuilder shell_parameters() {
  ObjectBuilder out;
  out.set("cwd", parameter("string", "directory in which it runs"));
  out.set("env", parameter("object", "environment variables in addition to Midwatch's own"));
  out.set("kwarg_op", parameter("string", "what stands before the name of a named argument", "--"));
  out.set("sudo", parameter("boolean", "run as root, by sudo", false));
  out.set("sudo_password", secret(parameter("string", "password for sudo, where it asks for one", nullptr)));
  out.set("timeout", parameter("integer", kTimeout, 60));
  return out;
}

Value shell_command() {
  ObjectBuilder out;
  out.set("cmd", parameter("string", "the command line, for /bin/sh"));
  ObjectBuilder shell = shell_parameters();
  return merge(std::move(out).build(), std::move(shell).build());
}

Value shell_script() {
  ObjectBuilder out = shell_parameters();
  out.set("debug", parameter("boolean", "keep the checked out version of the pack when the action ends", false));
  out.set("content_version", parameter("string", "git revision of the pack from which the script is taken"));
  return std::move(out).build();
}

Value python_script() {
  ObjectBuilder out;
  out.set("env", parameter("object", "environment variables in addition to Midwatch's own; not PYTHONPATH"));
  out.set("timeout", parameter("integer", kTimeout, 600));
  const Value levels = Value::array({"AUDIT", "CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"});
  out.set("log_level",
          with_member(parameter("string", "least level of log lines that are kept", "DEBUG"), "enum", levels));
  out.set("debug", parameter("boolean", "keep the checked out version of the pack when the action ends", false));
  out.set("content_version", parameter("string", "git revision of the pack from which the script is taken"));
  return std::move(out).build();
}

Value http_request() {
  ObjectBuilder out;
  out.set("url", required(parameter("string", "where the request goes")));
  out.set("headers", parameter("object", "header fields of the request"));
  out.set("cookies", parameter("object", "cookies of the request"));
  out.set("http_proxy", parameter("string", "proxy for http addresses"));
  out.set("https_proxy", parameter("string", "proxy for https addresses"));
  out.set("allow_redirects", parameter("boolean", "follow redirects", false));
  out.set("username", parameter("string", "user for basic authentication"));
  out.set("password", secret(parameter("string", "password for basic authentication")));
  out.set("verify_ssl_cert", parameter("boolean", "refuse a server whose certificate cannot be verified", true));
  out.set("url_hosts_blacklist", parameter("array", "hosts that are never asked; not together with the whitelist"));
  out.set("url_hosts_whitelist", parameter("array", "the only hosts that are asked; not together with the blacklist"));
  return std::move(out).build();
}

Value orquesta() {
  Value notify = parameter("array", "names of the tasks that notify", Value::array({}));
  notify = with_member(notify, "uniqueItems", true);
  return Value::object({{"notify", with_member(notify, "items", Value::object({{"type", "string"}}))}});
}

Value action_chain() {
  ObjectBuilder out;
  out.set("display_published", parameter("boolean", "show what tasks published in the result", true));
  out.set("skip_notify", parameter("array", "names of the tasks that do not notify", Value::array({})));
  return std::move(out).build();
}

Value inquirer() {
  const Value go_on = required(parameter("boolean", "Would you like to continue the workflow?"));
  const Value schema = Value::object(
      {{"title", "response_data"}, {"type", "object"}, {"properties", Value::object({{"continue", go_on}})}});
  const Value none = Value::array({});
  ObjectBuilder out;
  out.set("schema", required(parameter("object", "JSON schema that the response must pass", schema)));
  out.set("route", parameter("string", "for rules that send inquiries to people: which way this one goes", ""));
  out.set("roles", parameter("array", "roles that may respond; none: all", none));
  out.set("users", parameter("array", "users who may respond; none: all", none));
  out.set("ttl", required(parameter("integer", "minutes after which nobody is waited for any more; 0: never", 1440)));
  out.set("default_response",
          parameter("object", "the response when the time is over; without one it ends as timeout"));
  return std::move(out).build();
}

std::vector<RunnerType> make_table() {
  using EntryPoint = RunnerType::EntryPoint;
  const Value none = Value::object({});
  return {
      {"action-chain", "runs actions one after another", action_chain(), "published", true, EntryPoint::kWorkflow},
      {"http-request", "sends one HTTP request", http_request(), "body", false, EntryPoint::kNone},
      {"inquirer", "asks people and waits for their response", inquirer(), "", false, EntryPoint::kNone},
      {"local-shell-cmd", "runs a command line on this machine", shell_command(), "", false, EntryPoint::kNone},
      {"local-shell-script", "runs a script of the pack on this machine", shell_script(), "", false,
       EntryPoint::kScript},
      {"noop", "does nothing and succeeds", none, "", false, EntryPoint::kNone},
      {"orquesta", "runs a workflow: tasks, transitions, joins", orquesta(), "output", true, EntryPoint::kWorkflow},
      {"python-script", "runs a Python class of the pack", python_script(), "result", false, EntryPoint::kPython},
  };
}

bool same_name(std::string_view asked, std::string_view name) {
  return std::equal(asked.begin(), asked.end(), name.begin(), name.end(),
                    [](char a, char b) { return (a == '_' ? '-' : a) == b; });
}

}  // namespace

std::span<const RunnerType> runner_types() {
  static const std::vector<RunnerType> table = make_table();
  return table;
}

const RunnerType* find_runner_type(std::string_view name) {
  for (const RunnerType& type : runner_types()) {
    if (same_name(name, type.name)) return &type;
  }
  // The name under which early versions of StackStorm registered it.
  return name == "orchestra" ? find_runner_type("orquesta") : nullptr;
}

}  // namespace midwatch
