#!/usr/bin/python3
"""Bans (each names its replacement), sizes, and the co_await rule of GCC 12, over all our C++.

usage: lint_source.py [--root DIR] [--graph build/*/module_graph.txt]

Functions longer than FUNCTION_LINES are counted by braces, which is a heuristic. scripts/lint_allow.txt lists
what was longer when a limit came in, with its length: an entry that could be lowered or dropped is a finding
too, so the list only shrinks.
"""

import argparse
import pathlib
import re
import sys

from lint_text import Findings, code_only, is_test, our_files, read_graph

CORE = 60
FILE_LINES = 1000
FUNCTION_LINES = 70

# (what, where it is banned, what to do instead); matched on text without comments and literals.
EVERYWHERE, CORE_ONLY, TESTS_ONLY, HEADERS_ONLY = 'everywhere', 'core', 'tests', 'headers'
BANS = [
    (r'\bstd::regex|\bstd::basic_regex|#\s*include\s*<regex>', EVERYWHERE,
     'std::regex: use RE2, in a .cc file'),
    (r'(?<![\w.>:])(?:std::|::)?(?:system|popen)\s*\(', EVERYWHERE,
     'system() and popen() start a shell: use aio/child_process.h with an argument list'),
    (r'\b(?:strcpy|strcat|sprintf|vsprintf|gets|strtok|tmpnam|mktemp)\s*\(', EVERYWHERE,
     'unbounded or racy C function: use std::string, fmt::format, mkstemp'),
    (r'\b(?:rand|srand)\s*\(', EVERYWHERE, 'rand(): use a seeded generator that is passed in'),
    (r'\bGTEST_SKIP\b|\bDISABLED_\w+', EVERYWHERE, 'a skipped test: make it run or take it out'),
    (r'(?<![\w.>])(?:std::this_thread::)?(?:sleep_for|sleep_until)\s*\(|\b(?:usleep|nanosleep)\s*\(', TESTS_ONLY,
     'a sleep in a test: poll with a deadline, or use virtual time'),
    (r'(?<![\w.>])throw\b', CORE_ONLY, 'throw below layer 60: return Error as Result<T> (base/result.h)'),
    (r'\b(?:system_clock|steady_clock|high_resolution_clock|utc_clock)\b|(?<![\w.>:])(?:std::|::)?(?:time|gettimeofday|clock_gettime|localtime|gmtime|localtime_r)\s*\((?=\s*(?:nullptr|NULL|0|&|CLOCK))',
     CORE_ONLY, 'a clock below layer 60: take an Instant (base/time.h) as an argument'),
    (r'\b(?:std::)?(?:secure_)?getenv\s*\(', CORE_ONLY, 'the environment below layer 60: take the setting as an argument'),
    (r'\bstd::(?:thread|jthread|async|random_device|mt19937(?:_64)?)\b', CORE_ONLY,
     'threads and randomness below layer 60: values in, values out; the seed is an argument'),
    (r'\bco_(?:await|yield)\b', CORE_ONLY, 'a coroutine below layer 60: run to completion'),
    (r'\busing\s+namespace\b', HEADERS_ONLY, 'using namespace in a header: write the names'),
]
BANS = [(re.compile(pattern), where, text) for pattern, where, text in BANS]
WORDS = re.compile(r'\b(?:TODO|FIXME|XXX)\b')  # in comments too


def functions(code):
    """(name, first line, lines) of each function body in text without comments and literals."""
    code = re.sub(r'^[ \t]*#(?:[^\n\\]|\\.|\\\n)*', lambda m: re.sub(r'[^\n]', ' ', m.group()), code, flags=re.MULTILINE)
    found = []
    line = 1
    head_start, head_line = 0, 1  # where the text that leads to the next brace begins
    stack = []  # 'scope' (namespace, class), 'function', 'other' (braces inside a function, initializers)
    inside = 0  # how many functions or initializers we are inside of
    start = None
    for i, c in enumerate(code):
        if c == '\n':
            line += 1
        elif c == '{':
            if inside:
                kind = 'other'
            else:
                head = code[head_start:i].strip()
                kind = _brace_kind(head)
                if kind == 'function':
                    lead = code[head_start:i]
                    start = (_function_name(head), head_line + lead[:len(lead) - len(lead.lstrip())].count('\n'))
            stack.append(kind)
            inside += kind != 'scope'
            if not inside:
                head_start, head_line = i + 1, line
        elif c == '}':
            kind = stack.pop() if stack else 'scope'
            inside -= kind != 'scope'
            if kind == 'function':
                found.append((*start, line - start[1] + 1))
            # After a braced member initializer the head goes on: Foo() : a_{1} { … }
            if not inside and kind != 'other':
                head_start, head_line = i + 1, line
        elif c == ';' and not inside:
            head_start, head_line = i + 1, line
    return found


