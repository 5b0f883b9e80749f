#include "runners/runner_host.h"

#include <condition_variable>
#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "codec/json.h"

namespace midwatch::runners {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 60s;

// Real actions of a pack in a temporary directory; outcomes are awaited with a deadline.
class RunnerHostTest : public testing::Test {
 protected:
  RunnerHostTest() {
    std::string name = (std::filesystem::temp_directory_path() / "midwatch-runners-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    std::filesystem::create_directories(directory_ + "/pack/actions");
    std::filesystem::create_directories(directory_ + "/pack/lib");
    std::filesystem::create_directories(directory_ + "/spill");
  }
  ~RunnerHostTest() override {
    host_.reset();
    runtime_.stop();
    std::filesystem::remove_all(directory_);
  }

  RunnerOptions options() {
    return {.share_path = MIDWATCH_SOURCE_DIR,
            .spill_path = directory_ + "/spill",
            .api_url = "http://127.0.0.1:1/api",
            .auth_token = [](const ActionRequest&) { return Secret("t0ken"); },
            .term_grace = 300ms};
  }
  RunnerHost& host() {
    if (!host_) make_host(options());
    return *host_;
  }
  void make_host(RunnerOptions settings) {
    RunnerSink sink{.finished = [this](ActionOutcome outcome) { receive(std::move(outcome)); },
                    .output = [this](OutputChunk chunk) { receive(std::move(chunk)); }};
    host_ = std::make_unique<RunnerHost>(runtime_, std::move(settings), std::move(sink));
  }

  void file(const std::string& name, const std::string& text, int mode = 0755) {
    const std::string path = directory_ + "/pack/" + name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), static_cast<mode_t>(mode));
  }
  ActionRequest request(std::string runner, Value runner_parameters = Value::object({})) {
    ActionRequest out;
    out.execution = ids_.next(instant_from_micros(1'700'000'000'000'000));
    out.action = "pack.act";
    out.pack = "pack";
    out.pack_path = directory_ + "/pack";
    out.runner_type = std::move(runner);
    out.parameters = Value::object({});
    out.runner_parameters = std::move(runner_parameters);
    return out;
  }
  ActionRequest command(std::string text) {
    return request("local-shell-cmd", Value::object({{"cmd", std::move(text)}}));
  }
  ActionRequest python(const std::string& text, Value parameters = Value::object({})) {
    file("actions/act.py", text, 0644);
    ActionRequest out = request("python-script");
    out.entry_point = "act.py";
    out.parameters = std::move(parameters);
    return out;
  }

  ActionOutcome run(ActionRequest asked) {
    host().start(std::move(asked));
    return outcome();
  }
  ActionOutcome outcome() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kPatience, [this] { return !outcomes_.empty(); })) {
      ADD_FAILURE() << "no outcome";
      std::abort();
    }
    ActionOutcome out = std::move(outcomes_.front());
    outcomes_.pop_front();
    return out;
  }
  void wait_for_output(std::string_view text) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, kPatience, [&] { return output_.find(text) != std::string::npos; }));
  }
  std::string output() {
    const std::lock_guard lock(mutex_);
    return output_;
  }

  aio::Runtime runtime_;
  std::string directory_;
  std::unique_ptr<RunnerHost> host_;
  ObjectIdSource ids_{1};

 private:
  void receive(ActionOutcome outcome) {
    const std::lock_guard lock(mutex_);
    outcomes_.push_back(std::move(outcome));
    changed_.notify_all();
  }
  void receive(OutputChunk chunk) {
    const std::lock_guard lock(mutex_);
    output_ += chunk.text;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<ActionOutcome> outcomes_;
  std::string output_;
};

std::string text(const ActionOutcome& outcome) {
  return std::string(to_string(outcome.status)) + " " + to_json(outcome.result);
}
std::string error(const ActionOutcome& outcome) { return outcome.result.get("error").text_or(""); }

TEST_F(RunnerHostTest, NoopSucceeds) {
  const ActionRequest asked = request("noop");
  const ActionOutcome done = run(asked);
  EXPECT_EQ(text(done), R"(succeeded {"failed":false,"succeeded":true,"return_code":0})");
  EXPECT_EQ(done.execution, asked.execution);
  EXPECT_EQ(host().running_count(), 0u);
}

