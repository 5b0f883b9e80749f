#!/usr/bin/python3
"""The gates, tested by breaking them: each rule has an input that it must refuse and one that it must let pass.

ctest runs one class a test: gates_test.py CLASS
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CXX = os.environ.get('MIDWATCH_TEST_CXX', 'clang++-19')
sys.path.insert(0, str(ROOT / 'scripts'))

import lint_source  # noqa: E402
from lint_text import code_only  # noqa: E402


class Tree(unittest.TestCase):
    """A small checkout in a temporary folder."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='midwatch-gates-')
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))

    def run_in(self, *command):
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr


class CMakeTree(Tree):
    """Uses the real cmake/MidwatchModule.cmake on modules of one line."""

    def project(self, *modules):
        self.write('cmake/link_test.cc', (ROOT / 'cmake/link_test.cc').read_text())
        self.write('CMakeLists.txt', f'''
            cmake_minimum_required(VERSION 3.25)
            project(gates LANGUAGES CXX)
            include({ROOT}/cmake/MidwatchModule.cmake)
            add_subdirectory(src)
            mw_write_module_graph()
            ''')
        self.write('src/CMakeLists.txt', ''.join(f'add_subdirectory({name})\n' for name, _ in modules))
        for name, declaration in modules:
            self.write(f'src/{name}/CMakeLists.txt',
                       f'mw_module(NAME {name} {declaration} HEADERS {name}.h SOURCES {name}.cc)\n')
            self.write(f'src/{name}/{name}.h', f'#pragma once\nint {name}();\n')
            self.write(f'src/{name}/{name}.cc', f'#include "{name}/{name}.h"\nint {name}() {{ return 1; }}\n')

    def configure(self):
        return self.run_in('cmake', '-G', 'Ninja', '-B', 'build', f'-DCMAKE_CXX_COMPILER={CXX}', '-DCMAKE_BUILD_TYPE=Debug')

    def build(self, target):
        return self.run_in('ninja', '-C', 'build', target)

    def assert_configures(self):
        code, output = self.configure()
        self.assertEqual(code, 0, output)

    def assert_refused(self, *words):
        code, output = self.configure()
        self.assertNotEqual(code, 0, output)
        output = ' '.join(output.split())  # CMake wraps its messages
        for word in words:
            self.assertIn(word, output)


class LayerGate(CMakeTree):
    """Gate 1: dependencies go to strictly smaller layers."""

    def test_a_smaller_layer_is_accepted_and_recorded(self):
        self.project(('low', 'LAYER 0'), ('mid', 'LAYER 10 DEPS low'), ('high', 'LAYER 20 DEPS low mid TEST_DEPS mid'))
        self.assert_configures()
        graph = (self.root / 'build/module_graph.txt').read_text()
        self.assertEqual([line.split() for line in graph.splitlines()],
                         [['low', '0', '|', '|'], ['mid', '10', 'low', '|', '|'], ['high', '20', 'low', 'mid', '|', 'mid', '|']])

    def test_a_higher_layer_is_refused(self):
        self.project(('high', 'LAYER 20'), ('low', 'LAYER 10 DEPS high'))
        self.assert_refused('mw_module low (layer 10) may not use high (layer 20)', 'strictly smaller layers only')

    def test_the_same_layer_is_refused(self):
        self.project(('left', 'LAYER 20'), ('right', 'LAYER 20 DEPS left'))
        self.assert_refused('mw_module right (layer 20) may not use left (layer 20)')

    def test_the_lowest_layer_is_a_layer_too(self):
        self.project(('one', 'LAYER 0'), ('two', 'LAYER 0 DEPS one'))
        self.assert_refused('mw_module two (layer 0) may not use one (layer 0)')

    def test_an_unknown_module_is_refused(self):
        self.project(('low', 'LAYER 10 DEPS nowhere'),)
        self.assert_refused("dependency 'nowhere' is not declared before it")

    def test_a_module_without_a_layer_is_refused(self):
        self.project(('low', ''),)
        self.assert_refused('LAYER (a number')

    def test_a_misspelt_argument_is_refused(self):
        self.project(('low', 'oops LAYER 10'),)
        self.assert_refused('unknown arguments: oops')