def _brace_kind(head):
    if re.match(r'(?:inline\s+)?namespace\b|extern\s*""', head):
        return 'scope'
    plain = re.sub(r'template\s*<[^{}]*?>\s*(?=class|struct|union|enum|requires|\w)', '', head)
    plain = re.sub(r'\[\[.*?\]\]|alignas\([^)]*\)', ' ', plain).strip()
    if re.match(r'(?:typedef\s+)?(?:class|struct|union|enum)\b', plain) and not re.search(r'\)\s*(?:const|noexcept|override)?\s*$', plain):
        return 'scope'
    if re.search(r'=\s*$', head) or '(' not in head:
        return 'other'
    if re.search(r'\)\s*(?:const|noexcept(?:\([^)]*\))?|override|final|mutable|&{1,2}|->[^()]*(?:\([^()]*\))?[^()]*|requires\b.*|\s)*$', head, re.DOTALL) or re.search(r'[}\)]\s*$', head):
        return 'function'
    return 'other'


def _function_name(head):
    test = re.match(r'(TEST(?:_[FP])?)\s*\(\s*(\w+)\s*,\s*(\w+)', head)
    if test:
        return f'{test.group(2)}.{test.group(3)}'
    names = re.findall(r'([~\w:]+|operator\s*\S+?)\s*\(', head)
    skip = {'noexcept', 'requires', 'decltype', 'alignas', 'explicit', 'if', 'for', 'while'}
    for name in names:
        if name not in skip:
            return name
    return '?'


def awaits_with_temporaries(code):
    """(line, what) of each full-expression that has co_await and a braced or closure temporary.

    GCC 12 destroys such a temporary twice. Statements are cut at ';' and at the braces of blocks; a block inside
    an expression (the body of a lambda) is a text of its own.
    """
    found = []
    stack = []  # one entry an open bracket: [character, statement of the outside or None]
    statement = _Statement()
    line = 1
    for match in re.finditer(r'\n|\bco_await\b|[A-Za-z_]\w*|[(){}\[\];,=>:&*]|\S', code):
        token = match.group()
        if token == '\n':
            line += 1
            continue
        if token == 'co_await':
            statement.awaits = statement.awaits or line
        elif token == '[':
            if statement.previous in ('(', ',', '=', 'return', 'co_return', 'co_await', '{') and code[match.end():match.end() + 1] != '[':
                captures = code[match.end():code.find(']', match.end())].strip()
                in_call = statement.parens > 0 or statement.previous == 'co_await'
                if captures and in_call and statement.previous != '[':
                    statement.note(line, f'the closure [{captures}]')
            stack.append(['[', None])
        elif token == '>' and statement.previous == '-' and statement.previous_but_one in (')', 'mutable', 'noexcept', 'const'):
            statement.trailing = True
        elif token == '(':
            statement.parens += 1
            statement.trailing = False
            stack.append(['(', None])
        elif token in ')]':
            if stack and stack[-1][0] in '([':
                if stack.pop()[0] == '(':
                    statement.parens -= 1
        elif token == '{':
            if _opens_block(statement):
                if statement.parens == 0 and not statement.in_initializer(stack):
                    statement.finish(found)
                    stack.append(['block', _Statement()])
                else:
                    stack.append(['block', statement])
                statement = _Statement()
            else:
                if statement.parens > 0 or (statement.awaits and statement.previous not in ('=',)):
                    statement.note(line, 'a braced temporary')
                stack.append(['{', None])
        elif token == '}':
            while stack and stack[-1][0] in '([':  # unbalanced by macros: recover
                stack.pop()
            if stack:
                kind, outside = stack.pop()
                if kind == 'block':
                    statement.finish(found)
                    statement = outside
        elif token == ';' and not (stack and stack[-1][0] in '(['):
            statement.finish(found)
            statement = _Statement()
        statement.previous_but_one, statement.previous = statement.previous, token
        if statement.first is None:
            statement.first = token
    return found