TEST_F(RunnerHostTest, UnknownRunnersFailByName) {
  EXPECT_EQ(text(run(request("local-shel"))), R"(failed {"error":"runner 'local-shel': there is none of that name"})");
  EXPECT_EQ(run(request("local_shell_cmd", Value::object({{"cmd", "true"}}))).status, ExecutionStatus::kSucceeded);
}

TEST_F(RunnerHostTest, ACommandReportsItsCodeAndStreams) {
  EXPECT_EQ(text(run(command("echo a; echo b >&2"))),
            R"(succeeded {"failed":false,"succeeded":true,"return_code":0,"stdout":"a","stderr":"b"})");
  EXPECT_EQ(text(run(command("exit 3"))),
            R"(failed {"failed":true,"succeeded":false,"return_code":3,"stdout":"","stderr":""})");
}

TEST_F(RunnerHostTest, OutputThatIsJsonBecomesAValue) {
  EXPECT_EQ(to_json(run(command(R"(echo '{"disk": [1, 2]}')")).result.get("stdout")), R"({"disk":[1,2]})");
}

TEST_F(RunnerHostTest, OutputThatIsNoTextIsRepaired) {
  EXPECT_EQ(run(command(R"(printf 'a\377b')")).result.get("stdout"), Value("a\xEF\xBF\xBD"
                                                                           "b"));
}

TEST_F(RunnerHostTest, TheEnvironmentIsMadeFromNothing) {
  ::setenv("MIDWATCH_TEST_LEAK", "1", 1);
  ActionRequest asked = command("env | sort | grep -v -e ^PWD= -e ^SHLVL= -e ^_= -e ^OLDPWD=");
  asked.runner_parameters =
      with_member(asked.runner_parameters, "env", Value::object({{"X", "y z"}, {"N", 5}, {"LANG", "C"}}));
  const std::string id = asked.execution.hex();
  EXPECT_EQ(run(std::move(asked)).result.get("stdout").text_or(""),
            "LANG=C\nN=5\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
            "ST2_ACTION_API_URL=http://127.0.0.1:1/api/v1\nST2_ACTION_AUTH_TOKEN=t0ken\nST2_ACTION_DEBUG=False\n"
            "ST2_ACTION_EXECUTION_ID=" +
                id + "\nST2_ACTION_PACK_NAME=pack\nX=y z");
}

TEST_F(RunnerHostTest, OutputStreamsBeforeTheEnd) {
  const ActionRequest asked = command("echo early; sleep 1000");
  host().start(asked);
  wait_for_output("early\n");
  host().cancel(asked.execution);
  const ActionOutcome done = outcome();
  EXPECT_EQ(done.status, ExecutionStatus::kCanceled);
  EXPECT_EQ(done.result.get("stdout"), Value("early"));
}

TEST_F(RunnerHostTest, ATimeoutHasItsOwnStatusAndText) {
  ActionRequest asked = command("echo begun; sleep 1000");
  asked.runner_parameters = with_member(asked.runner_parameters, "timeout", 1);
  EXPECT_EQ(text(run(std::move(asked))),
            R"(timeout {"failed":true,"succeeded":false,"return_code":-9,"stdout":"begun","stderr":"",)"
            R"("error":"Action failed to complete in 1 seconds"})");
}

TEST_F(RunnerHostTest, AScriptThatIgnoresSigtermIsKilled) {
  file("actions/deaf.sh", "#!/bin/sh\ntrap '' TERM\necho ready\nwhile :; do sleep 1000; done\n");
  ActionRequest asked = request("local-shell-script", Value::object({{"timeout", 1}}));
  asked.entry_point = "deaf.sh";
  EXPECT_EQ(run(std::move(asked)).status, ExecutionStatus::kTimeout);
}

TEST_F(RunnerHostTest, SignalsKeepStackStormsStatuses) {
  EXPECT_EQ(run(command("kill -TERM $$")).status, ExecutionStatus::kAbandoned);
  EXPECT_EQ(run(command("kill -KILL $$")).status, ExecutionStatus::kTimeout);
  EXPECT_EQ(run(command("kill -HUP $$")).result.get("return_code"), Value(-1));
}

