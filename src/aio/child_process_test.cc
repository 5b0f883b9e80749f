#include "aio/child_process.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace midwatch::aio {
namespace {

using namespace std::chrono_literals;
using End = ChildResult::End;

constexpr auto kPatience = 60s;
constexpr const char* kPath = "/usr/local/bin:/usr/bin:/bin";

// Real processes, started on a runtime of its own; every wait has a deadline.
class ChildProcessTest : public testing::Test {
 protected:
  ChildProcessTest() {
    std::string name = (std::filesystem::temp_directory_path() / "midwatch-child-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~ChildProcessTest() override {
    runtime_.stop();
    std::filesystem::remove_all(directory_);
  }

  static ChildOptions shell(std::string script) {
    return {.argv = {"/bin/sh", "-c", std::move(script)}, .environment = {{"PATH", kPath}}};
  }

  struct Running {
    std::shared_ptr<ChildProcess> process;
    std::future<ChildResult> result;
  };
  Running start(ChildOptions options, std::move_only_function<void(ChildStream, std::string_view)> on_output = {}) {
    auto promise = std::make_shared<std::promise<ChildResult>>();
    Running running{nullptr, promise->get_future()};
    auto process = ChildProcess::start(
        runtime_, std::move(options),
        {.on_output = std::move(on_output), .on_end = [promise](ChildResult r) { promise->set_value(std::move(r)); }});
    EXPECT_TRUE(process.has_value()) << process.error().to_string();
    if (process) running.process = std::move(*process);
    return running;
  }
  static ChildResult wait(Running running) {
    if (running.result.wait_for(kPatience) != std::future_status::ready) {
      ADD_FAILURE() << "the child did not end";
      std::abort();
    }
    return running.result.get();
  }
  ChildResult run(ChildOptions options) { return wait(start(std::move(options))); }

  std::string error_of(ChildOptions options) {
    auto process = ChildProcess::start(runtime_, std::move(options), {.on_end = [](ChildResult) {}});
    EXPECT_FALSE(process.has_value());
    return process ? "" : process.error().to_string();
  }
  std::string file(const std::string& name, const std::string& text, int mode) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), static_cast<mode_t>(mode));
    return path;
  }

  Runtime runtime_;
  std::string directory_;
};

bool is_alive(int pid) { return ::kill(pid, 0) == 0; }

