#!/usr/bin/python3
"""Gate 2: each #include in src/ is of the module itself or of a dependency that it declares.

usage: lint_includes.py [--root DIR] [--graph build/*/module_graph.txt]

A dependency that is reached through another one does not count: it has to be declared. Third-party headers
stay where architecture says, and what knows the world (threads, clocks, files, sockets) stays out of the
layers below 60. Each finding names what to do instead.
"""

import argparse
import pathlib
import re
import sys

from lint_text import Findings, is_test, our_files, read_graph

CORE = 60  # layers below know neither threads, clocks, sockets, files, environment nor randomness
TOP = 'midwatch'  # main: wires everything, so it may include everything

# Headers that are of use only inside their module: they may show what they wrap, and nobody else includes them.
# Headers named x_internal.h and those in internal/ are private without being listed.
PRIVATE_HEADERS = {'codec/yaml_events.h'}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(<[^>\n]+>|"[^"\n]+")', re.MULTILINE)


def is_private(header):
    return header in PRIVATE_HEADERS or header.endswith('_internal.h') or '/internal/' in header


class Fence:
    """A third-party header: which modules may include it (None: any), from which layer on, in headers too?"""

    def __init__(self, pattern, why, modules=None, layer=0, headers=False, tests=False):
        self.pattern = re.compile(pattern)
        self.why, self.modules, self.layer, self.headers, self.tests = why, modules, layer, headers, tests

    def refuses(self, module, layer, path, test):
        if test:
            return not (self.tests or self._allows_module(module, layer))
        if path.suffix == '.h' and not self.headers and not is_private(f'{module}/{path.name}'):
            return True
        return not self._allows_module(module, layer)

    def _allows_module(self, module, layer):
        return (self.modules is None or module in self.modules) and layer >= self.layer


FENCES = [
    Fence(r'sqlite3', 'only .cc files of store_sqlite; use ports/store.h', modules={'store_sqlite'}),
    Fence(r'boost/beast', 'only .cc files of httpd and aio; use aio/http_client.h or api/http.h',
          modules={'httpd', 'aio'}, layer=CORE),
    Fence(r'boost/json|nlohmann/', 'only bench/; use codec/json.h', modules=set()),
    Fence(r'boost/(asio|system)', 'only layers from 60 on; take time and results as arguments', layer=CORE, headers=True),
    Fence(r'simdjson', 'only .cc files of codec; use codec/json.h', modules={'codec'}),
    Fence(r'yaml\.h|yaml-cpp/', 'only .cc files of codec; use codec/yaml.h', modules={'codec'}),
    Fence(r're2/|pcre2', 'only .cc files: hide it behind a class'),
    Fence(r'openssl/|zlib\.h|zstd\.h|xxhash\.h', 'only .cc files: hide it behind a function'),
    Fence(r'CLI/', 'only cli and midwatch', modules={'cli', TOP}),
    Fence(r'gtest/|gmock/', 'only tests (x_test.cc, test_x.h)', modules=set(), tests=True),
    Fence(r'benchmark/', 'only bench/', modules=set()),
]

# What a core module must not include, and what it does instead.
WORLD = [
    (re.compile(r'(thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token|pthread\.h)'),
     'the core has no threads or locks; send values through base/bounded_queue.h'),
    (re.compile(r'(filesystem|fstream|fcntl\.h|unistd\.h|dirent\.h|glob\.h|sys/(stat|file|mman|uio|types|wait|ioctl)\.h)'),
     'the core has no files or processes; take the text as an argument'),
    (re.compile(r'(sys/(socket|un|epoll|eventfd|select)\.h|netinet/.*|arpa/.*|netdb\.h|poll\.h)'),
     'the core has no sockets; that is layer 60 and above'),
    (re.compile(r'(random|sys/random\.h)'), 'the core has no randomness of its own; take the seed or the generator as an argument'),
    (re.compile(r'(ctime|time\.h|sys/time\.h)'), 'the core reads no clock; take an Instant (base/time.h)'),
    (re.compile(r'(iostream|csignal|signal\.h|spawn\.h)'), 'the core does no input or output; return a value or use base/log.h'),
    (re.compile(r'(coroutine)'), 'coroutines begin at layer 60'),
]
# The two places where base serves threads.
WORLD_ALLOWED = {('base/bounded_queue.h', 'mutex'), ('base/bounded_queue.h', 'condition_variable'), ('base/log.cc', 'mutex')}