TEST_F(RunnerHostTest, AScriptThatLeavesChildrenStillEnds) {
  file("actions/leave.sh", "#!/bin/sh\nsleep 1000 &\necho $!\n");
  ActionRequest asked = request("local-shell-script");
  asked.entry_point = "leave.sh";
  const ActionOutcome done = run(std::move(asked));
  EXPECT_EQ(done.status, ExecutionStatus::kSucceeded);
  ASSERT_TRUE(done.result.get("stdout").is_int());
}

TEST_F(RunnerHostTest, AScriptGetsItsArgumentsUntouched) {
  file("actions/show.sh", "for a in \"$@\"; do printf '<%s>' \"$a\"; done\n");  // no first line "#!": as sh would
  ActionRequest asked = request("local-shell-script");
  asked.entry_point = "show.sh";
  asked.action_schema = Value::object({{"p", Value::object({{"position", 0}, {"type", "string"}})}});
  asked.parameters = Value::object({{"a", "b; rm -rf /tmp/none"}, {"p", "$(id) 'x'"}});
  EXPECT_EQ(run(std::move(asked)).result.get("stdout").text_or(""), "<--a=b; rm -rf /tmp/none><$(id) 'x'>");
}

TEST_F(RunnerHostTest, MissingAndUnusableScriptsAreNamed) {
  ActionRequest asked = request("local-shell-script");
  EXPECT_EQ(error(run(asked)), "Missing entry_point action metadata attribute");
  asked.entry_point = "scripts/x.sh";
  EXPECT_EQ(error(run(asked)), directory_ + "/pack/actions/scripts/x.sh: no such file");
  file("actions/plain.sh", "#!/bin/sh\n", 0644);
  asked.entry_point = "plain.sh";
  const std::string path = directory_ + "/pack/actions/plain.sh";
  EXPECT_EQ(error(run(asked)), path + ": not executable (chmod +x " + path + ")");
  asked.entry_point = "../../etc/x";
  EXPECT_EQ(error(run(asked)), "entry_point '../../etc/x': it must stay inside the pack");
}

TEST_F(RunnerHostTest, AGigabyteOfOutputIsKeptApart) {
  const ActionOutcome done = run(command("yes | head -c 1G"));
  EXPECT_EQ(done.status, ExecutionStatus::kSucceeded);
  EXPECT_EQ(done.result.get("stdout").size(), (1u << 20) - 1) << "without its last newline";
  const std::string note = done.result.get("stdout_note").text_or("");
  EXPECT_TRUE(note.starts_with("1073741824 bytes, the first 1048576 are shown, the first 67108864 are in " +
                               directory_ + "/spill/"))
      << note;
  EXPECT_LE(output().size(), 1u << 20);
}

TEST_F(RunnerHostTest, WrongParametersAreNamed) {
  ActionRequest asked = command("true");
  asked.runner_parameters = with_member(asked.runner_parameters, "timeout", -1);
  EXPECT_EQ(error(run(asked)), "timeout: it must be 1 to 2592000 seconds");
  asked = command("true");
  asked.runner_parameters = with_member(asked.runner_parameters, "env", "A=b");
  EXPECT_EQ(error(run(asked)), "env: it must be an object of names and values");
  asked = command("true");
  asked.runner_parameters = with_member(asked.runner_parameters, "cwd", "/no/such");
  EXPECT_EQ(error(run(asked)), "/no/such: no such directory to run in");
}

TEST_F(RunnerHostTest, APythonActionGetsWhatStackStormGivesIt) {
  file("lib/helper.py", "WORD = 'from lib'\n");
  ActionRequest asked = python(R"(
import os
from st2common.runners.base_action import Action
import helper

class Act(Action):
    def run(self, a, b=2):
        print("hello")
        self.logger.info("logged %s", a)
        return {"a": a, "b": b, "lib": helper.WORD, "config": self.config["key"], "cwd": os.getcwd(),
                "token": os.environ["ST2_AUTH_TOKEN"], "url": os.environ["ST2_API_URL"]}
)",
                               Value::object({{"a", "é"}}));
  asked.config = Value::object({{"key", "value"}});
  const ActionOutcome done = run(std::move(asked));
  EXPECT_EQ(done.status, ExecutionStatus::kSucceeded) << text(done);
  EXPECT_EQ(done.result.get("stdout"), Value("hello\n"));
  EXPECT_EQ(done.result.get("stderr"), Value("st2.actions.python.Act: INFO     logged é\n"));
  EXPECT_EQ(done.result.get("exit_code"), Value(0));
  EXPECT_EQ(to_json(done.result.get("result")), R"({"a":"é","b":2,"lib":"from lib","config":"value","cwd":")" +
                                                    directory_ +
                                                    R"(/pack","token":"t0ken","url":"http://127.0.0.1:1/api/v1"})");
}