class LinkGate(CMakeTree):
    """Gate 3: a module links whole with only what it declares."""

    def test_declared_symbols_link(self):
        self.project(('low', 'LAYER 0'), ('high', 'LAYER 10 DEPS low'))
        self.write('src/high/high.cc', '#include "low/low.h"\nint high() { return low(); }\n')
        self.assert_configures()
        code, output = self.build('link_tests')
        self.assertEqual(code, 0, output)

    def test_an_undeclared_symbol_does_not_link(self):
        self.project(('low', 'LAYER 0'), ('other', 'LAYER 5'), ('high', 'LAYER 10 DEPS low'))
        # Declared by hand: what no include lint can see.
        self.write('src/high/high.cc', 'int other();\nint high() { return other(); }\n')
        self.assert_configures()
        code, output = self.build('mw_high')
        self.assertEqual(code, 0, output)  # the archive alone does not notice
        code, output = self.build('link_tests')
        self.assertNotEqual(code, 0, output)
        self.assertIn('undefined', output)
        self.assertIn('other()', output)

    def test_a_symbol_that_nothing_calls_is_checked_too(self):
        self.project(('low', 'LAYER 0'),)
        self.write('src/low/low.cc', 'int gone();\nint low() { return 1; }\nint unused() { return gone(); }\n')
        self.assert_configures()
        code, output = self.build('link_low')
        self.assertNotEqual(code, 0, output)
        self.assertIn('gone()', output)


class HeaderGate(CMakeTree):
    """Target `headers`: a header without a source compiles alone."""

    def test_a_header_that_needs_something_before_it_is_refused(self):
        self.project(('low', 'LAYER 0'),)
        self.write('src/low/CMakeLists.txt', 'mw_module(NAME low LAYER 0 HEADERS low.h lonely.h SOURCES low.cc)\n')
        self.write('src/low/lonely.h', '#pragma once\nstd::string name();\n')
        self.assert_configures()
        code, output = self.build('headers')
        self.assertNotEqual(code, 0, output)
        self.assertIn('lonely.h', output)
        self.write('src/low/lonely.h', '#pragma once\n#include <string>\nstd::string name();\n')
        code, output = self.build('headers')
        self.assertEqual(code, 0, output)


class LintTree(Tree):
    GRAPH = '''
        base 0  | |
        value 10 base | |
        codec 15 base value | |
        rules 35 base value | codec | match_test.cc script_reader.cc
        ports 40 base value | |
        aio 60 base | |
        store_sqlite 65 base ports | |
        httpd 65 base aio | |
        '''

    def lint(self, program, files):
        self.write('build/x/module_graph.txt', self.GRAPH)
        for path, text in files.items():
            self.write(path, text)
        return self.run_in(str(ROOT / 'scripts' / program), '--root', str(self.root),
                           '--graph', str(self.root / 'build/x/module_graph.txt'))

    def assert_passes(self, files):
        code, output = self.lint(self.PROGRAM, files)
        self.assertEqual(code, 0, output)

    def assert_finds(self, path, text, *words):
        code, output = self.lint(self.PROGRAM, {path: text})
        self.assertEqual(code, 1, output)
        for word in (path + ':',) + words:
            self.assertIn(word, output)
        (self.root / path).unlink()