class _Statement:
    def __init__(self):
        self.awaits = 0  # line of the first co_await
        self.parens = 0
        self.noted = None
        self.previous = ''
        self.previous_but_one = ''
        self.first = None
        self.trailing = False  # inside "-> type" behind a parameter list

    def note(self, line, what):
        self.noted = self.noted or (line, what)

    @staticmethod
    def in_initializer(stack):
        return any(kind == '{' for kind, _ in stack)

    def finish(self, found):
        if self.awaits and self.noted:
            found.append((self.awaits, self.noted[1]))


def _opens_block(statement):
    if statement.first in ('namespace', 'class', 'struct', 'union', 'enum', 'extern', 'template'):
        return True
    previous = statement.previous
    if statement.trailing and previous != '=':
        statement.trailing = False
        return True
    if previous in (')', ']', '', ';', '{', '}', 'else', 'do', 'try', 'const', 'noexcept', 'mutable', 'override', 'final', ':'):
        return previous != '{' or statement.first == '{' or statement.first is None
    return False


class Linter:
    def __init__(self, root, modules, allowed):
        self.root, self.modules, self.allowed = root, modules, allowed
        self.findings = Findings(root)
        self.used = set()

    def run(self):
        files = our_files(self.root, 'src', 'tests', 'bench', 'fuzz')
        for path in files:
            self.check_file(path)
        for key in sorted(set(self.allowed) - self.used):
            self.findings.add(self.root / 'scripts/lint_allow.txt', self.allowed[key][1],
                              f'{" ".join(key)} is within the limit now: delete the entry')
        return self.findings.report('source', len(files))

    def check_file(self, path):
        text = path.read_text()
        code = code_only(text)
        lines = text.count('\n')
        self.check_size(path, 1, 'file', str(path.relative_to(self.root)), lines, FILE_LINES, 'split it along a seam that its users can name')
        if path.suffix == '.h' and '#pragma once' not in text:
            self.findings.add(path, 1, 'no #pragma once')
        for match in WORDS.finditer(text):
            self.findings.add(path, text.count('\n', 0, match.start()) + 1, f'{match.group()}: do it now, or file an issue')
        parts = path.relative_to(self.root).parts
        module = self.modules.get(parts[1]) if parts[0] == 'src' else None
        test = is_test(path, module) or parts[0] == 'tests'
        self.check_bans(path, code, test, module is not None and module.layer < CORE and not test)
        if not test:  # a test's table of cases is data
            for name, line, length in functions(code):
                self.check_size(path, line, 'function', f'{path.relative_to(self.root)}:{name}', length, FUNCTION_LINES,
                                'a function does one thing: name its parts')
        if 'co_await' in code:
            for line, what in awaits_with_temporaries(code):
                self.findings.add(path, line, f'co_await in one expression with {what}: name it first, then await '
                                              '(GCC 12 destroys it twice)')

    def check_bans(self, path, code, test, core):
        applies = {EVERYWHERE: True, CORE_ONLY: core, TESTS_ONLY: test, HEADERS_ONLY: path.suffix == '.h'}
        for pattern, where, instead in BANS:
            if applies[where]:
                for match in pattern.finditer(code):
                    self.findings.add(path, code.count('\n', 0, match.start()) + 1, instead)

    def check_size(self, path, line, kind, name, length, limit, advice):
        key = (kind, name)
        recorded = self.allowed.get(key, (0, 0))[0]
        if length > max(limit, recorded):
            self.findings.add(path, line, f'{kind} {name.rsplit(":", 1)[-1]} has {length} lines, the limit is {max(limit, recorded)}: {advice}')
        if recorded and length > limit:
            self.used.add(key)
            if length < recorded:
                self.findings.add(self.root / 'scripts/lint_allow.txt', self.allowed[key][1],
                                  f'{kind} {name} has {length} lines now: lower the entry to it')


def read_allowed(path):
    """{(kind, name): (lines, line of the entry)}"""
    allowed = {}
    if path.exists():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            words = line.split('#')[0].split()
            if len(words) == 3:
                allowed[(words[0], words[1])] = (int(words[2]), number)
            elif words:
                sys.exit(f'{path}:{number}: expected: file|function PATH[:NAME] LINES')
    return allowed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--root', type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument('--graph', type=pathlib.Path)
    options = parser.parse_args()
    root = options.root.resolve()
    return Linter(root, read_graph(root, options.graph), read_allowed(root / 'scripts/lint_allow.txt')).run()


if __name__ == '__main__':
    sys.exit(main())