TEST_F(RunnerHostTest, ATupleSaysWhetherAPythonActionSucceeded) {
  const ActionOutcome failed =
      run(python("class A:\n  def __init__(self, config): pass\n  def run(self):\n    return (False, [1])\n"));
  EXPECT_EQ(failed.status, ExecutionStatus::kFailed) << "duck typed, and of the time before action services";
  EXPECT_EQ(to_json(failed.result.get("result")), "[1]");
  EXPECT_EQ(
      run(python("class A:\n  def __init__(self, config): pass\n  def run(self):\n    return (True, 1)\n")).status,
      ExecutionStatus::kSucceeded);
  const ActionOutcome odd =
      run(python("class A:\n  def __init__(self, config): pass\n  def run(self):\n    return (1, 2)\n"));
  EXPECT_EQ(odd.status, ExecutionStatus::kFailed);
  EXPECT_EQ(odd.result.get("exit_code"), Value(220));
  EXPECT_TRUE(
      error(odd).starts_with("Status returned from the action run() method must either be True or False, got: 1"));
}

TEST_F(RunnerHostTest, AnExceptionFailsAPythonActionWithItsTraceback) {
  const ActionOutcome done =
      run(python("from st2common.runners.base_action import Action\n"
                 "class A(Action):\n  def run(self):\n    raise KeyError('gone')\n"));
  EXPECT_EQ(done.status, ExecutionStatus::kFailed);
  EXPECT_EQ(done.result.get("exit_code"), Value(1));
  EXPECT_EQ(done.result.get("result"), Value("None"));
  EXPECT_NE(done.result.get("stderr").text_or("").find("KeyError: 'gone'"), std::string::npos);
}

TEST_F(RunnerHostTest, BrokenPythonFilesSaySo) {
  EXPECT_NE(run(python("class A(:\n")).result.get("stderr").text_or("").find("Failed to load action class from file"),
            std::string::npos);
  EXPECT_NE(
      run(python("x = 1\n")).result.get("stderr").text_or("").find("has no action class or the file doesn't exist."),
      std::string::npos);
  ActionRequest asked = request("python-script");
  asked.entry_point = "gone.py";
  EXPECT_EQ(error(run(std::move(asked))), directory_ + "/pack/actions/gone.py: no such file, or it may not be read");
}