class IncludeGate(LintTree):
    """Gate 2: includes are of the module itself or declared, third-party headers stay behind their fences."""
    PROGRAM = 'lint_includes.py'

    def test_declared_and_own_headers_pass(self):
        self.assert_passes({
            'src/rules/match.h': '#pragma once\n#include <string>\n#include "value/value.h"\n',
            'src/rules/match.cc': '#include "rules/match.h"\n\n#include <re2/re2.h>\n\n#include "base/result.h"\n',
            'src/rules/match_test.cc': '#include "rules/match.h"\n\n#include <fstream>\n#include <gtest/gtest.h>\n\n'
                                       '#include "codec/yaml.h"\n',
            'src/base/bounded_queue.h': '#pragma once\n#include <mutex>\n#include <chrono>\n',
            'src/store_sqlite/store.cc': '#include <sqlite3.h>\n\n#include "ports/store.h"\n',
            'src/httpd/session.cc': '#include <boost/beast/http.hpp>\n#include <thread>\n\n#include "aio/runtime.h"\n',
            'src/codec/yaml_internal.h': '#pragma once\n#include <yaml.h>\n',
            'src/rules/script_reader.h': '#pragma once\n#include "codec/yaml.h"\n',
            'src/midwatch/serve.h': '#pragma once\n',
            'src/midwatch/serve.cc': '#include "midwatch/serve.h"\n',
            'src/midwatch/main.cc': '#include "midwatch/serve.h"\n#include "rules/match.h"\n#include "httpd/server.h"\n',
        })

    def test_an_undeclared_dependency_is_found(self):
        self.assert_finds('src/rules/a.cc', '#include "aio/runtime.h"\n', ':1: ', 'rules does not declare aio')
        self.assert_finds('src/rules/a.cc', '#include "codec/json.h"\n', 'rules does not declare codec')

    def test_a_dependency_of_a_dependency_does_not_count(self):
        self.assert_finds('src/store_sqlite/a.cc', '#include "value/value.h"\n', 'store_sqlite does not declare value')

    def test_only_tests_may_use_test_dependencies(self):
        self.assert_finds('src/rules/a.h', '#pragma once\n#include "codec/json.h"\n', 'rules does not declare codec')
        self.assert_finds('src/rules/a_test.cc', '#include "aio/runtime.h"\n', 'add it to TEST_DEPS')

    def test_internal_headers_stay_inside(self):
        self.assert_finds('src/rules/a.cc', '#include "value/value_internal.h"\n', 'internal to value')
        self.assert_finds('src/rules/a.cc', '#include "value/internal/node.h"\n', 'internal to value')

    def test_modules_are_named_and_declared(self):
        self.assert_finds('src/rules/a.cc', '#include "match.h"\n', 'write the module too')
        self.assert_finds('src/rules/a.cc', '#include "nowhere/a.h"\n', 'there is no module nowhere')
        self.assert_finds('src/nowhere/a.cc', 'int x;\n', 'module nowhere is not declared')

    def test_the_order_is_own_std_third_party_ours(self):
        self.assert_finds('src/rules/a.cc', '#include <string>\n#include "rules/a.h"\n', 'comes first')
        self.assert_finds('src/rules/a.cc', '#include "rules/a.h"\n#include "base/x.h"\n#include <string>\n', 'before our own')

    def test_a_source_includes_its_own_header(self):
        self.write('src/rules/a.h', '#pragma once\n')
        self.assert_finds('src/rules/a.cc', 'int x;\n', 'its own header is not included')

    def test_third_party_headers_stay_behind_their_fences(self):
        for path, header, words in [
                ('src/ports/a.cc', 'sqlite3.h', 'only .cc files of store_sqlite'),
                ('src/store_sqlite/a.h', 'sqlite3.h', 'only .cc files of store_sqlite'),
                ('src/store_sqlite/a.cc', 'boost/beast/core.hpp', 'only .cc files of httpd and aio'),
                ('src/httpd/a.h', 'boost/beast/core.hpp', 'only .cc files of httpd and aio'),
                ('src/ports/a.cc', 'boost/asio.hpp', 'layers from 60 on'),
                ('src/rules/a.cc', 'simdjson.h', 'use codec/json.h'),
                ('src/codec/a.h', 'simdjson.h', 'use codec/json.h'),
                ('src/rules/a.cc', 'yaml.h', 'use codec/yaml.h'),
                ('src/rules/a.h', 're2/re2.h', 'only .cc files'),
                ('src/codec/a.cc', 'nlohmann/json.hpp', 'only bench/'),
                ('src/rules/a.cc', 'gtest/gtest.h', 'only tests')]:
            with self.subTest(path=path, header=header):
                self.assert_finds(path, f'#include <{header}>\n', f'<{header}>', words)

    def test_the_core_does_not_include_the_world(self):
        for header in ['thread', 'mutex', 'condition_variable', 'future', 'filesystem', 'fstream', 'unistd.h', 'fcntl.h',
                       'sys/socket.h', 'netinet/in.h', 'netdb.h', 'random', 'ctime', 'iostream', 'coroutine']:
            with self.subTest(header=header):
                self.assert_finds('src/rules/a.cc', f'#include <{header}>\n', f'<{header}> below layer 60')