class Linter:
    def __init__(self, root, modules):
        self.root, self.modules = root, modules
        self.findings = Findings(root)
        self.undeclared = set()

    def run(self):
        files = our_files(self.root, 'src')
        for path in files:
            self.check_file(path)
        return self.findings.report('includes', len(files))

    def check_file(self, path):
        inside = path.relative_to(self.root / 'src')
        if len(inside.parts) < 2:
            self.findings.add(path, 1, 'sources live in src/<module>/')
            return
        module = inside.parts[0]
        if module not in self.modules and module != TOP:
            if module not in self.undeclared:
                self.findings.add(path, 1, f'module {module} is not declared: mw_module() in src/{module}/CMakeLists.txt '
                                           'and a line in src/CMakeLists.txt')
            self.undeclared.add(module)
            return
        text = path.read_text()
        own = f'{module}/{path.stem}.h'
        seen_ours = False  # after the first line, which may name the header that this file implements or tests
        for index, match in enumerate(INCLUDE.finditer(text)):
            line = text.count('\n', 0, match.start()) + 1
            name = match.group(1)[1:-1]
            if match.group(1)[0] == '"':
                if name != own:
                    seen_ours = seen_ours or index != 0
                elif path.suffix == '.cc' and index != 0:
                    self.findings.add(path, line, f'"{name}" comes first: that proves that it needs nothing before it')
                self.check_ours(path, line, module, name)
            else:
                if seen_ours:
                    self.findings.add(path, line, f'<{name}> goes before our own headers: own header, std, third party, ours')
                self.check_foreign(path, line, module, name)
        if path.suffix == '.cc' and path.with_suffix('.h').exists() and f'"{own}"' not in text:
            self.findings.add(path, 1, f'its own header is not included: #include "{own}" first')

    def check_ours(self, path, line, module, name):
        parts = name.split('/')
        if len(parts) < 2:
            self.findings.add(path, line, f'"{name}": write the module too: "{module}/{name}"')
            return
        other = parts[0]
        if other not in self.modules and other != module:
            self.findings.add(path, line, f'"{name}": there is no module {other}; other headers go in <>')
        elif module not in (other, TOP):
            declared = self.modules[module]
            test = is_test(path, declared)
            if is_private(name):
                self.findings.add(path, line, f'"{name}" is internal to {other}; use its public headers')
            elif other not in declared.deps and not (test and other in declared.test_deps):
                where = 'TEST_DEPS' if test else 'DEPS'
                self.findings.add(path, line, f'"{name}": {module} does not declare {other}; add it to {where} in '
                                              f'src/{module}/CMakeLists.txt or do without (layers only go down)')

    def check_foreign(self, path, line, module, name):
        layer = self.modules[module].layer if module in self.modules else 90
        test = is_test(path, self.modules.get(module))
        for fence in FENCES:
            if fence.pattern.match(name) and fence.refuses(module, layer, path, test):
                self.findings.add(path, line, f'<{name}>: {fence.why}')
        inside = str(path.relative_to(self.root / 'src'))
        if layer < CORE and not test and (inside, name) not in WORLD_ALLOWED:
            for pattern, instead in WORLD:
                if pattern.fullmatch(name):
                    self.findings.add(path, line, f'<{name}> below layer {CORE}: {instead}')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--root', type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument('--graph', type=pathlib.Path)
    options = parser.parse_args()
    root = options.root.resolve()
    return Linter(root, read_graph(root, options.graph)).run()


if __name__ == '__main__':
    sys.exit(main())