TEST_F(RunnerHostTest, APythonResultIsNotLostBehindItsOutput) {
  const ActionOutcome done = run(
      python("from st2actions.runners.pythonrunner import Action\n"
             "class A(Action):\n  def run(self, big):\n"
             "    print('x' * 3000000)\n    return {'big': big, 'nan': float('nan'), 'odd': self.__class__.__name__}\n",
             Value::object({{"big", std::string(500'000, 'y')}})));
  EXPECT_EQ(done.status, ExecutionStatus::kSucceeded);
  EXPECT_EQ(done.result.get("result").get("big").size(), 500'000u);
  EXPECT_TRUE(done.result.get("result").get("nan").is_null());
  EXPECT_NE(done.result.get("stdout_note").text_or(""), "");
}

TEST_F(RunnerHostTest, AMissingConfigurationKeyIsExplained) {
  const ActionOutcome done =
      run(python("from st2common.runners.base_action import Action\n"
                 "class A(Action):\n  def run(self):\n    return self.config['host']\n"));
  EXPECT_NE(done.result.get("stderr").text_or("").find(R"(Config for pack "pack" is missing key "host")"),
            std::string::npos);
}

TEST_F(RunnerHostTest, APythonActionTimesOut) {
  ActionRequest asked =
      python("import time\nclass A:\n  def __init__(self, config): pass\n  def run(self):\n    time.sleep(1000)\n");
  asked.runner_parameters = Value::object({{"timeout", 1}});
  const ActionOutcome done = run(std::move(asked));
  EXPECT_EQ(done.status, ExecutionStatus::kTimeout);
  EXPECT_EQ(error(done), "Action failed to complete in 1 seconds");
}

TEST_F(RunnerHostTest, AnHttpRequestThatCannotConnectFails) {
  EXPECT_EQ(error(run(request("http-request", Value::object({{"url", "http://127.0.0.1:1/"}})))),
            "127.0.0.1:1: cannot connect: Connection refused");
  EXPECT_EQ(error(run(request("http-request", Value::object({{"url", "not a url"}})))),
            "address: it must begin with http:// or https://");
  EXPECT_EQ(error(run(request("http-request",
                              Value::object({{"url", "http://a/"}, {"url_hosts_blacklist", Value::array({"A"})}})))),
            R"(URL "http://a/" is blacklisted)");
}

// A server of Python's standard library that shows what it was asked, started as an action.
TEST_F(RunnerHostTest, AnHttpRequestSendsAndParsesJson) {
  file("actions/serve.py", R"(
import http.server, json, sys
class Echo(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        shown = {k: self.headers[k] for k in ("Authorization", "Cookie", "X-Stanley-Action", "X-A") if k in self.headers}
        text = json.dumps({"path": self.path, "body": body, "headers": shown}).encode()
        self.send_response(418 if "tea" in self.path else 201)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Echo)
print("port", server.server_port, "end", flush=True)
server.serve_forever()
)");
  const ActionRequest server = command("exec /usr/bin/python3 -I " + directory_ + "/pack/actions/serve.py");
  host().start(server);
  wait_for_output("end\n");
  const std::string shown = output();
  const std::string base = "http://127.0.0.1:" + shown.substr(5, shown.find(" end") - 5);

  ActionRequest asked = request(
      "http-request", Value::object({{"url", base + "/a?x=1"},
                                     {"headers", Value::object({{"content-type", "application/json"}, {"X-A", "b"}})},
                                     {"cookies", Value::object({{"c", "d"}})},
                                     {"username", "Aladdin"},
                                     {"password", "open sesame"}}));
  asked.parameters = Value::object({{"body", R"( {"k" : [1]} )"}, {"params", Value::object({{"y", "z w"}})}});
  const ActionOutcome done = run(asked);
  EXPECT_EQ(done.status, ExecutionStatus::kSucceeded) << text(done);
  EXPECT_EQ(done.result.get("status_code"), Value(201));
  EXPECT_EQ(done.result.get("parsed"), Value(true));
  EXPECT_EQ(
      to_json(done.result.get("body")),
      R"({"path":"/a?x=1&y=z%20w","body":"{\"k\":[1]}","headers":{"Authorization":"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",)"
      R"("Cookie":"c=d","X-Stanley-Action":"pack.act","X-A":"b"}})");
  EXPECT_EQ(done.result.get("headers").get("Content-Type"), Value("application/json; charset=utf-8"));

  asked = request("http-request", Value::object({{"url", base + "/tea"}}));
  asked.parameters = Value::object({{"body", Value::object({{"a", "b c"}})}});
  const ActionOutcome refused = run(asked);
  EXPECT_EQ(refused.status, ExecutionStatus::kFailed) << "418 is not a success";
  EXPECT_EQ(refused.result.get("body").get("body"), Value("a=b%20c"));
  host().cancel(server.execution);
  EXPECT_EQ(outcome().status, ExecutionStatus::kCanceled);
}

TEST_F(RunnerHostTest, CancelBeforeTheStartEndsToo) {
  const ActionRequest asked = command("sleep 1000");
  host().start(asked);
  host().cancel(asked.execution);
  host().cancel(asked.execution);
  EXPECT_EQ(outcome().status, ExecutionStatus::kCanceled);
  EXPECT_EQ(host().running_count(), 0u);
}

TEST_F(RunnerHostTest, StopEndsWhatRunsAndReportsNothing) {
  host().start(command("echo up; sleep 1000"));
  wait_for_output("up\n");
  host().stop(kPatience);
  EXPECT_EQ(host().running_count(), 0u);
  host().start(command("echo more"));
  EXPECT_EQ(host().running_count(), 0u);
}

TEST_F(RunnerHostTest, ManyActionsRunSideBySide) {
  for (int i = 0; i < 60; ++i) host().start(i % 2 == 0 ? command("echo hi") : request("noop"));
  for (int i = 0; i < 60; ++i) EXPECT_EQ(outcome().status, ExecutionStatus::kSucceeded);
}

}  // namespace
}  // namespace midwatch::runners