class SourceGate(LintTree):
    """Bans and sizes."""
    PROGRAM = 'lint_source.py'

    def test_ordinary_code_passes(self):
        self.assert_passes({
            'src/rules/a.h': '#pragma once\nstruct Watch { void stop(int); };  // we throw nothing: system() is banned\n',
            'src/rules/a.cc': 'const char* kText = "throw std::regex system(1) getenv(x) steady_clock";\n'
                              'std::chrono::seconds wait(Watch& w) { w.stop(1); w.system(1); return std::chrono::seconds(1); }\n',
            'src/rules/script_reader.cc': 'void f() { throw 1; }  // listed in TESTS\n',
            'src/aio/a.cc': 'void f() { if (!std::chrono::steady_clock::now().time_since_epoch().count()) throw 1; }\n',
        })

    def test_each_ban_names_what_to_do_instead(self):
        for path, line, words in [
                ('src/aio/a.cc', 'std::regex r("x");', 'use RE2'),
                ('src/aio/a.cc', 'int f() { return std::system("ls"); }', 'aio/child_process.h'),
                ('src/aio/a.cc', 'int f() { return system("ls"); }', 'aio/child_process.h'),
                ('src/aio/a.cc', 'void f(char* p) { sprintf(p, "x"); }', 'fmt::format'),
                ('src/aio/a_test.cc', 'void f() { std::this_thread::sleep_for(1s); }', 'poll with a deadline'),
                ('tests/e2e/a.cc', 'void f() { usleep(10); }', 'poll with a deadline'),
                ('src/aio/a_test.cc', 'TEST(A, DISABLED_B) {}', 'make it run'),
                ('src/aio/a_test.cc', 'TEST(A, B) { GTEST_SKIP(); }', 'make it run'),
                ('src/rules/a.cc', 'void f() { throw 1; }', 'Result<T>'),
                ('src/rules/a.cc', 'auto f() { return std::chrono::system_clock::now(); }', 'take an Instant'),
                ('src/rules/a.cc', 'auto f() { return time(nullptr); }', 'take an Instant'),
                ('src/rules/a.cc', 'auto f() { return std::getenv("HOME"); }', 'take the setting as an argument'),
                ('src/rules/a.cc', 'std::thread worker;', 'values in, values out'),
                ('src/rules/a.cc', 'Task f() { co_await g(); }', 'run to completion'),
                ('src/rules/a.h', '#pragma once\nusing namespace std;', 'write the names'),
                ('src/rules/a.h', 'int f();', 'no #pragma once'),
                ('src/rules/a.cc', '// TO' + 'DO: later', 'do it now'),
                ('src/rules/a.cc', '// FIX' + 'ME', 'do it now')]:
            with self.subTest(line=line):
                self.assert_finds(path, line + '\n', words)

    def test_a_long_file_is_found(self):
        self.assert_finds('src/rules/a.cc', '\n' * 1001, 'has 1001 lines, the limit is 1000')

    def test_a_long_function_is_found(self):
        body = 'int Matcher::long_one(int x) const {\n' + '  x += 1;\n' * 69 + '}\n'
        self.assert_finds('src/rules/a.cc', 'namespace midwatch {\n' + body + '}\n',
                          ':2: function long_one has 71 lines, the limit is 70')
        self.assert_passes({'src/rules/a.cc': body.replace('  x += 1;\n', '', 1)})

    def test_the_allow_list_only_shrinks(self):
        long_one = 'int long_one(int x) {\n' + '  x += 1;\n' * 78 + '}\n'
        entry = 'function src/rules/a.cc:long_one '
        self.write('src/rules/a.cc', long_one)
        self.write('scripts/lint_allow.txt', '# comment\n' + entry + '80\n')
        self.assert_passes({})
        for recorded, words in [('79', 'has 80 lines, the limit is 79'), ('81', 'lower the entry to it')]:
            self.write('scripts/lint_allow.txt', entry + recorded + '\n')
            code, output = self.lint(self.PROGRAM, {})
            self.assertEqual(code, 1, output)
            self.assertIn(words, output)
        self.write('scripts/lint_allow.txt', entry + '80\nfunction src/rules/a.cc:gone 90\n')
        code, output = self.lint(self.PROGRAM, {})
        self.assertEqual(code, 1, output)
        self.assertIn('src/rules/a.cc:gone is within the limit now: delete the entry', output)