// A killed orphan is reaped by init (or nobody, in a bare container): a zombie counts as gone.
bool is_gone(int pid) {
  if (!is_alive(pid)) return true;
  std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(status)), {});
  return text.find(") Z ") != std::string::npos;
}
bool becomes_gone(int pid) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!is_gone(pid)) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST_F(ChildProcessTest, ReportsExitCodeAndBothStreams) {
  const ChildResult result = run(shell("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(result.end, End::kExited);
  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(result.out.text, "out\n");
  EXPECT_EQ(result.err.text, "err\n");
  EXPECT_FALSE(result.leftovers_killed);
}

TEST_F(ChildProcessTest, SeesOnlyTheEnvironmentItIsGiven) {
  ::setenv("MIDWATCH_TEST_LEAK", "1", 1);
  ChildOptions options{.argv = {"/usr/bin/env"}, .environment = {{"A", "x y"}, {"PATH", kPath}}};
  EXPECT_EQ(run(options).out.text, "A=x y\nPATH=" + std::string(kPath) + "\n");
}

TEST_F(ChildProcessTest, SeesNoDescriptorOfOurs) {
  const int leak = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC, as a careless library opens it
  ASSERT_GE(leak, 3);
  ChildOptions options{.argv = {"/bin/ls", "/proc/self/fd"}, .environment = {}};
  options.inputs.push_back({.fd = 5, .text = Secret("s")});
  EXPECT_EQ(run(options).out.text, "0\n1\n2\n3\n5\n") << "3 is ls reading the directory";
  ::close(leak);
}

TEST_F(ChildProcessTest, ReadsStdinAndSecretsFromDescriptors) {
  ChildOptions options = shell("cat; cat <&3");
  options.inputs.push_back({.fd = 0, .text = Secret("in ")});
  options.inputs.push_back({.fd = 3, .text = Secret("secret")});
  EXPECT_EQ(run(options).out.text, "in secret");
}

TEST_F(ChildProcessTest, AReportComesApartFromTheOutput) {
  ChildOptions options = shell("echo out; echo report >&4; head -c 100000 /dev/zero >&4");
  options.report_fd = 4;
  options.report_bytes_max = 1000;
  const ChildResult result = run(options);
  EXPECT_EQ(result.out.text, "out\n");
  EXPECT_TRUE(result.report.text.starts_with("report\n"));
  EXPECT_EQ(result.report.text.size(), 1000u);
  EXPECT_EQ(result.report.bytes_total, 100007u);
  EXPECT_FALSE(result.report.is_whole());
}

TEST_F(ChildProcessTest, AnInputLargerThanAPipeIsWrittenWhole) {
  ChildOptions options = shell("wc -c");
  options.inputs.push_back({.fd = 0, .text = Secret(std::string(3'000'000, 'x'))});
  EXPECT_EQ(run(options).out.text, "3000000\n");
}

TEST_F(ChildProcessTest, AChildThatDoesNotReadItsInputIsNoProblem) {
  ChildOptions options = shell("exit 0");
  options.inputs.push_back({.fd = 0, .text = Secret(std::string(3'000'000, 'x'))});
  EXPECT_EQ(run(options).code, 0);
}

TEST_F(ChildProcessTest, RunsInItsDirectoryAndItsOwnSession) {
  ChildOptions options = shell("pwd; ps -o sid= -p $$ 2>/dev/null || cut -d' ' -f6 /proc/$$/stat; echo $$");
  options.cwd = directory_;
  const ChildResult result = run(options);
  const std::string pid = result.out.text.substr(result.out.text.rfind('\n', result.out.text.size() - 2) + 1);
  EXPECT_TRUE(result.out.text.starts_with(directory_ + "\n"));
  EXPECT_NE(result.out.text.find(pid), result.out.text.rfind(pid)) << result.out.text;
}

TEST_F(ChildProcessTest, StreamsOutputWhileItRuns) {
  auto first = std::make_shared<std::promise<std::string>>();
  auto seen = first->get_future();
  ChildOptions options = shell("echo ready; cat <&3 >/dev/null; kill -STOP $$");
  options.inputs.push_back({.fd = 3, .text = Secret("x")});
  Running running =
      start(options, [first](ChildStream, std::string_view chunk) { first->set_value(std::string(chunk)); });
  ASSERT_EQ(seen.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(seen.get(), "ready\n");
  EXPECT_EQ(running.result.wait_for(0s), std::future_status::timeout) << "it is still there";
  running.process->cancel();
  EXPECT_EQ(wait(std::move(running)).end, End::kCanceled);
}

TEST_F(ChildProcessTest, AMissingProgramIsNamed) {
  EXPECT_EQ(error_of({.argv = {"scripts/x.sh"}}), "scripts/x.sh: no such file");
  EXPECT_EQ(error_of({.argv = {"no-such-program-at-all"}}), "no-such-program-at-all: no such program in PATH");
  EXPECT_EQ(error_of({.argv = {}}), "no program to run");
}

TEST_F(ChildProcessTest, AFileThatMayNotBeRunSaysHowToMendIt) {
  const std::string path = file("x.sh", "#!/bin/sh\n", 0644);
  EXPECT_EQ(error_of({.argv = {path}}), path + ": not executable (chmod +x " + path + ")");
  EXPECT_EQ(error_of({.argv = {directory_ + "/"}}), directory_ + "/: not a file");
}

TEST_F(ChildProcessTest, AMissingInterpreterIsNotTakenForAMissingScript) {
  const std::string path = file("x.sh", "#!/no/such/shell\n", 0755);
  EXPECT_EQ(error_of({.argv = {path}}), path + ": the interpreter of its first line was not found");
  const std::string plain = file("plain", "echo hi\n", 0755);
  EXPECT_EQ(error_of({.argv = {plain}}), plain + ": not a program: its first line should be like #!/bin/sh");
}

TEST_F(ChildProcessTest, AMissingDirectoryIsNamed) {
  ChildOptions options = shell("true");
  options.cwd = directory_ + "/gone";
  EXPECT_EQ(error_of(options), directory_ + "/gone: no such directory to run in");
}

TEST_F(ChildProcessTest, WhatASystemCannotPassIsRefused) {
  EXPECT_NE(error_of({.argv = {"/bin/echo", std::string("a\0b", 3)}}).find("NUL"), std::string::npos);
  EXPECT_NE(error_of({.argv = {"/bin/echo"}, .environment = {{"A=B", "c"}}}).find("not a name"), std::string::npos);
  EXPECT_NE(error_of({.argv = {"/bin/echo", std::string(4u << 20, 'x')}}).find("too large"), std::string::npos);
}

TEST_F(ChildProcessTest, ATimeoutEndsTheWholeGroup) {
  ChildOptions options = shell("sh -c 'echo $$; sleep 1000' & wait");
  options.timeout = 300ms;
  const ChildResult result = run(options);
  EXPECT_EQ(result.end, End::kTimedOut);
  ASSERT_FALSE(result.out.text.empty());
  EXPECT_TRUE(becomes_gone(std::stoi(result.out.text)));
}

TEST_F(ChildProcessTest, OneThatIgnoresSigtermIsKilled) {
  ChildOptions options = shell("trap '' TERM; echo ready; while :; do sleep 1000; done");
  options.timeout = 200ms;
  options.term_grace = 200ms;
  const ChildResult result = run(options);
  EXPECT_EQ(result.end, End::kTimedOut);
  EXPECT_EQ(result.code, SIGKILL);
  EXPECT_EQ(result.out.text, "ready\n") << "what it wrote before is kept";
}

TEST_F(ChildProcessTest, CancelIsPoliteFirst) {
  auto ready = std::make_shared<std::promise<void>>();
  Running running = start(shell("trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.01; done"),
                          [ready, said = false](ChildStream, std::string_view) mutable {
                            if (!std::exchange(said, true)) ready->set_value();
                          });
  ASSERT_EQ(ready->get_future().wait_for(kPatience), std::future_status::ready);
  running.process->cancel();
  running.process->cancel();
  const ChildResult result = wait(std::move(running));
  EXPECT_EQ(result.end, End::kCanceled);
  EXPECT_EQ(result.code, 7);
  EXPECT_EQ(result.out.text, "ready\nbye\n");
}

TEST_F(ChildProcessTest, ADeathBySignalIsTold) {
  const ChildResult result = run(shell("kill -SEGV $$"));
  EXPECT_EQ(result.end, End::kSignaled);
  EXPECT_EQ(result.code, SIGSEGV);
}

TEST_F(ChildProcessTest, LeftChildrenThatHoldTheStreamsAreKilled) {
  ChildOptions options = shell("sleep 1000 & echo $!; exit 4");
  options.orphan_grace = 100ms;
  const ChildResult result = run(options);
  EXPECT_EQ(result.end, End::kExited);
  EXPECT_EQ(result.code, 4);
  EXPECT_TRUE(result.leftovers_killed);
  EXPECT_TRUE(becomes_gone(std::stoi(result.out.text)));
}

TEST_F(ChildProcessTest, ABackgroundProcessThatLetGoOfTheStreamsIsLeftAlone) {
  const ChildResult result = run(shell("sleep 1000 >/dev/null 2>&1 & echo $!"));
  EXPECT_FALSE(result.leftovers_killed);
  const int pid = std::stoi(result.out.text);
  EXPECT_TRUE(is_alive(pid));
  ::kill(pid, SIGKILL);
}

TEST_F(ChildProcessTest, ADaemonThatKeepsTheStreamsDoesNotKeepUsWaiting) {
  ChildOptions options = shell("setsid sh -c 'echo $$; exec sleep 1000' & wait $! & sleep 0.2; exit 0");
  options.orphan_grace = 100ms;
  const ChildResult result = run(options);
  EXPECT_EQ(result.code, 0);
  const int pid = std::stoi(result.out.text);
  EXPECT_TRUE(is_alive(pid)) << "it left the group: it is not ours to kill";
  ::kill(pid, SIGKILL);
}

TEST_F(ChildProcessTest, AGigabyteOfOutputFillsNeitherMemoryNorDisk) {
  ChildOptions options = shell("yes | head -c 1G; echo done >&2");
  options.spill_path = directory_ + "/spill";
  const ChildResult result = run(options);
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.err.text, "done\n") << "it was never blocked";
  EXPECT_EQ(result.out.bytes_total, 1u << 30);
  EXPECT_EQ(result.out.text.size(), 1u << 20);
  EXPECT_EQ(result.out.spill_bytes, 64u << 20);
  EXPECT_EQ(result.out.spill_path, directory_ + "/spill.stdout");
  EXPECT_EQ(std::filesystem::file_size(result.out.spill_path), 64u << 20);
  EXPECT_FALSE(result.out.is_whole());
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/spill.stderr")) << "that one was short";
}

TEST_F(ChildProcessTest, TheSpillFileHoldsTheOutputFromItsFirstByte) {
  ChildOptions options = shell("seq 1 1000");
  options.output_bytes_max = 100;
  options.spill_path = directory_ + "/spill";
  const ChildResult result = run(options);
  EXPECT_EQ(result.out.text.size(), 100u);
  std::ifstream spilled(result.out.spill_path);
  const std::string text((std::istreambuf_iterator<char>(spilled)), {});
  EXPECT_EQ(text.size(), result.out.bytes_total);
  EXPECT_TRUE(text.starts_with(result.out.text));
  EXPECT_TRUE(text.ends_with("\n999\n1000\n"));
}

TEST_F(ChildProcessTest, ASpillFileThatCannotBeMadeIsReportedAndTheChildGoesOn) {
  ChildOptions options = shell("seq 1 100000");
  options.output_bytes_max = 100;
  options.spill_path = directory_ + "/gone/spill";
  const ChildResult result = run(options);
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out.bytes_total, 588895u);
  EXPECT_NE(result.out.spill_error.find("No such file"), std::string::npos) << result.out.spill_error;
  EXPECT_EQ(result.out.spill_path, "");
}

TEST_F(ChildProcessTest, ManyAtOnceAllEnd) {
  std::vector<Running> all;
  for (int i = 0; i < 40; ++i) all.push_back(start(shell("echo " + std::to_string(i))));
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(wait(std::move(all[static_cast<std::size_t>(i)])).out.text, std::to_string(i) + "\n");
  }
}

TEST_F(ChildProcessTest, ARuntimeThatGoesTakesItsChildrenAlong) {
  int pid = 0;
  {
    Runtime runtime;
    auto process = ChildProcess::start(runtime, shell("sleep 1000"), {.on_end = [](ChildResult) {}});
    ASSERT_TRUE(process.has_value());
    pid = (*process)->pid();
    process->reset();
    std::promise<void> begun;
    runtime.post([&begun] { begun.set_value(); });
    ASSERT_EQ(begun.get_future().wait_for(kPatience), std::future_status::ready);
  }
  EXPECT_FALSE(is_alive(pid));
}

}  // namespace
}  // namespace midwatch::aio