class Heuristics(unittest.TestCase):
    """What the lint takes for a function, and for a dangerous co_await."""

    def names(self, text):
        return [(name, length) for name, _, length in lint_source.functions(code_only(textwrap.dedent(text)))]

    def test_functions_are_told_from_classes_tables_and_lambdas(self):
        self.assertEqual(self.names('''\
            #define MACRO(x) \\
              do { x; } while (false)
            namespace midwatch {
            namespace {
            constexpr std::array<int, 2> kTable = {{
                1, 2,
            }};
            struct [[nodiscard]] Error {
              explicit Error(int c) : code(c), list{c, c} {
                check();
              }
              int code = f({1});
              std::vector<int> list{};
            };
            }  // namespace
            template <class T>
              requires std::is_integral_v<T>
            [[nodiscard]] Result<std::vector<T>> parse(std::string_view text) {
              const auto f = [&](int x) { return x; };
              if (text == "}") return {};
              return f(1);
            }
            auto operator==(const A& a, const A& b) -> bool {
              return true;
            }
            TEST(Parse, Fails) {
              EXPECT_TRUE(true);
            }
            }  // namespace midwatch
            '''), [('Error', 3), ('parse', 7), ('operator==', 3), ('Parse.Fails', 3)])

    def awaits(self, text):
        return lint_source.awaits_with_temporaries(code_only(text))

    def test_temporaries_that_gcc_12_destroys_twice_are_found(self):
        for text in ['void f() { co_await g({a, b}); }',
                     'void f() { co_await g(Agg{a, b}); }',
                     'void f() { auto r = co_await g(x, Agg{.x = 1}); }',
                     'void f() { co_await g({}); }',
                     'void f() { co_await g(std::make_unique<Agg>(Agg{1})); }',
                     'void f() { co_await g([x](int y) { return x + y; }); }',
                     'void f() { co_await g([&] { return 1; }); }',
                     'void f() { co_await [x]() -> awaitable<void> { co_return; }(); }',
                     'void f() { h({1}, co_await g()); }',
                     'void f() { if (auto r = co_await g({1}); r) { h(); } }',
                     'void f() { co_return co_await g({1}); }',
                     'void f() { run([] { return g(co_await h({1})); }); }']:
            with self.subTest(text=text):
                self.assertEqual(len(self.awaits(text)), 1, self.awaits(text))

    def test_named_locals_pass(self):
        for text in ['void f() { Agg v{a, b}; co_await g(std::move(v)); }',
                     'void f() { co_await g(make_agg()); }',
                     'void f() { auto [error, size] = co_await g(buffer, kOutcome); }',
                     'void f() { const auto size = co_await g(list[index]); }',
                     'void f() { co_await g([] { return 1; }); }',
                     'void f() { co_spawn(executor, g({a, b}), detached); co_await h(); }',
                     'void f() { if (co_await g()) { h({1}); } else { h(Agg{2}); } }',
                     'void f() { for (;;) { co_await g(); } h({1}); }',
                     'void f() { while (co_await g()) h(); const Agg a{1}; }',
                     'void f() { switch (co_await g()) { case 1: h({1}); } }',
                     'awaitable<Agg> f() { co_await g(); co_return Agg{1}; }',
                     'const auto f = [x]() -> awaitable<void> { co_await g(x); };',
                     'void f() { spawn([this]() -> awaitable<void> { co_await g(); }); }']:
            with self.subTest(text=text):
                self.assertEqual(self.awaits(text), [])


if __name__ == '__main__':
    unittest.main()
